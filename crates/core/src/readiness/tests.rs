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
