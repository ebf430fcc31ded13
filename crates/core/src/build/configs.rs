//! ConfigMaps and Secrets that a target uses: a change to one of them is a new revision, and the primary
//! has copies of its own.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::{
    Rollout,
    build::{
        managed,
        metadata::{included, portable},
        owner,
    },
    json::{entry, set, text, texts},
    settings::Settings,
};

mod visit;

use visit::{Place, visit};

/// `flagger.app/config-tracking: disable` on a ConfigMap or Secret takes it out of the tracking.
const TRACKING: &str = "flagger.app/config-tracking";

/// Types of Secrets that an application reads; others belong to the cluster.
const TRACKED_TYPES: [&str; 4] =
    ["Opaque", "kubernetes.io/basic-auth", "kubernetes.io/ssh-auth", "kubernetes.io/tls"];

/// Where configuration is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum ConfigKind {
    /// A ConfigMap.
    ConfigMap,
    /// A Secret.
    Secret,
}

impl ConfigKind {
    /// The kind as in manifests.
    pub fn name(self) -> &'static str {
        match self {
            Self::ConfigMap => "ConfigMap",
            Self::Secret => "Secret",
        }
    }

    /// The kind as in `status.trackedConfigs` and in Flagger's texts.
    pub fn lower(self) -> &'static str {
        match self {
            Self::ConfigMap => "configmap",
            Self::Secret => "secret",
        }
    }
}

/// A config that a target names.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ConfigRef {
    /// ConfigMap or Secret.
    pub kind: ConfigKind,
    /// Its name, in the target's namespace.
    pub name: String,
    /// Whether the pods need it.
    pub required: bool,
}

impl ConfigRef {
    /// The key in `status.trackedConfigs`: `configmap/<name>` or `secret/<name>`.
    pub fn key(&self) -> String {
        key(self.kind, &self.name)
    }
}

fn key(kind: ConfigKind, name: &str) -> String {
    format!("{}/{name}", kind.lower())
}

/// The configs that the target's pods use, each once, in order of kind and name.
///
/// Returns the configs that a target names. The last of several references to one config says
/// whether it is required, as in Flagger.
pub fn config_refs(target: &Value) -> Vec<ConfigRef> {
    let mut found = BTreeMap::new();
    let pod = target.pointer("/spec/template/spec").unwrap_or(&Value::Null);
    visit(pod, &mut |Place { kind, name, .. }, reference| {
        if let Some(name) = reference.get(name).and_then(Value::as_str) {
            let required = reference.get("optional") != Some(&Value::Bool(true));
            found.insert((kind, name.to_owned()), required);
        }
    });
    found.into_iter().map(|((kind, name), required)| ConfigRef { kind, name, required }).collect()
}

/// Makes the pods use the primary's copies of the tracked configs.
pub fn rename(pod: &mut Value, tracked: &BTreeMap<String, String>) {
    let mut copies = Vec::new();
    visit(pod, &mut |Place { kind, name, path }, reference| {
        let used = reference.get(name).and_then(Value::as_str);
        let tracked = used.filter(|used| tracked.contains_key(&key(kind, used)));
        copies.extend(tracked.map(|used| (format!("{path}/{name}"), copy_name(used))));
    });
    for (path, copy) in copies {
        if let Some(name) = pod.pointer_mut(&path) {
            *name = copy.into();
        }
    }
}

/// The name of the primary's copy.
pub fn copy_name(name: &str) -> String {
    format!("{name}-primary")
}

/// Returns the target's configs whose copies the primary does not use yet. An object with the name
/// of such a copy may be somebody else's.
pub fn uncopied(target: &Value, primary: Option<&Value>) -> Vec<ConfigRef> {
    let refs = config_refs(target);
    let used = primary.map(config_refs).unwrap_or_default();
    let named = |all: &[ConfigRef], kind, name: &str| all.iter().any(|r| r.kind == kind && r.name == name);
    // Both sides may use an object of that name as it is.
    let copied = |r: &ConfigRef| {
        let copy = copy_name(&r.name);
        named(&used, r.kind, &copy) && !named(&refs, r.kind, &copy)
    };
    refs.iter().filter(|r| !copied(r)).cloned().collect()
}

