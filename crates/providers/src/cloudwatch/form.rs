//! A query as the fields of a form, the way AWS' query protocol has it.

use serde_json::{Map, Value};
use url::form_urlencoded;

/// The fields of a `MetricDataQuery` and what is in it. Flagger takes them in any case.
const NAMES: [&str; 15] = [
    "AccountId",
    "Dimensions",
    "Expression",
    "Id",
    "Label",
    "Metric",
    "MetricName",
    "MetricStat",
    "Name",
    "Namespace",
    "Period",
    "ReturnData",
    "Stat",
    "Unit",
    "Value",
];

/// The fields of `MetricDataQueries`.
pub(super) fn queries(queries: Vec<Map<String, Value>>) -> Vec<(String, String)> {
    let list = Value::Array(queries.into_iter().map(Value::Object).collect());
    let mut fields = Vec::new();
    add("MetricDataQueries", &list, &mut fields);
    fields
}

/// A form as it is sent. Flagger's client escapes it in the same way.
pub(super) fn encode(fields: &[(String, String)]) -> String {
    form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish()
}

fn add(path: &str, value: &Value, fields: &mut Vec<(String, String)>) {
    match value {
        Value::Null => {}
        Value::Bool(flag) => fields.push((path.to_owned(), flag.to_string())),
        Value::Number(number) => fields.push((path.to_owned(), number.to_string())),
        Value::String(text) => fields.push((path.to_owned(), text.clone())),
        Value::Array(items) if items.is_empty() => fields.push((path.to_owned(), String::new())),
        Value::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                add(&format!("{path}.member.{}", index + 1), item, fields);
            }
        }
        Value::Object(object) => {
            for (name, item) in object {
                if let Some(name) = NAMES.iter().find(|known| known.eq_ignore_ascii_case(name)) {
                    add(&format!("{path}.{name}"), item, fields);
                }
            }
        }
    }
}
