//! The primary: the clone of the target that takes the traffic between rollouts.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::{
    Rollout,
    build::{
        BuildError,
        metadata::{Map, included, kept, portable, with},
        owner,
        selector::Selector,
        service_target, target, template,
    },
    hash,
    json::{entry, int, set, texts},
    keys::PROMOTION_ID,
    rollout::TargetKind,
    settings::Settings,
};

/// Fields of the spec that the primary takes over from the target.
const COPIED: [&str; 5] =
    ["progressDeadlineSeconds", "minReadySeconds", "revisionHistoryLimit", "strategy", "updateStrategy"];

/// The primary's Deployment or DaemonSet; for a target that is a Service, its Service.
///
/// Without `live` it is made; with it, the target's present template is promoted to it. `configs` are the
/// checksums of the tracked configs. Promoting the same template and configs again changes nothing.
///
/// `target` and `configs` must be those that the decision was made on, or else something that nobody has
/// analysed may be promoted.
///
/// # Errors
/// [`BuildError::Selector`] when none of the `-selector-labels` selects the target's pods.
pub fn primary(
    rollout: &Rollout,
    settings: &Settings,
    target: &Value,
    live: Option<&Value>,
    configs: &BTreeMap<String, String>,
) -> Result<Value, BuildError> {
    if rollout.target_kind == TargetKind::Service {
        return Ok(service_target::primary(rollout, settings, target, live));
    }
    let selector = Selector::of(rollout, settings, target, live)?;
    let mut template = template::primary_template(rollout, settings, &selector, target, configs);
    let revision = target::revision(rollout.target_kind, target);
    let id = hash::promotion_id(&rollout.uid, &revision, configs);
    entry(entry(&mut template, "metadata"), "annotations")[PROMOTION_ID] = id.into();
    Ok(match live {
        None => create(rollout, settings, &selector, target, &template),
        Some(live) => promote(rollout, settings, &selector, target, live, &template),
    })
}

fn create(
    rollout: &Rollout,
    settings: &Settings,
    selector: &Selector,
    target: &Value,
    template: &Value,
) -> Value {
    let labels = included(texts(target, "/metadata/labels"), &settings.include_label_prefix);
    let mut spec = json!({
        "selector": {"matchLabels": selector.made()},
        "template": template,
    });
    copy_fields(target, &mut spec);
    if rollout.target_kind == TargetKind::Deployment {
        set(&mut spec, "replicas", Some(replicas(target).unwrap_or(1).into()));
    }
    json!({
        "apiVersion": "apps/v1",
        "kind": rollout.target_kind.name(),
        "metadata": {
            "name": rollout.primary(),
            "namespace": rollout.namespace,
            "labels": with(labels, &selector.label, selector.primary()),
            "annotations": portable(texts(target, "/metadata/annotations")),
            "ownerReferences": [owner::reference(rollout)],
        },
        "spec": spec,
    })
}

fn promote(
    rollout: &Rollout,
    settings: &Settings,
    selector: &Selector,
    target: &Value,
    live: &Value,
    template: &Value,
) -> Value {
    let mut primary = live.clone();
    set(&mut primary, "apiVersion", Some("apps/v1".into()));
    set(&mut primary, "kind", Some(rollout.target_kind.name().into()));
    set(&mut primary, "status", None);
    let metadata = entry(&mut primary, "metadata");
    let labels = promoted(settings, target, live, "/metadata/labels");
    set(metadata, "labels", Some(json!(with(labels, &selector.label, selector.primary()))));
    set(metadata, "annotations", Some(json!(promoted(settings, target, live, "/metadata/annotations"))));
    set(metadata, "ownerReferences", Some(owner::adopted(rollout, live).into()));
    let spec = entry(&mut primary, "spec");
    copy_fields(target, spec);
    set(spec, "template", Some(template.clone()));
    // With an autoscaler the number of replicas is the autoscaler's; 0 is no number to serve users with.
    if let (None, Some(replicas)) = (&rollout.spec.autoscaler_ref, replicas(target)) {
        set(spec, "replicas", Some(replicas.into()));
    }
    primary
}

/// What others wrote on the primary, and what the target has under the included prefixes.
///
/// What was copied when the primary was made goes, as with Flagger.
fn promoted(settings: &Settings, target: &Value, live: &Value, pointer: &str) -> Map {
    let mut map = kept(target, live, pointer);
    map.extend(included(texts(target, pointer), &settings.include_label_prefix));
    map
}

fn copy_fields(target: &Value, spec: &mut Value) {
    for field in COPIED {
        set(spec, field, target["spec"].get(field).cloned());
    }
}

/// The target's replicas if it has any.
fn replicas(target: &Value) -> Option<i64> {
    int(target, "/spec/replicas").filter(|n| *n > 0)
}
