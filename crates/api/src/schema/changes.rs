//! The places of a schema that the derive macros cannot describe.

use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::{JSON, JSONSchemaProps};
use serde_json::Value;

use super::path;
use crate::{canary::SessionAffinity, gateway};

/// A place (see [`path::find`]) and what is changed there.
pub(super) type At = (&'static str, fn(&mut JSONSchemaProps));

/// Makes the changes of a list.
pub(super) fn apply(root: &mut JSONSchemaProps, changes: &[At]) {
    for (place, change) in changes {
        if let Some(node) = path::find(root, place) {
            change(node);
        }
    }
}

/// Changes of the Canary.
pub(super) const CANARY: &[At] = &[
    ("spec.ingressRef.kind", |kind| kind.enum_ = Some(vec![text("Ingress")])),
    ("spec.routeRef.kind", |kind| kind.enum_ = Some(vec![text("ApisixRoute")])),
    ("spec.service.gatewayRefs[].group", |group| group.default = Some(text(gateway::GROUP))),
    ("spec.service.gatewayRefs[].kind", |kind| kind.default = Some(text("Gateway"))),
    ("spec.service.mirror[].backendRef.group", |group| group.default = Some(text(""))),
    ("spec.service.mirror[].backendRef.kind", |kind| kind.default = Some(text("Service"))),
    ("spec.service.match[].uri", at_most_one),
    ("spec.service.match[].scheme", at_most_one),
    ("spec.service.match[].method", at_most_one),
    ("spec.service.match[].authority", at_most_one),
    ("spec.service.match[].headers{}", at_most_one),
    ("spec.service.match[].queryParams{}", at_most_one),
    ("spec.service.match[].withoutHeaders{}", at_most_one),
    ("spec.service.corsPolicy.allowOrigins[]", one_origin),
    ("spec.analysis", |analysis| {
        analysis.one_of = Some(["iterations", "stepWeight", "stepWeights"].map(strategy).to_vec());
    }),
    ("spec.analysis.match[]", |match_| keep(match_, &["headers", "queryParams", "sourceLabels"])),
    ("spec.analysis.match[].headers{}", one_of_all),
    ("spec.analysis.match[].queryParams{}", at_most_one),
    ("spec.analysis.alerts[].severity", allow_empty),
    ("spec.analysis.webhooks[].type", allow_empty),
    ("spec.analysis.sessionAffinity.maxAge", |age| {
        age.default = Some(JSON(SessionAffinity::DEFAULT_MAX_AGE.into()));
    }),
];

/// Changes of the AlertProvider. Unlike Flagger's, it may have both an address and a Secret.
pub(super) const ALERT_PROVIDER: &[At] = &[("spec", |spec| {
    spec.any_of = Some(vec![required(&["address"]), required(&["secretRef"])]);
})];

fn text(value: &str) -> JSON {
    JSON(Value::from(value))
}

/// A schema that asks for fields and nothing else.
fn required(fields: &[&str]) -> JSONSchemaProps {
    JSONSchemaProps {
        required: Some(fields.iter().map(|field| (*field).to_owned()).collect()),
        ..JSONSchemaProps::default()
    }
}

fn strategy(field: &str) -> JSONSchemaProps {
    required(&["interval", "threshold", field])
}

/// One way at most to compare a string. Suffixes are unknown here, so the API server drops them, as for Flagger.
fn at_most_one(string_match: &mut JSONSchemaProps) {
    keep(string_match, &["exact", "prefix", "regex"]);
    let ways = ways(&["exact", "prefix", "regex"]);
    let none = JSONSchemaProps {
        not: Some(Box::new(JSONSchemaProps { any_of: Some(ways.clone()), ..JSONSchemaProps::default() })),
        ..JSONSchemaProps::default()
    };
    string_match.one_of = Some([vec![none], ways].concat());
}

/// Exactly one way to compare an origin.
fn one_origin(string_match: &mut JSONSchemaProps) {
    keep(string_match, &["exact", "prefix", "regex"]);
    string_match.one_of = Some(ways(&["exact", "prefix", "regex"]));
}

/// Exactly one way to compare a string.
fn one_of_all(string_match: &mut JSONSchemaProps) {
    string_match.one_of = Some(ways(&["exact", "prefix", "suffix", "regex"]));
}

fn ways(fields: &[&str]) -> Vec<JSONSchemaProps> {
    fields.iter().map(|field| required(&[field])).collect()
}

fn keep(node: &mut JSONSchemaProps, fields: &[&str]) {
    if let Some(properties) = &mut node.properties {
        properties.retain(|name, _| fields.contains(&name.as_str()));
    }
}

/// The empty string, which stands for the default.
fn allow_empty(node: &mut JSONSchemaProps) {
    node.enum_.get_or_insert_default().insert(0, text(""));
}
