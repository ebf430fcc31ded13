//! Objects as text. Most Canaries rest most of the time, and a tree takes ten times the memory of its text.

use std::sync::{Arc, Mutex, Weak};

use serde_json::Value;

use crate::lock::lock;

/// An object as it is kept between two looks at it.
pub(crate) struct Packed {
    text: Box<str>,
    /// The object, while somebody looks at it.
    tree: Mutex<Weak<Value>>,
}

impl Packed {
    /// The object. Whoever looks at it meanwhile shares it.
    ///
    /// # Errors
    /// None: the text was written here.
    pub(crate) fn unpack(&self) -> Result<Arc<Value>, serde_json::Error> {
        let mut tree = lock(&self.tree);
        if let Some(value) = tree.upgrade() {
            return Ok(value);
        }
        let value = Arc::new(serde_json::from_str(&self.text)?);
        *tree = Arc::downgrade(&value);
        Ok(value)
    }
}

impl From<&Arc<Value>> for Packed {
    fn from(value: &Arc<Value>) -> Self {
        Self { text: value.to_string().into(), tree: Mutex::new(Arc::downgrade(value)) }
    }
}

impl From<Value> for Packed {
    fn from(value: Value) -> Self {
        Self::from(&Arc::new(value))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn an_object_is_shared_while_somebody_looks_at_it() {
        let object = json!({"metadata": {"name": "app", "labels": {"a": "\u{1}\"é"}}, "n": [1.5, -3, null]});
        let packed = Packed::from(object.clone());
        assert!(lock(&packed.tree).upgrade().is_none());
        let seen = packed.unpack().unwrap();
        assert_eq!(*seen, object);
        assert!(Arc::ptr_eq(&seen, &packed.unpack().unwrap()));
        drop(seen);
        assert!(lock(&packed.tree).upgrade().is_none());
    }
}
