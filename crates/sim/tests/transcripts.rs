//! Whole rollouts in virtual time, told by their events. The lists are what Flagger says tick by tick in
//! the same situations; where Serin differs on purpose a comment gives the reason.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod scenario;

use scenario::Scenario;
use serin_api::Phase;

const NO_ENDPOINTS: &str = "Service podinfo-primary.default has no ready endpoints: check that its pods are ready and that service.targetPort names a port of the container";
const INIT: [&str; 3] = [
    "all the metrics providers are available!",
    "podinfo-primary.default not ready: waiting for rollout to finish: 0 of 1 (readyThreshold 100%) updated replicas are available",
    "Initialization done! podinfo.default",
];
const CANARY_STARTS: &str = "canary deployment podinfo.default not ready: waiting for rollout to finish: 0 of 1 (readyThreshold 100%) updated replicas are available";
const PRIMARY_STARTS: &str = "podinfo-primary.default not ready: waiting for rollout to finish: 0 of 1 (readyThreshold 100%) updated replicas are available";
const DETECTED: &str = "New revision detected! Scaling up podinfo.default";
const STARTING: &str = "Starting canary analysis for podinfo.default";
const COPYING: &str = "Copying podinfo.default template spec to podinfo-primary.default";
const TO_PRIMARY: &str = "Routing all traffic to primary";
const COMPLETED: &str = "Promotion completed! Scaling down podinfo.default";
const FAILED: &str = "Canary failed! Scaling down podinfo.default";

