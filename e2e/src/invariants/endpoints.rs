//! S2: a side gets more traffic only while it has ready endpoints.

use std::collections::BTreeMap;

use serde_json::Value;

use super::{App, Check, Side, route::side_weight};
use crate::{Kind, history::Version};

/// S2.
#[derive(Default)]
pub(super) struct Ready {
    slices: Slices,
    /// By side, and whether it is the share of users who have a cookie.
    weights: BTreeMap<(Side, bool), i64>,
}

impl Check for Ready {
    fn name(&self) -> &'static str {
        "S2"
    }

    fn see(&mut self, version: &Version, app: &App) -> Option<String> {
        self.slices.see(version);
        if version.kind != Kind::ROUTE || version.name != app.apex {
            return None;
        }
        let kinds = Side::ALL.into_iter().flat_map(|side| [(side, false), (side, true)]);
        kinds.filter_map(|(side, known)| self.raise(side, known, version, app)).next_back()
    }
}

impl Ready {
    fn raise(&mut self, side: Side, known: bool, version: &Version, app: &App) -> Option<String> {
        let service = side.service(&app.apex);
        let weight = if version.gone { 0 } else { side_weight(&version.object, &service, known) };
        let before = self.weights.insert((side, known), weight).unwrap_or(0);
        (weight > before && self.slices.ready(&service) == 0).then(|| {
            format!("the weight of {service} went from {before} to {weight} without a ready endpoint")
        })
    }
}

/// The endpoints that requests can reach, of each Service.
#[derive(Clone, Debug, Default)]
pub struct Slices(BTreeMap<String, (String, usize)>);

impl Slices {
    /// Takes notice of a version, of whatever kind.
    pub fn see(&mut self, version: &Version) {
        if version.kind != Kind::SLICE {
            return;
        }
        let label = version.object.pointer("/metadata/labels/kubernetes.io~1service-name");
        let service = label.and_then(Value::as_str).unwrap_or_default().to_owned();
        let ready = if version.gone { 0 } else { ready_endpoints(&version.object) };
        self.0.insert(version.name.clone(), (service, ready));
    }

    /// Whether a Service of such a name has one.
    pub fn any(&self, of: impl Fn(&str) -> bool) -> bool {
        self.0.values().any(|(service, ready)| *ready > 0 && of(service))
    }

    /// How many a Service has.
    pub fn ready(&self, service: &str) -> usize {
        self.0.values().filter(|(of, _)| of == service).map(|(_, ready)| ready).sum()
    }
}

/// An endpoint without the condition counts as ready; one without a port cannot be reached.
fn ready_endpoints(slice: &Value) -> usize {
    if slice.get("ports").is_some_and(|ports| ports.as_array().is_none_or(Vec::is_empty)) {
        return 0;
    }
    let endpoints = slice["endpoints"].as_array().map_or(&[][..], Vec::as_slice);
    endpoints
        .iter()
        .filter(|endpoint| endpoint.pointer("/conditions/ready") != Some(&Value::Bool(false)))
        .count()
}
