//! Places in a schema.

use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::{
    JSONSchemaProps, JSONSchemaPropsOrArray, JSONSchemaPropsOrBool,
};

/// The schema at `path`: names of properties with dots between them, each maybe followed by `[]` for the items of a
/// list or `{}` for the values of a map.
pub(super) fn find<'a>(root: &'a mut JSONSchemaProps, path: &str) -> Option<&'a mut JSONSchemaProps> {
    path.split('.').try_fold(root, step)
}

fn step<'a>(node: &'a mut JSONSchemaProps, segment: &str) -> Option<&'a mut JSONSchemaProps> {
    if let Some(name) = segment.strip_suffix("[]") {
        items(property(node, name)?)
    } else if let Some(name) = segment.strip_suffix("{}") {
        values(property(node, name)?)
    } else {
        property(node, segment)
    }
}

fn property<'a>(node: &'a mut JSONSchemaProps, name: &str) -> Option<&'a mut JSONSchemaProps> {
    node.properties.as_mut()?.get_mut(name)
}

/// The schema of a list's items.
pub(super) fn items(node: &mut JSONSchemaProps) -> Option<&mut JSONSchemaProps> {
    match node.items.as_mut()? {
        JSONSchemaPropsOrArray::Schema(schema) => Some(schema),
        JSONSchemaPropsOrArray::Schemas(_) => None,
    }
}

/// The schema of a map's values.
pub(super) fn values(node: &mut JSONSchemaProps) -> Option<&mut JSONSchemaProps> {
    match node.additional_properties.as_mut()? {
        JSONSchemaPropsOrBool::Schema(schema) => Some(schema),
        JSONSchemaPropsOrBool::Bool(_) => None,
    }
}
