//! Pods of the primary keep away from each other, not from those of the target.

use serde_json::Value;

use super::configs::copy_name;

/// Makes spread constraints and anti-affinity terms that name the target name the primary.
///
/// Only labels in `candidates` (the operator's `-selector-labels`) whose value is the target's name are
/// changed. Affinity is left alone: it may mean pods of other workloads.
pub(super) fn rename(pod: &mut Value, candidates: &[String], target: &str) {
    for constraint in list(pod.get_mut("topologySpreadConstraints")) {
        rename_selector(constraint.get_mut("labelSelector"), candidates, target);
    }
    let Some(anti) = pod.pointer_mut("/affinity/podAntiAffinity") else { return };
    for term in list(anti.get_mut("preferredDuringSchedulingIgnoredDuringExecution")) {
        rename_selector(term.pointer_mut("/podAffinityTerm/labelSelector"), candidates, target);
    }
    for term in list(anti.get_mut("requiredDuringSchedulingIgnoredDuringExecution")) {
        rename_selector(term.get_mut("labelSelector"), candidates, target);
    }
}

fn rename_selector(selector: Option<&mut Value>, candidates: &[String], target: &str) {
    let Some(selector) = selector else { return };
    let candidate = |key: Option<&str>| key.is_some_and(|key| candidates.iter().any(|c| c.trim() == key));
    for expression in list(selector.get_mut("matchExpressions")) {
        let named = candidate(expression.get("key").and_then(Value::as_str));
        if let Some(value) = list(expression.get_mut("values")).find(|value| named && *value == target) {
            *value = copy_name(target).into();
        }
    }
    let labels = selector.get_mut("matchLabels").and_then(Value::as_object_mut);
    for (key, value) in labels.into_iter().flatten() {
        if candidate(Some(key)) && value == target {
            *value = copy_name(target).into();
        }
    }
}

fn list(value: Option<&mut Value>) -> impl Iterator<Item = &mut Value> {
    value.and_then(Value::as_array_mut).into_iter().flatten()
}