/// Whether a config is used under its own name by both sides, and changes to it start nothing.
pub fn ignored(kind: ConfigKind, config: &Value) -> bool {
    let annotations = texts(config, "/metadata/annotations");
    let opted_out = annotations.get(TRACKING).is_some_and(|value| value.starts_with("disable"));
    let foreign = kind == ConfigKind::Secret
        && !TRACKED_TYPES.contains(&text(config, "/type").unwrap_or(TRACKED_TYPES[0]));
    opted_out || foreign
}

/// The primary's copy of a config, to be created or (when `live` is its present state) replaced.
///
/// What others wrote on the copy's metadata is kept; its content is exactly the source's. Before it is
/// written, [`crate::hash::config_checksum`] of the source must be the one that the decision was made on.
pub fn config_copy(
    rollout: &Rollout,
    settings: &Settings,
    kind: ConfigKind,
    source: &Value,
    live: Option<&Value>,
) -> Value {
    let mut copy = live.cloned().unwrap_or_default();
    set(&mut copy, "apiVersion", Some("v1".into()));
    set(&mut copy, "kind", Some(kind.name().into()));
    for field in ["data", "binaryData", "type"] {
        set(&mut copy, field, source.get(field).filter(|v| !v.is_null()).cloned());
    }
    let labels = included(texts(source, "/metadata/labels"), &settings.include_label_prefix);
    managed::drop_keys(&mut copy, "labels", &labels);
    let metadata = entry(&mut copy, "metadata");
    set(metadata, "name", Some(copy_name(text(source, "/metadata/name").unwrap_or_default()).into()));
    set(metadata, "namespace", Some(rollout.namespace.as_str().into()));
    set(metadata, "ownerReferences", Some(owner::shared(rollout, live).into()));
    for (label, value) in labels {
        entry(metadata, "labels")[label] = value.into();
    }
    copy
}

/// The copy as something new, where the live one cannot become what it should be: the type of a Secret and the content of
/// what is immutable never change.
pub fn made_anew(desired: &Value, live: &Value) -> Option<Value> {
    let differs = |fields: &[&str]| fields.iter().any(|field| desired.get(field) != live.get(field));
    let immutable = live.get("immutable") == Some(&Value::Bool(true));
    if !(differs(&["type"]) || immutable && differs(&["data", "binaryData"])) {
        return None;
    }
    let mut copy = desired.clone();
    set(&mut copy, "immutable", None);
    let metadata = entry(&mut copy, "metadata");
    for field in ["resourceVersion", "uid", "creationTimestamp", "managedFields", "generation"] {
        set(metadata, field, None);
    }
    Some(copy)
}

/// Whether the copy is as [`config_copy`] would have it.
pub fn in_sync(desired: &Value, live: &Value) -> bool {
    let same = |field: &str| desired.get(field) == live.get(field);
    let labels = portable(texts(desired, "/metadata/labels"));
    let live_labels = texts(live, "/metadata/labels");
    ["data", "binaryData", "type"].into_iter().all(same)
        && labels.iter().all(|(key, value)| live_labels.get(key) == Some(value))
        && managed::keys(live, "labels").iter().all(|key| labels.contains_key(key))
        && desired.pointer("/metadata/ownerReferences") == live.pointer("/metadata/ownerReferences")
}

/// Flagger's text for a required config that does not exist; it names the config twice.
pub fn missing(reference: &ConfigRef, namespace: &str) -> String {
    let ConfigRef { kind, name, .. } = reference;
    let kind = kind.lower();
    let asked = format!("{kind} {name}.{namespace} get query error");
    format!("GetTargetConfigs failed: {asked}: {asked}: {kind}s {} not found", json!(name))
}

#[cfg(test)]
mod tests;