#[test]
fn initialisation_keeps_the_target_until_the_primary_serves() {
    let mut s = Scenario::new(r#"{"maxWeight":50,"stepWeight":20}"#);
    s.settle();
    assert_eq!(s.world.target.replicas, 1);
    assert_eq!(s.world.route, None);
    s.pods_ready();
    assert_eq!(s.take_events(), INIT);
    assert_eq!(s.line(), "Initialized w=0 fc=0 it=0 applied=a promoted=a replicas=0 route=100/0");
}

#[test]
fn progressive_canary_is_promoted() {
    let mut s = Scenario::initialized(r#"{"maxWeight":50,"stepWeight":20}"#);
    s.ship("b");
    assert_eq!(s.take_events(), [DETECTED, CANARY_STARTS]);
    s.pods_ready();
    assert_eq!(s.take_events(), [STARTING, "Advance podinfo.default canary weight 20"]);
    assert_eq!(s.line(), "Progressing w=20 fc=0 it=0 applied=b promoted=a replicas=1 route=80/20");
    s.interval();
    assert_eq!(s.take_events(), ["Advance podinfo.default canary weight 40"]);
    s.interval();
    assert_eq!(s.take_events(), ["Advance podinfo.default canary weight 60"]);
    s.interval();
    assert_eq!(s.take_events(), [COPYING, PRIMARY_STARTS]);
    assert_eq!(s.line(), "Promoting w=60 fc=0 it=0 applied=b promoted=a replicas=1 route=40/60");
    // Nothing here waits for a tick: the primary is ready, and the rest follows.
    s.pods_ready();
    assert_eq!(s.take_events(), [TO_PRIMARY]);
    assert_eq!(s.line(), "Finalising w=0 fc=0 it=0 applied=b promoted=a replicas=1 route=100/0");
    s.drain();
    assert_eq!(s.take_events(), [COMPLETED]);
    assert_eq!(s.line(), "Succeeded w=0 fc=0 it=0 applied=b promoted=b replicas=0 route=100/0");
    s.interval();
    assert_eq!(s.take_events(), [""; 0]);
}

#[test]
fn every_round_of_the_analysis_is_counted_also_one_without_metrics() {
    let mut s = Scenario::initialized(r#"{"stepWeight":20}"#);
    s.ship("b");
    s.pods_ready();
    assert!(!s.world.plan(&s.script).analysed, "a look between two rounds");
    s.world.now += chrono::TimeDelta::seconds(10);
    assert!(s.world.plan(&s.script).analysed);
}

#[test]
fn a_wake_is_not_a_tick() {
    let mut s = Scenario::initialized(r#"{"maxWeight":50,"stepWeight":20}"#);
    s.ship("b");
    s.pods_ready();
    s.take_events();
    for _ in 0..9 {
        s.seconds(1);
    }
    assert_eq!(s.take_events(), [""; 0]);
    s.seconds(1);
    assert_eq!(s.take_events(), ["Advance podinfo.default canary weight 40"]);
}

#[test]
fn failed_checks_roll_back_in_the_same_moment() {
    let mut s = Scenario::initialized(
        r#"{"threshold":2,"stepWeight":50,"webhooks":[{"name":"roll","url":"http://t/"}]}"#,
    );
    s.ship("b");
    s.pods_ready();
    s.take_events();
    s.script.closed.insert("roll".into(), "resp-/roll".into());
    s.interval();
    let halt = "Halt podinfo.default advancement external check roll failed resp-/roll";
    assert_eq!(s.take_events(), [halt]);
    assert_eq!(s.line(), "Progressing w=50 fc=1 it=0 applied=b promoted=a replicas=1 route=50/50");
    // Flagger rolls back one interval later.
    s.interval();
    let reached = "Rolling back podinfo.default failed checks threshold reached 2";
    assert_eq!(s.take_events(), [halt, reached]);
    assert_eq!(s.world.route.map(|r| r.canary), Some(0));
    s.drain();
    assert_eq!(s.take_events(), [FAILED]);
    assert_eq!(s.line(), "Failed w=0 fc=0 it=0 applied=b promoted=a replicas=0 route=100/0");
}

#[test]
fn all_gates_closed_then_open() {
    let mut s = Scenario::initialized(
        r#"{"threshold":5,"stepWeight":50,"maxWeight":50,"webhooks":[
        {"name":"cr","type":"confirm-rollout","url":"http://t/"},{"name":"pre","type":"pre-rollout","url":"http://t/"},
        {"name":"roll","type":"rollout","url":"http://t/"},{"name":"cti","type":"confirm-traffic-increase","url":"http://t/"},
        {"name":"cp","type":"confirm-promotion","url":"http://t/"},{"name":"rb","type":"rollback","url":"http://t/"}]}"#,
    );
    for hook in ["cr", "pre", "roll", "cti", "cp", "rb"] {
        s.script.closed.insert(hook.into(), format!("resp-/{hook}"));
    }
    s.ship("b");
    assert_eq!(s.take_events(), ["Halt podinfo.default advancement waiting for approval cr"]);
    assert_eq!(s.line(), "Waiting w=0 fc=0 it=0 applied=a promoted=a replicas=0 route=100/0");
    s.interval();
    // The rollback hook is asked while waiting too, as documented.
    assert_eq!(s.take_events(), ["Rollback hook rb not signaling a rollback"]);
    s.script.closed.remove("cr");
    s.interval();
    let no = "Rollback hook rb not signaling a rollback";
    assert_eq!(s.take_events(), [no, "Confirm-rollout check cr passed", DETECTED, CANARY_STARTS]);
    s.pods_ready();
    assert_eq!(
        s.take_events(),
        [no, STARTING, "Halt podinfo.default advancement pre-rollout check pre failed resp-/pre"]
    );
    assert_eq!(s.line(), "Progressing w=0 fc=1 it=0 applied=b promoted=a replicas=1 route=100/0");
    s.script.closed.remove("pre");
    s.interval();
    let held = "Halt podinfo.default advancement waiting for traffic increase approval cti";
    assert_eq!(s.take_events(), [no, STARTING, "Pre-rollout check pre passed", held]);
    // Said once, not in each interval.
    s.interval();
    assert_eq!(s.take_events(), [no, STARTING, "Pre-rollout check pre passed"]);
    s.script.closed.remove("cti");
    s.interval();
    let cti = "Confirm-traffic-increase check cti passed";
    let weight = "Advance podinfo.default canary weight 50";
    assert_eq!(s.take_events(), [no, STARTING, "Pre-rollout check pre passed", cti, weight]);
    s.interval();
    assert_eq!(
        s.take_events(),
        [no, "Halt podinfo.default advancement external check roll failed resp-/roll"]
    );
    s.script.closed.remove("roll");
    s.interval();
    let promotion = "Halt podinfo.default advancement waiting for promotion approval cp";
    assert_eq!(s.take_events(), [no, cti, promotion]);
    // Flagger shows weight 0 and iterations -1 here; the truth is kept.
    assert_eq!(s.line(), "WaitingPromotion w=50 fc=2 it=0 applied=b promoted=a replicas=1 route=50/50");
    s.interval();
    assert_eq!(s.take_events(), [no]);
    s.script.closed.remove("cp");
    s.interval();
    assert_eq!(s.take_events(), [no, "Confirm-promotion check cp passed", COPYING, PRIMARY_STARTS]);
    s.pods_ready();
    s.drain();
    assert_eq!(s.take_events(), [TO_PRIMARY, COMPLETED]);
    assert_eq!(s.line(), "Succeeded w=0 fc=2 it=0 applied=b promoted=b replicas=0 route=100/0");
}

#[test]
fn blue_green_switches_before_it_promotes() {
    let hooks = r#"[{"name":"cp","type":"confirm-promotion","url":"http://t/"}]"#;
    let mut s = Scenario::initialized(&format!(r#"{{"iterations":2,"webhooks":{hooks}}}"#));
    s.ship("b");
    s.pods_ready();
    s.interval();
    s.script.closed.insert("cp".into(), "no".into());
    s.interval();
    let halt = "Halt podinfo.default advancement waiting for promotion approval cp";
    let first = "Advance podinfo.default canary iteration 1/2";
    let second = "Advance podinfo.default canary iteration 2/2";
    assert_eq!(s.take_events(), [DETECTED, CANARY_STARTS, STARTING, first, second, halt]);
    // The gate is polled in each interval; Flagger does so in every other.
    s.script.closed.clear();
    s.interval();
    let passed = "Confirm-promotion check cp passed";
    assert_eq!(s.take_events(), [passed, "Routing all traffic to canary"]);
    assert_eq!(s.line(), "WaitingPromotion w=0 fc=0 it=3 applied=b promoted=a replicas=1 route=0/100");
    s.interval();
    assert_eq!(s.take_events(), [passed, COPYING, PRIMARY_STARTS]);
    s.pods_ready();
    s.drain();
    assert_eq!(s.take_events(), [TO_PRIMARY, COMPLETED]);
}

#[test]
fn blue_green_mirrors() {
    let mut s = Scenario::initialized(r#"{"iterations":2,"mirror":true}"#);
    s.ship("b");
    s.pods_ready();
    assert!(s.world.route.is_some_and(|r| r.mirror && r.canary == 0));
    s.interval();
    s.interval();
    s.interval();
    let events = s.take_events();
    assert_eq!(
        events[4..],
        [
            "Advance podinfo.default canary iteration 2/2",
            "Stop traffic mirroring and route all traffic to canary",
            COPYING,
            PRIMARY_STARTS
        ][..]
    );
    s.pods_ready();
    s.drain();
    assert_eq!(s.line(), "Succeeded w=0 fc=0 it=0 applied=b promoted=b replicas=0 route=100/0");
}

#[test]
fn ab_test_runs_its_iterations() {
    let mut s = Scenario::initialized(r#"{"iterations":2,"match":[{"headers":{"x":{"exact":"y"}}}]}"#);
    s.ship("b");
    s.pods_ready();
    assert_eq!(s.line(), "Progressing w=0 fc=0 it=1 applied=b promoted=a replicas=1 route=0/100");
    s.interval();
    s.interval();
    s.pods_ready();
    s.drain();
    assert_eq!(
        s.take_events(),
        [
            DETECTED,
            CANARY_STARTS,
            STARTING,
            "Advance podinfo.default canary iteration 1/2",
            "Advance podinfo.default canary iteration 2/2",
            COPYING,
            PRIMARY_STARTS,
            TO_PRIMARY,
            COMPLETED
        ]
    );
}

#[test]
fn progress_deadline_rolls_back_and_alerts() {
    let mut s = Scenario::initialized(r#"{"stepWeight":50}"#);
    s.ship("b");
    s.take_events();
    s.canary_fails();
    let why = "canary deployment podinfo.default not ready: deployment exceeded its progress deadline";
    // Flagger's text for this is unreachable in Flagger, and so is the alert.
    assert_eq!(s.take_events(), [format!("Rolling back podinfo.default progress deadline exceeded {why}")]);
    s.drain();
    assert_eq!(s.take_events(), [FAILED]);
    assert_eq!(
        s.take_alerts(),
        [
            "New Deployment detected, initialization completed.",
            "New revision detected, progressing canary analysis.",
            &format!("Progress deadline exceeded {why}")
        ]
    );
}

#[test]
fn a_new_revision_after_a_failure_is_not_lost_while_the_primary_is_unready() {
    let mut s = Scenario::initialized(
        r#"{"threshold":1,"stepWeight":50,"webhooks":[{"name":"roll","url":"http://t/"}]}"#,
    );
    s.ship("b");
    s.pods_ready();
    s.script.closed.insert("roll".into(), "no".into());
    s.interval();
    s.drain();
    assert_eq!(s.world.status.phase, Phase::Failed);
    s.script.closed.clear();
    s.take_events();
    s.primary_unready();
    assert_eq!(s.take_events(), [NO_ENDPOINTS], "users are without the primary");
    s.seconds(20);
    s.ship("c");
    assert_eq!(s.take_events(), [PRIMARY_STARTS]);
    assert_eq!(s.line(), "Failed w=0 fc=0 it=0 applied=b promoted=a replicas=0 route=100/0");
    s.pods_ready();
    assert_eq!(s.take_events()[0], DETECTED);
    assert_eq!(s.world.status.last_applied_spec.as_deref(), Some("c"));
}

#[test]
fn a_failed_promotion_leaves_traffic_on_the_canary_and_the_next_revision_heals() {
    let mut s = Scenario::initialized(r#"{"stepWeight":50,"maxWeight":50}"#);
    s.ship("b");
    s.pods_ready();
    s.interval();
    s.take_events();
    s.primary_fails();
    let why = "podinfo-primary.default not ready: deployment exceeded its progress deadline";
    assert_eq!(s.take_events(), [format!("Promotion of podinfo.default failed, primary not ready: {why}")]);
    assert_eq!(s.line(), "Failed w=100 fc=0 it=0 applied=b promoted=a replicas=1 route=0/100");
    // Flagger sends everything to the broken primary here and scales the healthy canary to zero.
    s.ship("c");
    s.target_ready();
    assert_eq!(s.line(), "Progressing w=100 fc=0 it=0 applied=c promoted=a replicas=1 route=0/100");
    s.interval();
    s.pods_ready();
    s.drain();
    assert_eq!(s.line(), "Succeeded w=0 fc=0 it=0 applied=c promoted=c replicas=0 route=100/0");
}

#[test]
fn a_newer_revision_restarts_the_analysis() {
    let mut s = Scenario::initialized(r#"{"stepWeight":30}"#);
    s.ship("b");
    s.pods_ready();
    s.take_events();
    s.ship("c");
    assert_eq!(
        s.take_events(),
        ["New revision detected! Restarting analysis for podinfo.default", CANARY_STARTS]
    );
    assert_eq!(s.line(), "Progressing w=0 fc=0 it=0 applied=c promoted=a replicas=1 route=100/0");
    s.pods_ready();
    assert_eq!(s.take_events(), [STARTING, "Advance podinfo.default canary weight 30"]);
}

#[test]
fn going_back_to_the_promoted_revision_ends_the_analysis() {
    let mut s = Scenario::initialized(r#"{"stepWeight":30}"#);
    s.ship("b");
    s.pods_ready();
    s.take_events();
    // Flagger promotes what is already promoted and then runs a whole analysis again.
    s.ship("a");
    assert_eq!(s.take_events(), ["podinfo.default is back at the promoted revision, ending the analysis"]);
    s.drain();
    assert_eq!(s.take_events(), ["Analysis ended, nothing to promote. Scaling down podinfo.default"]);
    assert_eq!(s.line(), "Succeeded w=0 fc=0 it=0 applied=a promoted=a replicas=0 route=100/0");
    s.ship("b");
    assert_eq!(s.take_events(), [DETECTED, CANARY_STARTS]);
}

#[test]
fn a_progressive_canary_with_mirroring_mirrors_one_step() {
    let mut s = Scenario::initialized(r#"{"stepWeight":50,"maxWeight":50,"mirror":true}"#);
    s.ship("b");
    s.pods_ready();
    assert!(s.world.route.is_some_and(|r| r.mirror && r.canary == 0));
    s.interval();
    // Flagger stays at weight 0 forever.
    assert_eq!(s.world.route.map(|r| (r.canary, r.mirror)), Some((50, false)));
}

#[test]
fn skipped_analysis_promotes_as_soon_as_the_canary_is_ready() {
    let mut s = Scenario::with_spec(r#"{"stepWeight":50}"#, r#"{"skipAnalysis":true}"#);
    s.pods_ready();
    s.take_events();
    s.ship("b");
    s.pods_ready();
    s.pods_ready();
    s.drain();
    assert_eq!(
        s.take_events(),
        [
            DETECTED,
            CANARY_STARTS,
            COPYING,
            PRIMARY_STARTS,
            TO_PRIMARY,
            "Promotion completed! Canary analysis was skipped for podinfo.default"
        ]
    );
    assert_eq!(s.line(), "Succeeded w=0 fc=0 it=0 applied=b promoted=b replicas=0 route=100/0");
}

#[test]
fn stepped_promotion_goes_back_in_steps() {
    let mut s = Scenario::initialized(r#"{"stepWeights":[10,50],"stepWeightPromotion":30}"#);
    s.ship("b");
    s.pods_ready();
    s.interval();
    s.interval();
    s.take_events();
    s.pods_ready();
    assert_eq!(s.take_events(), ["Advance podinfo.default primary weight 80"]);
    assert_eq!(s.line(), "Promoting w=20 fc=0 it=0 applied=b promoted=a replicas=1 route=80/20");
    s.interval();
    assert_eq!(s.take_events(), ["Advance podinfo.default primary weight 100"]);
    s.drain();
    assert_eq!(s.line(), "Succeeded w=0 fc=0 it=0 applied=b promoted=b replicas=0 route=100/0");
}

#[test]
fn kubernetes_provider_tests_without_traffic() {
    let mut s = Scenario::with_spec(r#"{"iterations":2}"#, r#"{"provider":"kubernetes"}"#);
    s.pods_ready();
    s.ship("b");
    s.pods_ready();
    s.take_events();
    s.interval();
    s.interval();
    assert_eq!(s.take_events(), ["Advance podinfo.default canary iteration 2/2"]);
    s.interval();
    s.pods_ready();
    s.drain();
    assert_eq!(s.take_events(), [COPYING, PRIMARY_STARTS, COMPLETED]);
    assert_eq!(s.world.route, None);
}

#[test]
fn a_changed_config_is_a_new_revision() {
    let mut s = Scenario::initialized(r#"{"stepWeight":50,"maxWeight":50}"#);
    s.world.configs.insert("configmap/app".into(), "2".into());
    s.settle();
    assert_eq!(s.take_events(), [DETECTED, CANARY_STARTS]);
    s.pods_ready();
    s.interval();
    s.pods_ready();
    s.drain();
    assert_eq!(s.take_events().last().map(String::as_str), Some(COMPLETED));
    // Back to the old content is a change like any other; back to what is promoted is not.
    s.world.configs.insert("configmap/app".into(), "1".into());
    s.settle();
    assert_eq!(s.take_events()[0], DETECTED);
    s.world.configs.insert("configmap/app".into(), "2".into());
    s.settle();
    // No traffic was shifted yet, so there is nothing to drain.
    assert_eq!(
        s.take_events(),
        [
            "podinfo.default is back at the promoted revision, ending the analysis",
            "Analysis ended, nothing to promote. Scaling down podinfo.default"
        ]
    );
}

#[test]
fn a_suspended_canary_is_left_alone() {
    let mut s = Scenario::with_spec(r#"{"stepWeight":50}"#, r#"{"suspend":true}"#);
    s.interval();
    assert_eq!(s.take_events(), ["skipping canary run as object is suspended"]);
    assert!(s.world.primary.is_none());
}

#[test]
fn a_canary_that_loses_its_pods_loses_its_traffic() {
    let mut s = Scenario::initialized(r#"{"stepWeight":50}"#);
    s.ship("b");
    s.pods_ready();
    s.canary_unready();
    assert_eq!(s.world.route.map(|r| r.canary), Some(0));
    s.interval();
    assert_eq!(s.world.status.failed_checks, 0);
    s.pods_ready();
    assert_eq!(s.line(), "Progressing w=50 fc=0 it=0 applied=b promoted=a replicas=1 route=100/0");
    s.seconds(9);
    assert_eq!(s.world.route.map(|r| r.canary), Some(0), "the gateway is given an interval");
    s.seconds(1);
    assert_eq!(s.line(), "Progressing w=50 fc=0 it=0 applied=b promoted=a replicas=1 route=50/50");
    s.take_events();
    s.seconds(9);
    assert_eq!(s.take_events(), [""; 0]);
}

#[test]
fn an_unaccepted_route_holds_the_rollout() {
    let mut s = Scenario::initialized(r#"{"stepWeight":50}"#);
    s.ship("b");
    s.pods_ready();
    s.take_events();
    s.world.pending = Some("HTTPRoute podinfo.default parent gateway is not ready".into());
    s.interval();
    assert_eq!(s.take_events(), ["HTTPRoute podinfo.default parent gateway is not ready"]);
    s.world.pending = None;
    s.settle();
    assert_eq!(s.take_events(), ["Advance podinfo.default canary weight 100"]);
}

/// The first of two pods is ready, and has its endpoint, some seconds before the Deployment calls it available
/// (`minReadySeconds`): the route is written then, and what is waited for stays.
#[test]
fn a_route_that_is_written_meanwhile_does_not_repeat_what_is_waited_for() {
    let mut s = Scenario::initialized(r#"{"maxWeight":50,"stepWeight":50}"#);
    s.ship("b");
    assert_eq!(s.take_events(), [DETECTED, CANARY_STARTS]);
    let reason = s.world.status.waiting_for.clone();
    assert_eq!(reason.as_deref(), Some(CANARY_STARTS));
    let mut written = false;
    for _ in 0..6 {
        s.world.pass(chrono::TimeDelta::seconds(1));
        let mut seen = s.world.observe(serin_core::observe::Answers::default());
        seen.endpoints.canary = serin_core::Seen::Present(1);
        let plan = serin_core::decide(&seen);
        assert!(plan.events.is_empty(), "{:?}", plan.events);
        assert_eq!(plan.status.waiting_for, reason);
        written |= !plan.actions.is_empty();
        s.world.status = plan.status;
        plan.actions.iter().for_each(|action| s.world.apply(action));
    }
    assert!(written, "the route knows both sides");
}
