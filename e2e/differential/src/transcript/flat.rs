//! An object as lines, one for each value in it.

use serde_json::Value;

/// Calls `line` with `path = value` for each value, in the order of the keys.
pub(crate) fn flat(path: &str, value: &Value, line: &mut impl FnMut(String)) {
    match value {
        Value::Object(fields) if !fields.is_empty() => {
            for (key, value) in fields {
                flat(&join(path, key), value, line);
            }
        }
        Value::Array(items) if !items.is_empty() => {
            for (index, item) in items.iter().enumerate() {
                flat(&format!("{path}[{index}]"), item, line);
            }
        }
        Value::String(text) => line(format!("{path} = {text}")),
        other => line(format!("{path} = {other}")),
    }
}

/// A key with a dot would read like two.
fn join(path: &str, key: &str) -> String {
    if key.contains(['.', '/']) { format!("{path}['{key}']") } else { format!("{path}.{key}") }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn every_value_has_a_line() {
        let mut lines = Vec::new();
        let object = json!({"a": {"b.c/d": 1, "e": []}, "f": [{"g": "x"}, null]});
        flat("X", &object, &mut |line| lines.push(line));
        assert_eq!(lines, ["X.a['b.c/d'] = 1", "X.a.e = []", "X.f[0].g = x", "X.f[1] = null"]);
    }
}
