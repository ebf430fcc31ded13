use rstest::rstest;
use serde_json::json;

use super::*;

const DEADLINE: TimeDelta = TimeDelta::seconds(600);

fn live(spec_replicas: i64, replicas: i64, updated: i64, available: i64) -> Value {
    json!({
        "metadata": {"name": "podinfo", "generation": 2},
        "spec": {"replicas": spec_replicas},
        "status": {
            "observedGeneration": 2,
            "replicas": replicas,
            "updatedReplicas": updated,
            "availableReplicas": available,
        },
    })
}

fn message(live: &Value, percent: i64) -> Option<String> {
    match deployment(live, percent, DEADLINE) {
        Readiness::Ready => None,
        Readiness::NotReady { message, .. } => Some(message),
    }
}

#[rstest]
#[case::ready(live(2, 2, 2, 2), 100, None)]
#[case::scaled_to_zero(live(0, 0, 0, 0), 100, None)]
#[case::updating(
    live(2, 2, 1, 1),
    100,
    Some("waiting for rollout to finish: 1 out of 2 new replicas have been updated")
)]
#[case::terminating(
    live(2, 3, 2, 2),
    100,
    Some("waiting for rollout to finish: 1 old replicas are pending termination")
)]
#[case::unavailable(
    live(1, 1, 1, 0),
    100,
    Some("waiting for rollout to finish: 0 of 1 (readyThreshold 100%) updated replicas are available")
)]
#[case::threshold_met(live(3, 3, 3, 1), 50, None)]
#[case::threshold_missed(
    live(10, 10, 10, 6),
    70,
    Some("waiting for rollout to finish: 6 of 7 (readyThreshold 70%) updated replicas are available")
)]
fn counts(#[case] live: Value, #[case] percent: i64, #[case] expected: Option<&str>) {
    assert_eq!(message(&live, percent).as_deref(), expected);
}

#[test]
fn pods_that_are_refused_are_told_of() {
    let mut live = live(2, 1, 1, 1);
    let refused = "pods \"app-1\" is forbidden: exceeded quota: q";
    live["status"]["conditions"] = json!([{"type": "ReplicaFailure", "status": "True", "message": refused}]);
    let text = "waiting for rollout to finish: 1 out of 2 new replicas have been updated: pods \"app-1\" is forbidden: exceeded quota: q";
    assert_eq!(message(&live, 100).as_deref(), Some(text));
}

#[test]
fn a_generation_not_yet_observed_is_waited_for() {
    let mut stale = live(1, 1, 1, 1);
    stale["metadata"]["generation"] = json!(3);
    stale["status"]["conditions"] = json!([{"type": "Progressing", "reason": "ProgressDeadlineExceeded"}]);
    assert_eq!(
        deployment(&stale, 100, DEADLINE),
        Readiness::NotReady {
            message:
                "waiting for rollout to finish: observed deployment generation less than desired generation"
                    .to_owned(),
            fatal_at: None
        }
    );
}

#[test]
fn the_deployments_own_deadline_is_final() {
    let mut stuck = live(1, 1, 1, 0);
    stuck["status"]["conditions"] = json!([{"type": "Progressing", "reason": "ProgressDeadlineExceeded"}]);
    assert_eq!(
        deployment(&stuck, 100, DEADLINE),
        Readiness::NotReady {
            message: "deployment \"podinfo\" exceeded its progress deadline".to_owned(),
            fatal_at: Some(Timestamp::MIN_UTC)
        }
    );
}

#[rstest]
#[case::short("False", "MinimumReplicasUnavailable", true, Some("2026-01-01T00:10:00Z"))]
#[case::available("True", "MinimumReplicasAvailable", true, None)]
#[case::other_reason("False", "Other", true, None)]
#[case::no_progress("False", "MinimumReplicasUnavailable", false, None)]
fn the_canarys_deadline_counts_from_the_condition(
    #[case] status: &str,
    #[case] reason: &str,
    #[case] progressing: bool,
    #[case] expected: Option<&str>,
) {
    let available = json!({"type": "Available", "status": status, "reason": reason, "lastUpdateTime": "2026-01-01T00:00:00Z"});
    let mut slow = live(1, 1, 1, 0);
    slow["status"]["conditions"] = if progressing {
        json!([available, {"type": "Progressing", "reason": "ReplicaSetUpdated"}])
    } else {
        json!([available])
    };
    let Readiness::NotReady { fatal_at, .. } = deployment(&slow, 100, DEADLINE) else { panic!("ready") };
    assert_eq!(fatal_at, expected.map(|at| at.parse().unwrap()));
}

fn daemons(generation: i64, desired: i64, updated: i64, available: i64) -> Value {
    json!({
        "metadata": {"name": "podinfo-ds", "generation": generation},
        "status": {
            "observedGeneration": 2,
            "desiredNumberScheduled": desired,
            "updatedNumberScheduled": updated,
            "numberAvailable": available,
        },
    })
}

#[rstest]
#[case::ready(daemons(2, 3, 3, 3), 100, None)]
#[case::scaled_to_zero(daemons(2, 0, 0, 0), 100, None)]
#[case::not_observed(
    daemons(3, 3, 3, 3),
    100,
    Some("waiting for rollout to finish: observed daemonset generation less than desired generation")
)]
#[case::updating(
    daemons(2, 3, 1, 3),
    100,
    Some("waiting for rollout to finish: 1 out of 3 new pods have been updated")
)]
#[case::unavailable(
    daemons(2, 3, 3, 1),
    100,
    Some("waiting for rollout to finish: 1 of 3 (readyThreshold 100%) updated pods are available")
)]
#[case::threshold_met(daemons(2, 3, 3, 1), 50, None)]
#[case::threshold_missed(
    daemons(2, 10, 10, 6),
    70,
    Some("waiting for rollout to finish: 6 of 7 (readyThreshold 70%) updated pods are available")
)]
fn daemon_sets(#[case] live: Value, #[case] percent: i64, #[case] expected: Option<&str>) {
    let start = Timestamp::UNIX_EPOCH;
    let message = match daemon_set(&live, percent, DEADLINE, Some(start), start) {
        Readiness::Ready => None,
        Readiness::NotReady { message, .. } => Some(message),
    };
    assert_eq!(message.as_deref(), expected);
}

#[test]
fn the_deadline_of_a_daemon_set_counts_from_the_last_change_of_the_status() {
    let start = Timestamp::UNIX_EPOCH;
    let at = |seconds: i64| {
        let since = Some(start);
        daemon_set(&daemons(2, 1, 1, 0), 100, DEADLINE, since, start + TimeDelta::seconds(seconds))
    };
    let Readiness::NotReady { message, fatal_at } = at(599) else { panic!("not ready") };
    assert_eq!(fatal_at, Some(start + DEADLINE));
    assert!(message.contains("0 of 1"), "{message}");
    let exceeded = "exceeded its progressDeadlineSeconds: 600".to_owned();
    assert_eq!(at(600), Readiness::NotReady { message: exceeded, fatal_at: Some(start + DEADLINE) });
    assert_eq!(
        daemon_set(&daemons(2, 1, 1, 1), 100, DEADLINE, Some(start), start + DEADLINE * 2),
        Readiness::Ready
    );
    let unseen = daemon_set(&daemons(3, 1, 1, 1), 100, DEADLINE, Some(start), start + DEADLINE * 2);
    assert!(matches!(unseen, Readiness::NotReady { fatal_at: None, .. }), "the controller is not there");
}
