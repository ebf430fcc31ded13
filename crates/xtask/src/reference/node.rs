//! Taking a schema apart into the objects it is made of.

use std::collections::{BTreeMap, VecDeque};

use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::{
    JSONSchemaProps, JSONSchemaPropsOrArray, JSONSchemaPropsOrBool,
};

/// An object with fields of its own.
pub(super) struct Section<'a> {
    /// Where it is first met, as in `spec.analysis.metrics[]`.
    pub(super) path: String,
    pub(super) schema: &'a JSONSchemaProps,
    /// The section that describes the object in a field, by the field's name.
    links: BTreeMap<&'a str, String>,
}

impl Section<'_> {
    /// Where the object in this field is described; `None` if the field holds none.
    pub(super) fn link(&self, field: &str) -> Option<&str> {
        self.links.get(field).map(String::as_str)
    }
}

/// Every object below the root, breadth first within each top-level field. Objects that are alike in all
/// their fields have one section.
pub(super) fn sections(root: &JSONSchemaProps) -> Vec<Section<'_>> {
    let mut found = Vec::new();
    let mut known = BTreeMap::new();
    for (name, schema) in root.properties.iter().flatten() {
        if let Some((suffix, object)) = object(schema) {
            collect(format!("{name}{suffix}"), object, &mut known, &mut found);
        }
    }
    found
}

fn collect<'a>(
    path: String,
    schema: &'a JSONSchemaProps,
    known: &mut BTreeMap<String, String>,
    found: &mut Vec<Section<'a>>,
) {
    let mut queue = VecDeque::from([(path, schema)]);
    while let Some((path, schema)) = queue.pop_front() {
        let mut links = BTreeMap::new();
        for (name, field) in schema.properties.iter().flatten() {
            let Some((suffix, object)) = object(field) else { continue };
            let own = format!("{path}.{name}{suffix}");
            let first = known.entry(shape(object)).or_insert_with(|| own.clone()).clone();
            if first == own {
                queue.push_back((own, object));
            }
            links.insert(name.as_str(), first);
        }
        found.push(Section { path, schema, links });
    }
}

/// The object that a field holds, alone, in a list or in a map, with a suffix that tells which.
fn object(field: &JSONSchemaProps) -> Option<(String, &JSONSchemaProps)> {
    if field.properties.is_some() {
        return Some((String::new(), field));
    }
    let (mark, inner) = match (&field.items, &field.additional_properties) {
        (Some(JSONSchemaPropsOrArray::Schema(items)), _) => ("[]", items),
        (_, Some(JSONSchemaPropsOrBool::Schema(values))) => ("{}", values),
        _ => return None,
    };
    object(inner).map(|(suffix, object)| (format!("{mark}{suffix}"), object))
}

/// What two objects must share to be described together: everything but their own description.
fn shape(object: &JSONSchemaProps) -> String {
    let bare = JSONSchemaProps { description: None, ..object.clone() };
    serde_json::to_string(&bare).unwrap_or_default()
}
