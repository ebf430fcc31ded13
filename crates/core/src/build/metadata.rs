//! Which labels and annotations are copied, and which are added.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::{build::managed, json::texts};

/// Labels or annotations.
pub type Map = BTreeMap<String, String>;

/// Keys that contain this belong to Flux and say which source an object comes from.
const TOOLKIT: &str = "toolkit.fluxcd.io";

/// Annotations that keep Flux from reverting a generated object.
const FLUX_MARKERS: [(&str, &str); 2] = [
    ("kustomize.toolkit.fluxcd.io/reconcile", "disabled"),
    ("helm.toolkit.fluxcd.io/driftDetection", "disabled"),
];

/// Annotations that the controllers keep on each Deployment and DaemonSet.
const CONTROLLERS: [&str; 2] = ["deployment.kubernetes.io/", "deprecated.daemonset.template.generation"];

/// Annotation in which kubectl keeps the manifest of the object it is on; a copy of it names
/// another.
pub(super) const APPLIED: &str = "kubectl.kubernetes.io/last-applied-configuration";

/// Everything but what belongs to Flux.
pub fn portable(mut map: Map) -> Map {
    map.retain(|key, _| !key.contains(TOOLKIT));
    map
}

/// The portable entries whose key begins with one of the prefixes; `*` stands for all.
pub fn included(map: Map, prefixes: &[String]) -> Map {
    let mut map = portable(map);
    map.retain(|key, _| {
        prefixes.iter().map(|p| p.trim()).any(|p| p == "*" || (!p.is_empty() && key.starts_with(p)))
    });
    map
}

/// The annotations and Flux's markers.
pub fn marked(mut annotations: Map) -> Map {
    annotations.extend(FLUX_MARKERS.map(|(key, value)| (key.to_owned(), value.to_owned())));
    annotations
}

/// Adds an entry.
pub fn with(mut map: Map, key: &str, value: impl Into<String>) -> Map {
    map.insert(key.to_owned(), value.into());
    map
}

/// What others wrote on the primary.
pub(super) fn kept(target: &Value, live: &Value, pointer: &str) -> Map {
    let source = texts(target, pointer);
    let mut map = texts(live, pointer);
    let ours = managed::keys(live, pointer.trim_start_matches("/metadata/"));
    map.retain(|key, value| {
        let copied = ours.contains(key) || key == APPLIED || source.get(key) == Some(value);
        CONTROLLERS.iter().any(|prefix| key.starts_with(prefix)) || !copied
    });
    map
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    fn map(keys: &[&str]) -> Map {
        keys.iter().map(|key| ((*key).to_owned(), "v".to_owned())).collect()
    }

    #[rstest]
    #[case::none(&[], &[])]
    #[case::empty_prefix(&[""], &[])]
    #[case::prefix(&["team/"], &["team/a"])]
    #[case::spaces(&[" team/ "], &["team/a"])]
    #[case::all(&["*"], &["app", "team/a"])]
    fn prefixes_choose(#[case] prefixes: &[&str], #[case] expected: &[&str]) {
        let prefixes: Vec<String> = prefixes.iter().map(|p| (*p).to_owned()).collect();
        let source = map(&["app", "team/a", "kustomize.toolkit.fluxcd.io/name"]);
        assert_eq!(included(source, &prefixes), map(expected));
    }
}
