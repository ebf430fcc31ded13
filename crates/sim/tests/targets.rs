//! Rollouts of other targets than Deployments, and of targets with an autoscaler.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a scenario that cannot be set up is a failed test"
)]

mod scenario;

use std::collections::BTreeMap;

use rstest::rstest;
use scenario::Scenario;
use serin_api::Phase;
use serin_core::{Action, observe::Answers};
use serin_sim::{Pods, VirtualScaler};

const DAEMON_SET: &str =
    r#"{"targetRef": {"apiVersion": "apps/v1", "kind": "DaemonSet", "name": "podinfo"}}"#;
const SERVICE: &str = r#"{"targetRef": {"apiVersion": "v1", "kind": "Service", "name": "podinfo"}}"#;
const SCALED: &str =
    r#"{"autoscalerRef": {"apiVersion": "keda.sh/v1alpha1", "kind": "ScaledObject", "name": "podinfo-so"}}"#;

fn initialized(analysis: &str, spec: &str) -> Scenario {
    let mut s = Scenario::with_spec(analysis, spec);
    s.pods_ready();
    assert_eq!(s.world.status.phase, Phase::Initialized, "{}", s.line());
    s
}

#[test]
fn a_daemon_set_is_released_in_flaggers_words() {
    let mut s = Scenario::with_spec(r#"{"stepWeight":50,"maxWeight":50}"#, DAEMON_SET);
    let why = "waiting for rollout to finish: 0 of 1 (readyThreshold 100%) updated replicas are available";
    assert_eq!(
        s.take_events(),
        [
            "all the metrics providers are available!",
            &format!("primary daemonset podinfo-primary.default not ready: {why}")
        ]
    );
    s.pods_ready();
    assert_eq!(s.take_alerts(), ["New DaemonSet detected, initialization completed."]);
    assert_eq!(s.line(), "Initialized w=0 fc=0 it=0 applied=a promoted=a replicas=0 route=100/0");
    s.ship("b");
    let waits = format!("canary damonset podinfo.default not ready with retryable true: {why}");
    s.take_events();
    assert_eq!(s.world.status.waiting_for.as_deref(), Some(waits.as_str()));
    s.pods_ready();
    s.interval();
    s.pods_ready();
    s.drain();
    assert_eq!(s.line(), "Succeeded w=0 fc=0 it=0 applied=b promoted=b replicas=0 route=100/0");
}

#[test]
fn a_daemon_set_that_does_not_come_up_is_rolled_back() {
    let mut s = initialized(r#"{"stepWeight":50}"#, DAEMON_SET);
    s.ship("b");
    s.take_events();
    s.take_alerts();
    s.canary_fails();
    let why = "canary damonset podinfo.default not ready with retryable false: deployment exceeded its \
               progress deadline";
    assert_eq!(s.take_events(), [format!("Rolling back podinfo.default progress deadline exceeded {why}")]);
    assert_eq!(s.take_alerts(), [format!("Progress deadline exceeded {why}")]);
    s.drain();
    assert_eq!(s.line(), "Failed w=0 fc=0 it=0 applied=b promoted=a replicas=0 route=100/0");
}

#[test]
fn a_service_is_released_without_being_scaled() {
    let mut s = initialized(r#"{"iterations":2}"#, SERVICE);
    assert_eq!(s.world.status.tracked_configs, None, "a Service has no configs");
    s.ship("b");
    s.pods_ready();
    s.take_events();
    s.interval();
    s.interval();
    s.interval();
    s.pods_ready();
    s.drain();
    assert_eq!(s.line(), "Succeeded w=0 fc=0 it=0 applied=b promoted=b replicas=1 route=100/0");
    let told = s.take_events();
    assert!(told.contains(&"Promotion completed! Scaling down podinfo.default".to_owned()), "{told:#?}");
}

/// A canary with a ScaledObject (`paused` known) or an HPA.
fn scaled(paused: Option<bool>) -> Scenario {
    let mut s = Scenario::with_spec(r#"{"threshold":1,"stepWeight":50,"maxWeight":50}"#, SCALED);
    s.world.scaler = Some(VirtualScaler { min_replicas: 3, paused, copied: false });
    s.pods_ready();
    assert_eq!(s.world.status.phase, Phase::Initialized, "{}", s.line());
    s
}

fn paused(s: &Scenario) -> Option<bool> {
    s.world.scaler.as_ref().unwrap().paused
}

#[test]
fn a_scaled_object_rests_with_its_target_and_scales_during_a_rollout() {
    let mut s = scaled(Some(false));
    assert!(s.world.scaler.as_ref().unwrap().copied);
    assert_eq!((paused(&s), s.world.target.replicas), (Some(true), 0));
    s.ship("b");
    assert_eq!((paused(&s), s.world.target.replicas), (Some(false), 3));
    s.pods_ready();
    s.interval();
    s.pods_ready();
    assert_eq!((s.world.status.phase, paused(&s)), (Phase::Finalising, Some(false)));
    s.drain();
    assert_eq!((s.world.status.phase, paused(&s)), (Phase::Succeeded, Some(true)));
}

#[test]
fn a_scaled_object_rests_after_a_rollback() {
    let mut s = scaled(Some(false));
    s.ship("b");
    s.canary_fails();
    assert_eq!(paused(&s), Some(false), "not before traffic is back");
    s.drain();
    assert_eq!((s.world.status.phase, paused(&s)), (Phase::Failed, Some(true)));
    assert_eq!(s.world.target.replicas, 0);
}

#[test]
fn resuming_is_made_up_for_when_a_start_was_cut_off() {
    let mut s = scaled(Some(false));
    s.ship("b");
    s.world.scaler.as_mut().unwrap().paused = Some(true);
    s.settle();
    assert_eq!(paused(&s), Some(false));
}

#[test]
fn an_hpa_is_never_paused() {
    let mut s = scaled(None);
    assert_eq!((paused(&s), s.world.target.replicas), (None, 0));
    s.ship("b");
    assert_eq!((paused(&s), s.world.target.replicas), (None, 3));
}

#[test]
fn a_missing_scaled_object_is_named() {
    let mut s = scaled(Some(false));
    let mut seen = s.world.observe(Answers::default());
    let scaler = seen.scaler.as_mut().unwrap();
    scaler.min_replicas = serin_core::Seen::Absent;
    scaler.paused = serin_core::Seen::Absent;
    seen.now += chrono::TimeDelta::minutes(1);
    let plan = serin_core::decide(&seen);
    let text = "Keda ScaledObject podinfo-so.default get query error: scaledobjects.keda.sh \"podinfo-so\" not found";
    assert_eq!(plan.status.waiting_for.as_deref(), Some(text));
    s.ship("b");
}

/// A Canary with `revertOnDeletion` that is being deleted while its primary has four copies.
#[rstest]
#[case::at_rest(false)]
#[case::amid_a_rollout(true)]
fn on_deletion_the_target_takes_over_with_the_primarys_copies(#[case] amid: bool) {
    let mut s = scaled(Some(false));
    if amid {
        s.ship("b");
        s.pods_ready();
    }
    s.world.primary.as_mut().unwrap().replicas = 4;
    let mut rollout = (*s.world.rollout).clone();
    (rollout.deleting, rollout.finalizer, rollout.spec.revert_on_deletion) = (true, true, true);
    s.world.rollout = rollout.into();
    let plan = s.world.plan(&s.script);
    let expected = if amid {
        vec![Action::ScaleTarget(4)]
    } else {
        vec![Action::PauseScaler(false), Action::ScaleTarget(4)]
    };
    assert_eq!((plan.actions, plan.status.phase), (expected.clone(), Phase::Terminating));
    s.world.status = plan.status;
    for action in &expected {
        s.world.apply(action);
    }
    // An autoscaler that takes copies away from here on is not fought.
    s.world.target.replicas = 2;
    s.world.target.pods = Pods::Ready;
    let plan = s.world.plan(&s.script);
    assert_eq!(plan.actions, [Action::RevertApex, Action::RevertRoute]);
}

#[test]
fn what_has_no_effect_is_told_once_in_each_rollout() {
    let spec = r#"{"provider": "kubernetes"}"#;
    let mut s = initialized(r#"{"stepWeight":50,"match":[{"headers":{"x":{"exact":"y"}}}]}"#, spec);
    s.ship("b");
    s.pods_ready();
    s.interval();
    s.interval();
    let told = s.take_events();
    let count = |text: &str| told.iter().filter(|event| *event == text).count();
    for text in [
        "A/B testing is not supported when using the kubernetes provider",
        "Progressive traffic is not supported when using the kubernetes provider",
        "Setting canaryAnalysis.iterations: 10",
    ] {
        assert_eq!(count(text), 1, "{told:#?}");
    }
}

#[test]
fn without_tracking_the_status_has_no_configs_and_none_start_a_rollout() {
    let mut s = initialized(r#"{"stepWeight":50}"#, "{}");
    assert_eq!(s.world.status.tracked_configs.as_ref().map(BTreeMap::len), Some(0));
    s.world.status.tracked_configs = Some([("configmap/a".to_owned(), "1".to_owned())].into());
    let mut rollout = (*s.world.rollout).clone();
    rollout.config_tracking = false;
    s.world.rollout = rollout.into();
    s.settle();
    assert_eq!(s.world.status.phase, Phase::Initialized, "turning tracking off is no change");
    s.ship("b");
    assert_eq!(s.world.status.tracked_configs, None);
    s.pods_ready();
    s.interval();
    s.interval();
    s.pods_ready();
    s.drain();
    assert_eq!(s.world.status.phase, Phase::Succeeded, "{}", s.line());
}

#[test]
fn a_service_is_let_go_as_it_is() {
    let mut s = initialized(r#"{"iterations":2}"#, SERVICE);
    let mut rollout = (*s.world.rollout).clone();
    (rollout.deleting, rollout.finalizer, rollout.spec.revert_on_deletion) = (true, true, true);
    s.world.rollout = rollout.into();
    let plan = s.world.plan(&s.script);
    assert_eq!(plan.actions, [Action::RevertApex, Action::RevertRoute]);
}

#[rstest]
#[case::asked_for(true, false, Some(Action::AddFinalizer))]
#[case::not_asked_for_any_more(false, true, Some(Action::RemoveFinalizer))]
#[case::as_it_is(true, true, None)]
fn the_finalizer_follows_the_manifest(
    #[case] wanted: bool,
    #[case] there: bool,
    #[case] expected: Option<Action>,
) {
    for kind in ["{}", DAEMON_SET, SERVICE] {
        let mut s = initialized(r#"{"iterations":2}"#, kind);
        let mut rollout = (*s.world.rollout).clone();
        (rollout.spec.revert_on_deletion, rollout.finalizer) = (wanted, there);
        s.world.rollout = rollout.into();
        assert_eq!(s.world.plan(&s.script).actions, Vec::from_iter(expected.clone()));
    }
}

#[test]
fn a_target_that_was_scaled_by_hand_keeps_its_copies_when_a_rollout_starts() {
    let mut s = initialized(r#"{"stepWeight":50}"#, "{}");
    s.world.target.replicas = 5;
    s.ship("b");
    assert_eq!((s.world.status.phase, s.world.target.replicas), (Phase::Progressing, 5));
}
