//! Reading and comparing objects whose fields are only passed on.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

/// The value at a JSON pointer. Without escapes nothing is allocated: pointers are followed many times for each look at a
/// Canary.
pub fn at<'a>(value: &'a Value, pointer: &str) -> Option<&'a Value> {
    if pointer.contains('~') || !pointer.starts_with('/') {
        return value.pointer(pointer);
    }
    pointer.split('/').skip(1).try_fold(value, |value, name| match value {
        Value::Object(fields) => fields.get(name),
        Value::Array(items) => items.get(name.parse::<usize>().ok()?),
        _ => None,
    })
}

/// The text at a JSON pointer.
pub fn text<'a>(value: &'a Value, pointer: &str) -> Option<&'a str> {
    at(value, pointer)?.as_str()
}

/// The whole number at a JSON pointer.
pub fn int(value: &Value, pointer: &str) -> Option<i64> {
    at(value, pointer)?.as_i64()
}

/// The items of the list at a JSON pointer; none if there is no list.
pub fn items<'a>(value: &'a Value, pointer: &str) -> impl Iterator<Item = &'a Value> + use<'a> {
    at(value, pointer).and_then(Value::as_array).into_iter().flatten()
}

/// The texts of the map at a JSON pointer, such as labels; empty if there is no map.
pub fn texts(value: &Value, pointer: &str) -> BTreeMap<String, String> {
    let fields = at(value, pointer).and_then(Value::as_object).into_iter().flatten();
    fields.filter_map(|(key, v)| Some((key.clone(), v.as_str()?.to_owned()))).collect()
}

/// Puts `value` at `parent.key`, or removes the key for `None`.
pub fn set(parent: &mut Value, key: &str, value: Option<Value>) {
    if !parent.is_object() {
        *parent = Value::Object(Map::new());
    }
    let Some(fields) = parent.as_object_mut() else { return };
    match value {
        Some(value) => fields.insert(key.to_owned(), value),
        None => fields.remove(key),
    };
}

/// The object at `parent.key`, made if it is not there.
pub fn entry<'a>(parent: &'a mut Value, key: &str) -> &'a mut Value {
    if !parent.get(key).is_some_and(Value::is_object) {
        set(parent, key, Some(Value::Object(Map::new())));
    }
    &mut parent[key]
}

/// Whether `live` says everything that `wanted` says; lists must be equal.
pub fn includes(live: &Value, wanted: &Value) -> bool {
    match (live, wanted) {
        (Value::Object(live), Value::Object(wanted)) => {
            wanted.iter().all(|(key, value)| live.get(key).is_some_and(|l| includes(l, value)))
        }
        _ => live == wanted,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn pointers_lead_where_they_lead_everywhere() {
        let value = json!({"a": {"b": [{"c": 1}, 2], "": 3}, "d/e": 4, "f~g": 5});
        let pointers =
            ["", "/", "/a", "/a/b", "/a/b/0/c", "/a/b/1", "/a/b/2", "/a/", "/d~1e", "/f~0g", "a", "/a/b/x"];
        for pointer in pointers {
            assert_eq!(at(&value, pointer), value.pointer(pointer), "{pointer}");
        }
    }

    #[test]
    fn a_live_object_may_say_more() {
        let live = json!({"a": {"b": 1, "c": 2}, "d": [1]});
        assert!(includes(&live, &json!({"a": {"b": 1}})));
        assert!(!includes(&live, &json!({"a": {"b": 2}})));
        assert!(!includes(&live, &json!({"d": []})));
        assert!(!includes(&live, &json!({"e": {}})));
    }

    #[test]
    fn entries_are_made() {
        let mut value = json!({"a": null});
        entry(entry(&mut value, "a"), "b")["c"] = json!(1);
        set(&mut value, "gone", None);
        assert_eq!(value, json!({"a": {"b": {"c": 1}}}));
    }
}
