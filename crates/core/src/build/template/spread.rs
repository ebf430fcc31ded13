//! Pods of the primary keep away from each other, not from those of the target.

use serde_json::{Value, json};

use super::configs::copy_name;
use crate::{
    build::{metadata::Map, selector::Selector},
    json::{items, set, text, texts},
};

/// Whose pods a term means.
struct Names<'a> {
    /// The operator's `-selector-labels`: where one of them has the target's name for a value, the primary's stands in.
    candidates: &'a [String],
    target: &'a str,
    /// The label that tells the target's pods from the primary's.
    selector: &'a Selector,
    /// Every label that the target's pods are selected by.
    own: Map,
}

/// Makes spread constraints and anti-affinity terms that mean the target's pods mean the primary's.
///
/// Two spellings mean them: the value of the label that tells both sides apart, and, as in Flagger, the target's name as
/// the value of one of the `candidates` (the operator's `-selector-labels`). A term that means them by another label,
/// which both sides have, leaves the target's pods out. Affinity is left alone: it may mean pods of other workloads.
pub(super) fn rename(
    pod: &mut Value,
    candidates: &[String],
    target: &Value,
    name: &str,
    selector: &Selector,
) {
    let own = texts(target, "/spec/selector/matchLabels");
    let names = Names { candidates, target: name, selector, own };
    for constraint in list(pod.get_mut("topologySpreadConstraints")) {
        names.rename(constraint.get_mut("labelSelector"));
    }
    let Some(anti) = pod.pointer_mut("/affinity/podAntiAffinity") else { return };
    for term in list(anti.get_mut("preferredDuringSchedulingIgnoredDuringExecution")) {
        names.rename(term.pointer_mut("/podAffinityTerm/labelSelector"));
    }
    for term in list(anti.get_mut("requiredDuringSchedulingIgnoredDuringExecution")) {
        names.rename(term.get_mut("labelSelector"));
    }
}

impl Names<'_> {
    fn rename(&self, selector: Option<&mut Value>) {
        let Some(selector) = selector.filter(|selector| selector.is_object()) else { return };
        let shared = self.shared(selector);
        for expression in list(selector.get_mut("matchExpressions")) {
            self.rename_expression(expression);
        }
        for (key, value) in
            selector.get_mut("matchLabels").and_then(Value::as_object_mut).into_iter().flatten()
        {
            if let Some(copy) = value.as_str().and_then(|value| self.copy(key, value)) {
                *value = copy.into();
            }
        }
        if shared {
            self.leave_target_out(selector);
        }
    }

    /// What stands for a value on the primary's pods, if the value means the target.
    fn copy(&self, key: &str, value: &str) -> Option<String> {
        let own = key == self.selector.label && value == self.selector.value;
        let named = value == self.target && self.candidates.iter().any(|c| c.trim() == key);
        if own { Some(self.selector.primary()) } else { named.then(|| copy_name(value)) }
    }

    fn rename_expression(&self, expression: &mut Value) {
        let key = text(expression, "/key").unwrap_or_default().to_owned();
        let means = |value: &Value| value.as_str().and_then(|value| self.copy(&key, value));
        // All pods but one's own: neither side keeps away from the other.
        let negated = text(expression, "/operator") == Some("NotIn");
        let Some(values) = expression.get_mut("values").and_then(Value::as_array_mut) else { return };
        let Some(place) = values.iter().position(|value| means(value).is_some()) else { return };
        let copy = values.get(place).and_then(means).map(Value::from);
        match (values.get_mut(place), copy) {
            (_, Some(copy)) if negated => values.push(copy),
            (Some(value), Some(copy)) => *value = copy,
            _ => {}
        }
    }

    /// Whether a term means the target's pods by labels that the primary's have as well.
    fn shared(&self, selector: &Value) -> bool {
        let labels = texts(selector, "/matchLabels");
        let expressions: Vec<&Value> = items(selector, "/matchExpressions").collect();
        let key = |expression: &Value| text(expression, "/key").unwrap_or_default().to_owned();
        let told_apart = labels.contains_key(&self.selector.label)
            || expressions.iter().any(|expression| key(expression) == self.selector.label);
        let own = |key: &str, value: &str| {
            self.own.get(key).is_some_and(|own| own == value) && self.copy(key, value).is_none()
        };
        let by_label = labels.iter().any(|(key, value)| own(key, value));
        let by_expression = expressions.iter().any(|expression| {
            let within = text(expression, "/operator") == Some("In");
            within
                && items(expression, "/values").any(|v| own(&key(expression), v.as_str().unwrap_or_default()))
        });
        !told_apart && (by_label || by_expression)
    }

    fn leave_target_out(&self, selector: &mut Value) {
        let Selector { label, value, .. } = self.selector;
        let others = json!({"key": label, "operator": "NotIn", "values": [value]});
        let mut expressions: Vec<Value> = items(selector, "/matchExpressions").cloned().collect();
        expressions.push(others);
        set(selector, "matchExpressions", Some(expressions.into()));
    }
}

fn list(value: Option<&mut Value>) -> impl Iterator<Item = &mut Value> {
    value.and_then(Value::as_array_mut).into_iter().flatten()
}
