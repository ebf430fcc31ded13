//! The shape that the whole schema shares with Flagger's.

use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::JSONSchemaProps;

use super::path::{items, values};

/// Changes a schema and all that it holds:
/// - nothing is nullable: the API server then drops nulls, as it does for Flagger,
/// - nothing has a default: an absent field stays absent in the stored object,
/// - whole numbers are numbers without a fraction, so that `1.0` passes,
/// - there are no titles, and descriptions are one line.
pub(super) fn tidy(node: &mut JSONSchemaProps) {
    node.nullable = None;
    node.default = None;
    node.title = None;
    node.description = node.description.take().map(|text| text.replace('\n', " "));
    tidy_number(node);
    if let Some(items) = items(node) {
        tidy(items);
    }
    if let Some(values) = values(node) {
        tidy(values);
    }
    node.properties.iter_mut().flat_map(|properties| properties.values_mut()).for_each(tidy);
}

fn tidy_number(node: &mut JSONSchemaProps) {
    if node.type_.as_deref() == Some("integer") {
        node.type_ = Some("number".to_owned());
        node.multiple_of = Some(1.0);
    }
    if node.type_.as_deref() == Some("number") {
        node.format = None;
    }
}
