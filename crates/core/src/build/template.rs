//! The primary's pod template: the target's, with what makes it a primary.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use crate::{
    Rollout,
    build::{
        configs,
        metadata::{self, portable},
        selector::Selector,
    },
    hash,
    json::{set, texts},
    keys::{PROMOTION_ID, SCALED_TO_ZERO},
    rollout::TargetKind,
    settings::Settings,
};

mod spread;

/// The target's template as the primary has it, without [`PROMOTION_ID`].
///
/// `configs` are the tracked configs by `configmap/<name>` and `secret/<name>`: the primary uses its own
/// copies of these.
pub fn primary_template(
    rollout: &Rollout,
    settings: &Settings,
    selector: &Selector,
    target: &Value,
    configs: &BTreeMap<String, String>,
) -> Value {
    let mut labels = portable(texts(target, "/spec/template/metadata/labels"));
    labels.extend(selector.marks());
    let mut spec = target.pointer("/spec/template/spec").cloned().unwrap_or_default();
    configs::rename(&mut spec, configs);
    match rollout.target_kind {
        TargetKind::DaemonSet => schedulable(&mut spec),
        _ => spread::rename(&mut spec, &settings.selector_labels, target, &rollout.target, selector),
    }
    json!({
        "metadata": {
            "labels": labels,
            "annotations": annotations(&target["spec"]["template"]),
        },
        "spec": spec,
    })
}

/// A primary runs, whether or not its target does. Nodes have one pod of it each: nothing spreads them.
fn schedulable(pod: &mut Value) {
    let Some(selector) = pod.get_mut("nodeSelector") else { return };
    set(selector, SCALED_TO_ZERO, None);
    if selector.as_object().is_some_and(Map::is_empty) {
        set(pod, "nodeSelector", None);
    }
}

/// The annotations of a template that are the user's.
fn annotations(template: &Value) -> metadata::Map {
    let mut annotations = portable(texts(template, "/metadata/annotations"));
    annotations.remove(PROMOTION_ID);
    annotations
}

/// Whether two templates are the same but for [`PROMOTION_ID`].
pub fn same(one: &Value, other: &Value) -> bool {
    let metadata = |template: &Value| (texts(template, "/metadata/labels"), annotations(template));
    let specs = match (one.get("spec"), other.get("spec")) {
        (Some(one), Some(other)) => hash::same(one, other),
        (one, other) => one.is_none() && other.is_none(),
    };
    specs && metadata(one) == metadata(other)
}

/// Whether the primary's template is the target's, save for what makes it a primary.
pub fn matches(
    rollout: &Rollout,
    settings: &Settings,
    selector: &Selector,
    target: &Value,
    primary: &Value,
    configs: &BTreeMap<String, String>,
) -> bool {
    same(&primary_template(rollout, settings, selector, target, configs), &primary["spec"]["template"])
}
