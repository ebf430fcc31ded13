//! The places of a pod spec that name configs.

use serde_json::Value;

use super::ConfigKind::{self, ConfigMap, Secret};

/// A field that holds a reference, what it refers to, and the reference's field that holds the name.
type Place = (&'static str, ConfigKind, &'static str);

const IN_VOLUME: [Place; 2] = [("configMap", ConfigMap, "name"), ("secret", Secret, "secretName")];
const IN_PROJECTION: [Place; 2] = [("configMap", ConfigMap, "name"), ("secret", Secret, "name")];
const IN_VALUE: [Place; 2] = [("configMapKeyRef", ConfigMap, "name"), ("secretKeyRef", Secret, "name")];
const IN_ENV_FROM: [Place; 2] = [("configMapRef", ConfigMap, "name"), ("secretRef", Secret, "name")];

/// Called with what is referred to, the field that holds its name, and the reference.
pub(super) type Visitor<'v> = dyn FnMut(ConfigKind, &'static str, &mut Value) + 'v;

/// Calls `visitor` for every reference to a ConfigMap or Secret that is tracked, in Flagger's order.
///
/// Ephemeral containers, image pull secrets and volumes of other kinds are not tracked.
pub(super) fn visit(pod: &mut Value, visitor: &mut Visitor<'_>) {
    for volume in list(pod, "volumes") {
        at(volume, &IN_VOLUME, visitor);
        for source in volume.get_mut("projected").into_iter().flat_map(|p| list(p, "sources")) {
            at(source, &IN_PROJECTION, visitor);
        }
    }
    for containers in ["containers", "initContainers"] {
        list(pod, containers).for_each(|container| visit_container(container, visitor));
    }
}

fn visit_container(container: &mut Value, visitor: &mut Visitor<'_>) {
    for variable in list(container, "env") {
        if let Some(value) = variable.get_mut("valueFrom") {
            at(value, &IN_VALUE, visitor);
        }
    }
    list(container, "envFrom").for_each(|source| at(source, &IN_ENV_FROM, visitor));
}

fn at(parent: &mut Value, places: &[Place], visitor: &mut Visitor<'_>) {
    for (field, kind, name) in places {
        if let Some(reference) = parent.get_mut(field).filter(|r| r.is_object()) {
            visitor(*kind, name, reference);
        }
    }
}

fn list<'a>(parent: &'a mut Value, field: &str) -> impl Iterator<Item = &'a mut Value> + use<'a> {
    parent.get_mut(field).and_then(Value::as_array_mut).into_iter().flatten()
}
