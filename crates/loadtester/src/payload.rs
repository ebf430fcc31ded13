//! What a webhook sends.

use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer};
use serde_json::{Map, Value};

/// The part of a webhook's payload that matters here. As in Go, `null` stands for the empty value.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
pub(crate) struct Payload {
    /// Name of the Canary.
    #[serde(default, deserialize_with = "nullable")]
    pub(crate) name: String,
    /// Namespace of the Canary.
    #[serde(default, deserialize_with = "nullable")]
    pub(crate) namespace: String,
    /// The hook's own settings.
    #[serde(default, deserialize_with = "nullable_values")]
    pub(crate) metadata: BTreeMap<String, String>,
}

impl Payload {
    /// Decodes a body. It is read as an object first: a list of values would pass for a struct otherwise.
    pub(crate) fn decode(body: &[u8]) -> serde_json::Result<Self> {
        let object: Option<Map<String, Value>> = serde_json::from_slice(body)?;
        object.map_or_else(|| Ok(Self::default()), |object| serde_json::from_value(Value::Object(object)))
    }

    /// The Canary's name in gates and logs.
    pub(crate) fn canary(&self) -> String {
        format!("{}.{}", self.name, self.namespace)
    }

    /// One of the hook's settings.
    pub(crate) fn get(&self, key: &str) -> Option<&str> {
        self.metadata.get(key).map(String::as_str)
    }

    /// Whether a setting is true, in any of the spellings that Go takes.
    pub(crate) fn flag(&self, key: &str) -> bool {
        matches!(self.get(key), Some("1" | "t" | "T" | "true" | "TRUE" | "True"))
    }
}

fn nullable<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    Option::deserialize(deserializer).map(Option::unwrap_or_default)
}

fn nullable_values<'de, D: Deserializer<'de>>(deserializer: D) -> Result<BTreeMap<String, String>, D::Error> {
    let values = Option::<BTreeMap<String, Option<String>>>::deserialize(deserializer)?;
    Ok(values.into_iter().flatten().map(|(key, value)| (key, value.unwrap_or_default())).collect())
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case(r#"{"name":"a","namespace":"b","phase":"x","metadata":{"k":"v"}}"#, "a.b", Some("v"))]
    #[case(r#"{"name":"a","namespace":null,"metadata":{"k":null}}"#, "a.", Some(""))]
    #[case(r#"{"name":"a","metadata":null}"#, "a.", None)]
    #[case("null", ".", None)]
    fn null_and_absent_are_empty(#[case] body: &str, #[case] canary: &str, #[case] value: Option<&str>) {
        let payload = Payload::decode(body.as_bytes()).unwrap();
        assert_eq!(payload.canary(), canary);
        assert_eq!(payload.get("k"), value);
    }

    #[rstest]
    #[case("")]
    #[case("[]")]
    #[case(r#"["podinfo", "test"]"#)]
    #[case("{")]
    #[case(r#"{"metadata":{"k":1}}"#)]
    fn other_shapes_are_refused(#[case] body: &str) {
        assert!(Payload::decode(body.as_bytes()).is_err());
    }
}
