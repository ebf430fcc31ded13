//! The fields of a Canary, from the schema that the API server goes by.

use anyhow::{Context, Result};
use serde_json::Value;

use crate::install::repository;

/// A field that has no fields of its own, or a list or map of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Field {
    /// Such as `service.gatewayRefs[].sectionName`, from `spec` on; `{}` are the values of a map.
    pub path: String,
    /// What the schema lists as values; empty where it lists none.
    pub values: Vec<Value>,
    /// Whether it is true or false.
    pub is_flag: bool,
}

/// Every field of `Canary.spec`.
///
/// # Errors
/// The definition cannot be read.
pub(super) fn canary() -> Result<Vec<Field>> {
    let path = repository().join("deploy/crds/canaries.flagger.app.yaml");
    let text = std::fs::read_to_string(&path).with_context(|| path.display().to_string())?;
    let definition: Value = serde_saphyr::from_str(&text)?;
    let spec = definition.pointer("/spec/versions/0/schema/openAPIV3Schema/properties/spec");
    let mut fields = Vec::new();
    walk(spec.context("a definition without a schema")?, "", &mut fields);
    Ok(fields)
}

fn walk(schema: &Value, path: &str, fields: &mut Vec<Field>) {
    if let Some(properties) = schema["properties"].as_object() {
        for (name, inner) in properties {
            let path = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
            walk(inner, &path, fields);
        }
    } else if schema["items"].is_object() {
        walk(&schema["items"], &format!("{path}[]"), fields);
    } else if schema["additionalProperties"].is_object() {
        walk(&schema["additionalProperties"], &format!("{path}{{}}"), fields);
    } else {
        let values = schema["enum"].as_array().cloned().unwrap_or_default();
        fields.push(Field { path: path.to_owned(), values, is_flag: schema["type"] == "boolean" });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_fields_of_the_definition_are_found() {
        let fields = canary().unwrap();
        let find = |path: &str| fields.iter().find(|field| field.path == path).unwrap();
        assert!(find("suspend").is_flag);
        assert!(find("service.gatewayRefs[].sectionName").values.is_empty());
        assert!(find("analysis.match[].headers{}.regex").values.is_empty());
        assert!(find("targetRef.kind").values.contains(&"DaemonSet".into()));
    }
}
