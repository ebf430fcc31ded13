use std::collections::BTreeMap;

use serde::Serialize;

/// The values a query template can name, all of one Canary and one of its metrics.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct TemplateModel {
    /// `metadata.name` of the Canary.
    pub name: String,
    /// `metadata.namespace` of the Canary, also when the template lives elsewhere.
    pub namespace: String,
    /// `spec.targetRef.name`.
    pub target: String,
    /// `spec.service.name`, or the target's name.
    pub service: String,
    /// `spec.ingressRef.name`, or the target's name.
    pub ingress: String,
    /// `spec.routeRef.name`, or the target's name.
    pub route: String,
    /// The metric's `interval` as written, e.g. `1m`.
    pub interval: String,
    /// The metric's `templateVariables`.
    pub variables: BTreeMap<String, String>,
}

/// Names that stand for one value.
pub(super) const NAMES: [&str; 7] =
    ["name", "namespace", "target", "service", "ingress", "route", "interval"];
