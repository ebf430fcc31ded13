//! The places of a pod spec that name configs.

use std::fmt;

use serde_json::Value;

use super::ConfigKind::{self, ConfigMap, Secret};
use crate::json::items;

/// A field that holds a reference, what it refers to, and the reference's field that holds the name.
type Field = (&'static str, ConfigKind, &'static str);

const IN_VOLUME: [Field; 2] = [("configMap", ConfigMap, "name"), ("secret", Secret, "secretName")];
const IN_PROJECTION: [Field; 2] = [("configMap", ConfigMap, "name"), ("secret", Secret, "name")];
const IN_VALUE: [Field; 2] = [("configMapKeyRef", ConfigMap, "name"), ("secretKeyRef", Secret, "name")];
const IN_ENV_FROM: [Field; 2] = [("configMapRef", ConfigMap, "name"), ("secretRef", Secret, "name")];

/// A reference to a config.
pub(super) struct Place<'a> {
    /// What is referred to.
    pub(super) kind: ConfigKind,
    /// The reference's field that holds the name.
    pub(super) name: &'static str,
    /// Where the reference is in the pod spec: a JSON pointer.
    pub(super) path: fmt::Arguments<'a>,
}

/// Called with each place and the reference that is there.
pub(super) type Visitor<'v> = dyn FnMut(Place<'_>, &Value) + 'v;

/// Calls `visitor` for every reference to a ConfigMap or Secret that is tracked, in Flagger's order.
///
/// Ephemeral containers, image pull secrets and volumes of other kinds are not tracked.
pub(super) fn visit(pod: &Value, visitor: &mut Visitor<'_>) {
    for (v, volume) in items(pod, "/volumes").enumerate() {
        at(volume, format_args!("/volumes/{v}"), &IN_VOLUME, visitor);
        for (s, source) in items(volume, "/projected/sources").enumerate() {
            at(source, format_args!("/volumes/{v}/projected/sources/{s}"), &IN_PROJECTION, visitor);
        }
    }
    for containers in ["/containers", "/initContainers"] {
        for (c, container) in items(pod, containers).enumerate() {
            visit_container(container, format_args!("{containers}/{c}"), visitor);
        }
    }
}

fn visit_container(container: &Value, path: fmt::Arguments<'_>, visitor: &mut Visitor<'_>) {
    for (e, variable) in items(container, "/env").enumerate() {
        if let Some(value) = variable.get("valueFrom") {
            at(value, format_args!("{path}/env/{e}/valueFrom"), &IN_VALUE, visitor);
        }
    }
    for (e, source) in items(container, "/envFrom").enumerate() {
        at(source, format_args!("{path}/envFrom/{e}"), &IN_ENV_FROM, visitor);
    }
}

fn at(parent: &Value, path: fmt::Arguments<'_>, fields: &[Field], visitor: &mut Visitor<'_>) {
    for (field, kind, name) in fields {
        if let Some(reference) = parent.get(field).filter(|r| r.is_object()) {
            visitor(Place { kind: *kind, name, path: format_args!("{path}/{field}") }, reference);
        }
    }
}
