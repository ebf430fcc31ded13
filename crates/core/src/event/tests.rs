//! The texts that scripts and dashboards match, to the letter.

use rstest::rstest;
use serde_json::json;
use serin_testkit::canary;

use super::*;
use crate::validate::{Settings, validate};

/// The Canary `app` of the Deployment `podinfo`.
fn rollout() -> Rollout {
    let mut canary = canary(json!({ "stepWeight": 10 }), json!({})).unwrap();
    canary.metadata.name = Some("app".to_owned());
    canary.metadata.namespace = Some("test".to_owned());
    validate(&canary, &Settings::default()).unwrap()
}

#[rstest]
#[case(SUSPENDED, "skipping canary run as object is suspended")]
#[case(PROVIDERS_AVAILABLE, "all the metrics providers are available!")]
#[case(ROUTING_TO_PRIMARY, "Routing all traffic to primary")]
#[case(ROUTING_TO_CANARY, "Routing all traffic to canary")]
#[case(STOP_MIRRORING, "Stop traffic mirroring and route all traffic to canary")]
#[case(&rollout().say_initialized(), "Initialization done! app.test")]
#[case(&rollout().say_detected(), "New revision detected! Scaling up podinfo.test")]
#[case(&rollout().say_restarting(), "New revision detected! Restarting analysis for podinfo.test")]
#[case(&rollout().say_starting(), "Starting canary analysis for podinfo.test")]
#[case(&rollout().say_weight(20), "Advance app.test canary weight 20")]
#[case(&rollout().say_iteration(1, 10), "Advance app.test canary iteration 1/10")]
#[case(&rollout().say_primary_weight(40), "Advance app.test primary weight 40")]
#[case(&rollout().say_copying(), "Copying podinfo.test template spec to podinfo-primary.test")]
#[case(&rollout().say_promoted(), "Promotion completed! Scaling down podinfo.test")]
#[case(&rollout().say_skipped(), "Promotion completed! Canary analysis was skipped for podinfo.test")]
#[case(&rollout().say_failed(), "Canary failed! Scaling down app.test")]
#[case(&rollout().say_promotion_failed("why"), "Promotion of podinfo.test failed, primary not ready: why")]
#[case(&rollout().say_halt("waiting for approval gate"), "Halt app.test advancement waiting for approval gate")]
#[case(&post_rollout("done", Ok(())), "Post-rollout check done passed")]
#[case(&post_rollout("done", Err("why")), "Post-rollout hook done failed why")]
fn the_words_of_events_are_flaggers(#[case] ours: &str, #[case] flaggers: &str) {
    assert_eq!(ours, flaggers);
}

#[rstest]
#[case(
    RollbackCause::Threshold(5),
    "Rolling back app.test failed checks threshold reached 5",
    "Failed checks threshold reached 5"
)]
#[case(
    RollbackCause::Hook,
    "Rolling back app.test manual webhook invoked",
    "Rolling back manual webhook invoked"
)]
#[case(
    RollbackCause::Deadline("why".to_owned()),
    "Rolling back app.test progress deadline exceeded why",
    "Progress deadline exceeded why"
)]
fn the_words_of_a_rollback_are_flaggers(
    #[case] cause: RollbackCause,
    #[case] event: &str,
    #[case] alert: &str,
) {
    assert_eq!((cause.event(&rollout()).as_str(), cause.alert().as_str()), (event, alert));
}

#[rstest]
#[case(&alert_initialized("Deployment"), "New Deployment detected, initialization completed.")]
#[case(ALERT_PROGRESSING, "New revision detected, progressing canary analysis.")]
#[case(ALERT_WAITING, "Canary is waiting for approval.")]
#[case(ALERT_WAITING_INCREASE, "Canary traffic increase is waiting for approval.")]
#[case(ALERT_WAITING_PROMOTION, "Canary promotion is waiting for approval.")]
#[case(ALERT_SUCCEEDED, "Canary analysis completed successfully, promotion finished.")]
#[case(ALERT_SKIPPED, "Canary analysis was skipped, promotion finished.")]
fn the_words_of_alerts_are_flaggers(#[case] ours: &str, #[case] flaggers: &str) {
    assert_eq!(ours, flaggers);
}
