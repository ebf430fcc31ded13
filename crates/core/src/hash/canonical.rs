//! One spelling for all JSON that means the same to the API server.

use serde_json::{Map, Value};

/// The value with sorted keys and without what says nothing: `null`s, and an object's `creationTimestamp`
/// (unset in every pod template, and written as `null` by some clients only).
pub fn canonical(value: &Value) -> Value {
    match value {
        Value::Object(fields) => Value::Object(sorted(fields)),
        Value::Array(items) => Value::Array(items.iter().map(canonical).collect()),
        other => other.clone(),
    }
}

/// Whether two values mean the same: whether [`canonical`] makes them equal.
pub fn same(one: &Value, other: &Value) -> bool {
    match (one, other) {
        (Value::Object(one), Value::Object(other)) => same_fields(one, other),
        (Value::Array(one), Value::Array(other)) => {
            one.len() == other.len() && one.iter().zip(other).all(|(one, other)| same(one, other))
        }
        _ => one == other,
    }
}

fn same_fields(one: &Map<String, Value>, other: &Map<String, Value>) -> bool {
    let said = |fields: &Map<String, Value>| fields.iter().filter(|(key, v)| !void(key, v)).count();
    let mut fields = one.iter().filter(|(key, v)| !void(key, v));
    said(one) == said(other)
        && fields.all(|(key, v)| other.get(key).is_some_and(|other| !void(key, other) && same(v, other)))
}

fn sorted(fields: &Map<String, Value>) -> Map<String, Value> {
    let mut pairs: Vec<(&String, &Value)> = fields.iter().filter(|(key, v)| !void(key, v)).collect();
    pairs.sort_by_key(|(key, _)| *key);
    pairs.into_iter().map(|(key, v)| (key.clone(), canonical(v))).collect()
}

fn void(key: &str, value: &Value) -> bool {
    value.is_null() || (key == "metadata" && only_creation_timestamp(value))
}

/// An empty `metadata` is as good as none.
fn only_creation_timestamp(metadata: &Value) -> bool {
    metadata.as_object().is_some_and(|fields| fields.values().all(Value::is_null))
}
