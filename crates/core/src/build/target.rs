//! Targets of all kinds: what of them is released, and how they are scaled.

use serde_json::{Value, json};

use crate::{
    Rollout,
    build::BuildError,
    hash,
    json::{int, text},
    keys::SCALED_TO_ZERO,
    rollout::TargetKind,
};

/// Hash of the part of a target whose changes are revisions: the pod template, or a Service's spec.
///
/// Scaling a DaemonSet changes its template too, and is no revision.
pub fn revision(kind: TargetKind, target: &Value) -> String {
    match kind {
        TargetKind::Deployment => hash::revision(&target["spec"]["template"]),
        TargetKind::DaemonSet => hash::daemon_set_revision(&target["spec"]["template"]),
        TargetKind::Service => hash::service_revision(&target["spec"]),
    }
}

/// Whether it has pods, and how many: of a DaemonSet and a Service it is only told whether they may run.
pub fn replicas(kind: TargetKind, workload: &Value) -> i32 {
    match kind {
        TargetKind::Deployment => {
            int(workload, "/spec/replicas").and_then(|n| i32::try_from(n).ok()).unwrap_or(1)
        }
        TargetKind::DaemonSet => {
            let selector = workload.pointer("/spec/template/spec/nodeSelector");
            i32::from(selector.is_none_or(|selector| selector.get(SCALED_TO_ZERO).is_none()))
        }
        TargetKind::Service => 1,
    }
}

/// The merge patch that scales a target; `None` where there is nothing to scale.
pub fn scaling(kind: TargetKind, replicas: i32) -> Option<Value> {
    match kind {
        TargetKind::Deployment => Some(json!({"spec": {"replicas": replicas}})),
        TargetKind::DaemonSet => {
            let value = if replicas == 0 { Some("true") } else { None };
            Some(json!({"spec": {"template": {"spec": {"nodeSelector": {SCALED_TO_ZERO: value}}}}}))
        }
        TargetKind::Service => None,
    }
}

/// Refuses a target whose pods are only replaced by hand: a rollout would wait for it in vain.
///
/// # Errors
/// [`BuildError::UpdateStrategy`] for a DaemonSet whose strategy is not `RollingUpdate`.
pub fn supported(rollout: &Rollout, target: &Value) -> Result<(), BuildError> {
    let strategy = text(target, "/spec/updateStrategy/type").filter(|strategy| !strategy.is_empty());
    match (rollout.target_kind, strategy) {
        (TargetKind::DaemonSet, Some(strategy)) if strategy != "RollingUpdate" => {
            Err(BuildError::UpdateStrategy { target: rollout.target_name(), strategy: strategy.to_owned() })
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    fn daemon_set(selector: &Value) -> Value {
        let mut target = json!({"spec": {"template": {"spec": {"containers": [{"name": "a"}]}}}});
        if !selector.is_null() {
            target["spec"]["template"]["spec"]["nodeSelector"] = selector.clone();
        }
        target
    }

    #[rstest]
    #[case::never_set(json!(null))]
    #[case::empty(json!({}))]
    #[case::down(json!({SCALED_TO_ZERO: "true"}))]
    fn scaling_a_daemon_set_is_no_revision(#[case] selector: Value) {
        let of = |selector: &Value| revision(TargetKind::DaemonSet, &daemon_set(selector));
        assert_eq!(of(&selector), of(&json!({})));
        assert_ne!(of(&selector), of(&json!({"disk": "fast"})));
    }

    #[test]
    fn only_the_template_of_a_deployment_is_a_revision() {
        let of = |spec: Value| revision(TargetKind::Deployment, &json!({"spec": spec}));
        let template = json!({"spec": {"containers": [{"name": "a", "image": "a:1"}]}});
        let before = of(json!({"replicas": 1, "template": template}));
        assert_eq!(of(json!({"replicas": 5, "paused": true, "template": template})), before);
        let newer = json!({"spec": {"containers": [{"name": "a", "image": "a:2"}]}});
        assert_ne!(of(json!({"replicas": 1, "template": newer})), before);
    }

    #[rstest]
    #[case(TargetKind::Deployment, json!({"spec": {"replicas": 3}}), 3)]
    #[case(TargetKind::Deployment, json!({"spec": {}}), 1)]
    #[case(TargetKind::DaemonSet, daemon_set(&json!(null)), 1)]
    #[case(TargetKind::DaemonSet, daemon_set(&json!({"disk": "fast"})), 1)]
    #[case(TargetKind::DaemonSet, daemon_set(&json!({SCALED_TO_ZERO: "true"})), 0)]
    #[case(TargetKind::Service, json!({"spec": {}}), 1)]
    fn replicas_of_each_kind(#[case] kind: TargetKind, #[case] target: Value, #[case] expected: i32) {
        assert_eq!(replicas(kind, &target), expected);
    }

    #[test]
    fn scaling_of_each_kind() {
        let selector = |value: Value| {
            Some(json!({"spec": {"template": {"spec": {"nodeSelector": {SCALED_TO_ZERO: value}}}}}))
        };
        assert_eq!(scaling(TargetKind::Deployment, 0), Some(json!({"spec": {"replicas": 0}})));
        assert_eq!(scaling(TargetKind::DaemonSet, 0), selector(json!("true")));
        assert_eq!(scaling(TargetKind::DaemonSet, 3), selector(json!(null)));
        assert_eq!(scaling(TargetKind::Service, 0), None);
    }
}
