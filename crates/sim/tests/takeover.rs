//! Statuses as Flagger leaves them: Serin goes on where Flagger stopped. Nothing is started, moved or made again.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod scenario;

use std::{collections::BTreeSet, sync::Arc};

use chrono::TimeDelta;
use rstest::rstest;
use scenario::Scenario;
use serde_json::{Value, json};
use serin_api::Phase;
use serin_core::{Action, Routing};
use serin_sim::{Pods, world::VirtualPrimary};

const WEIGHTS: &str = r#"{"maxWeight":50,"stepWeight":25}"#;
const AB: &str = r#"{"iterations":2,"match":[{"headers":{"x":{"exact":"y"}}}]}"#;
const BLUE_GREEN: &str = r#"{"iterations":2}"#;

/// What Flagger calls a promotion: it makes the name up.
const RANDOM: &str = "355a005a-9238-4d78-97c4-d3f031a69451";

/// A release that Flagger brought to this status, with revision `a` promoted and `b` under analysis (or none if the
/// target has no replicas), and this share of traffic on the canary.
fn left_by_flagger(analysis: &str, spec: &str, status: &Value, replicas: i32, canary: u8) -> Scenario {
    let mut s = Scenario::initialized_with(analysis, spec);
    let world = &mut s.world;
    Arc::make_mut(&mut world.rollout).generation = Some(1);
    let promoting = ["Promoting", "Finalising"].map(Value::from).contains(&status["phase"]);
    let resting = ["Initialized", "Succeeded"].map(Value::from).contains(&status["phase"]);
    let applied = if resting { "a" } else { "b" };
    let mut whole = json!({
        "failedChecks": 0, "canaryWeight": 0, "iterations": 0, "lastAppliedSpec": applied, "lastPromotedSpec": "a",
        "lastTransitionTime": world.now, "trackedConfigs": {},
        "conditions": [{"type": "Promoted", "status": "Unknown", "reason": status["phase"]}],
    });
    for (key, value) in status.as_object().unwrap() {
        whole[key] = value.clone();
    }
    world.status = serde_json::from_value(whole).unwrap();
    applied.clone_into(&mut world.target.revision);
    world.target.replicas = replicas;
    world.target.pods = Pods::Ready;
    world.primary = Some(VirtualPrimary {
        revision: if promoting { "b" } else { "a" }.to_owned(),
        promotion_id: RANDOM.to_owned(),
        replicas: 1,
        pods: Pods::Ready,
        rolling: false,
        configs: BTreeSet::new(),
    });
    world.route = Some(Routing::weighted(canary)).filter(|_| world.rollout.router.shifts());
    s
}

fn split(s: &Scenario) -> Option<u8> {
    s.world.route.map(|route| route.canary)
}

#[rstest]
#[case::initialized(json!({"phase": "Initialized"}), 0)]
#[case::succeeded(json!({"phase": "Succeeded", "failedChecks": 2}), 0)]
#[case::failed(json!({"phase": "Failed"}), 0)]
#[case::failed_promotion(json!({"phase": "Failed", "canaryWeight": 100}), 100)]
#[case::untracked(json!({"phase": "Succeeded", "trackedConfigs": null}), 0)]
fn nothing_at_all_happens_between_releases(#[case] status: Value, #[case] canary: u8) {
    let replicas = i32::from(canary > 0);
    let mut s = left_by_flagger(WEIGHTS, "{}", &status, replicas, canary);
    if canary > 0 {
        // The primary that did not come up is why Flagger left the traffic there.
        s.world.primary.as_mut().unwrap().pods = Pods::Failed;
    }
    let before = s.world.clone();
    s.settle();
    s.seconds(600);
    assert_eq!(s.take_events(), [""; 0]);
    assert_eq!(s.world.status, before.status, "not even the status is written");
    assert_eq!(
        (s.world.target, s.world.primary, s.world.route),
        (before.target, before.primary, before.route)
    );
}

#[rstest]
#[case::start(WEIGHTS, json!({"phase": "Progressing"}), 0, 0)]
#[case::weight(WEIGHTS, json!({"phase": "Progressing", "canaryWeight": 25, "failedChecks": 1}), 25, 25)]
#[case::route_ahead(WEIGHTS, json!({"phase": "Progressing", "canaryWeight": 25}), 50, 50)]
#[case::gate(WEIGHTS, json!({"phase": "WaitingPromotion", "iterations": -1}), 50, 50)]
#[case::after_the_gate(WEIGHTS, json!({"phase": "Promoting", "iterations": -1}), 50, 50)]
#[case::promoting(WEIGHTS, json!({"phase": "Promoting", "canaryWeight": 50}), 50, 50)]
#[case::finalising(WEIGHTS, json!({"phase": "Finalising"}), 0, 0)]
#[case::ab(AB, json!({"phase": "Progressing", "iterations": 1}), 100, 0)]
#[case::ab_gate(AB, json!({"phase": "WaitingPromotion", "iterations": 1}), 100, 0)]
#[case::ab_gate_of_one(r#"{"iterations":1,"match":[{"headers":{"x":{"exact":"y"}}}]}"#,
    json!({"phase": "WaitingPromotion", "iterations": 0}), 100, 0)]
#[case::ab_promoting(AB, json!({"phase": "Promoting", "iterations": 2}), 100, 0)]
#[case::blue_green(BLUE_GREEN, json!({"phase": "Progressing", "iterations": 1}), 0, 0)]
#[case::blue_green_gate(BLUE_GREEN, json!({"phase": "WaitingPromotion", "iterations": 1}), 0, 0)]
#[case::blue_green_switched(BLUE_GREEN, json!({"phase": "Progressing", "iterations": 3}), 100, 0)]
#[case::blue_green_gate_after_the_switch(BLUE_GREEN, json!({"phase": "WaitingPromotion", "iterations": 1}), 100, 0)]
#[case::blue_green_promoting(BLUE_GREEN, json!({"phase": "Promoting", "iterations": 3}), 100, 0)]
fn a_rollout_goes_on_from_where_it_is(
    #[case] analysis: &str,
    #[case] status: Value,
    #[case] canary: u8,
    #[case] weight: i64,
) {
    let mut s = left_by_flagger(analysis, "{}", &status, 1, canary);
    let mut splits = vec![canary];
    let mut events = Vec::new();
    s.settle();
    let promoting = matches!(s.world.status.phase, Phase::Promoting | Phase::Finalising | Phase::Succeeded);
    if !promoting {
        assert_eq!(s.world.status.canary_weight, if canary == 0 && weight == 0 { first(&s) } else { weight });
    }
    for _ in 0..20 {
        splits.extend(split(&s));
        events.extend(s.take_events());
        if s.world.status.phase == Phase::Succeeded {
            break;
        }
        s.world.pods_ready();
        s.interval();
    }
    assert_eq!(s.world.status.phase, Phase::Succeeded, "{events:?}");
    assert_eq!((s.world.primary.unwrap().revision.as_str(), s.world.target.replicas), ("b", 0));
    let begun = ["Restarting analysis", "Scaling up", "Initialization"];
    assert!(!events.iter().any(|event| begun.iter().any(|text| event.contains(text))), "{events:?}");
    // Up to the end, and then back to the primary: never back and up again.
    let top = splits.iter().rposition(|split| *split > 0).map_or(0, |last| last + 1);
    assert!(splits[..top].is_sorted(), "{splits:?} {events:?}");
}

/// A rollout whose canary is ready makes its first step at once.
fn first(s: &Scenario) -> i64 {
    i64::from(s.world.rollout.strategy.steps.get(0).unwrap().traffic.canary)
        * i64::from(s.world.rollout.strategy.kind == serin_core::strategy::Kind::Progressive)
}

#[rstest]
#[case::weights(WEIGHTS, json!({"phase": "Promoting", "canaryWeight": 50}), 50)]
#[case::blue_green(BLUE_GREEN, json!({"phase": "Promoting", "iterations": 3}), 100)]
fn what_flagger_promoted_is_not_promoted_again(
    #[case] analysis: &str,
    #[case] status: Value,
    #[case] canary: u8,
) {
    let mut s = left_by_flagger(analysis, "{}", &status, 1, canary);
    let primary = s.world.primary.as_mut().unwrap();
    (primary.pods, primary.rolling) = (Pods::Starting, true);
    s.settle();
    s.seconds(20);
    assert_eq!((s.world.status.phase, split(&s)), (Phase::Promoting, Some(canary)));
    assert_eq!(s.world.primary.as_ref().unwrap().promotion_id, RANDOM);
    s.pods_ready();
    s.drain();
    assert_eq!(s.world.status.phase, Phase::Succeeded);
    assert_eq!(s.world.primary.as_ref().unwrap().promotion_id, RANDOM);
    assert_eq!(s.world.status.adopted_promotion, None);
}

#[test]
fn a_step_of_a_stepped_promotion_is_not_undone() {
    let analysis = r#"{"maxWeight":50,"stepWeight":50,"stepWeightPromotion":25}"#;
    let status = json!({"phase": "Promoting", "canaryWeight": 50});
    let mut s = left_by_flagger(analysis, "{}", &status, 1, 25);
    s.settle();
    assert!(split(&s) <= Some(25));
    let ab = r#"{"iterations":2,"stepWeightPromotion":50,"match":[{"headers":{"x":{"exact":"y"}}}]}"#;
    for canary in [50, 0] {
        let mut s = left_by_flagger(ab, "{}", &json!({"phase": "Promoting", "iterations": 2}), 1, canary);
        s.settle();
        assert!(split(&s) <= Some(canary), "{canary}: {}", s.line());
    }
}

#[test]
fn a_primary_that_comes_up_is_not_made_again() {
    let mut s =
        left_by_flagger(WEIGHTS, "{}", &json!({"phase": "Initializing", "lastAppliedSpec": null}), 1, 0);
    s.world.target.revision = "a".to_owned();
    s.world.status.last_promoted_spec = None;
    s.world.primary.as_mut().unwrap().pods = Pods::Starting;
    s.world.route = None;
    s.settle();
    s.seconds(20);
    assert_eq!(s.world.primary.as_ref().unwrap().promotion_id, RANDOM);
    s.pods_ready();
    assert_eq!(s.world.status.phase, Phase::Initialized);
    assert_eq!(s.world.primary.as_ref().unwrap().promotion_id, RANDOM);
}

#[test]
fn a_closed_gate_stays_closed() {
    let gated = |kind: &str| {
        format!(
            r#"{{"maxWeight":50,"stepWeight":25,"webhooks":[{{"name":"gate","type":"{kind}","url":"http://t/"}}]}}"#
        )
    };
    let status = json!({"phase": "WaitingPromotion", "iterations": -1});
    let mut s = left_by_flagger(&gated("confirm-promotion"), "{}", &status, 1, 50);
    s.script.closed.insert("gate".to_owned(), "closed".to_owned());
    s.settle();
    s.seconds(60);
    assert_eq!(s.line(), "WaitingPromotion w=50 fc=0 it=0 applied=b promoted=a replicas=1 route=50/50");
    s.script.closed.clear();
    s.interval();
    s.pods_ready();
    s.drain();
    assert_eq!(s.world.status.phase, Phase::Succeeded);

    let waiting = json!({"phase": "Waiting", "lastAppliedSpec": "a"});
    let mut s = left_by_flagger(&gated("confirm-rollout"), "{}", &waiting, 0, 0);
    s.world.target.revision = "b".to_owned();
    s.script.closed.insert("gate".to_owned(), "closed".to_owned());
    s.settle();
    s.seconds(60);
    assert_eq!(s.line(), "Waiting w=0 fc=0 it=0 applied=a promoted=a replicas=0 route=100/0");
    s.script.closed.clear();
    s.interval();
    assert_eq!(s.world.status.phase, Phase::Progressing);
}

#[test]
fn a_suspended_rollout_stays_as_it_is_and_goes_on_when_it_may() {
    let status = json!({"phase": "WaitingPromotion", "iterations": -1});
    let mut s = left_by_flagger(WEIGHTS, r#"{"suspend":true}"#, &status, 1, 50);
    let route = s.world.route;
    s.settle();
    s.seconds(3600);
    assert_eq!((s.world.route, s.world.target.replicas), (route, 1));
    Arc::make_mut(&mut s.world.rollout).spec.suspend = false;
    s.interval();
    assert_eq!(split(&s), Some(50));
    assert!(s.world.status.phase == Phase::Promoting || s.world.status.canary_weight == 50, "{}", s.line());
}

#[rstest]
#[case::waiting(WEIGHTS, "{}", json!({"phase": "Waiting", "lastAppliedSpec": "a"}), 0)]
#[case::gate(WEIGHTS, "{}", json!({"phase": "WaitingPromotion", "iterations": -1}), 50)]
#[case::ab_gate(AB, "{}", json!({"phase": "WaitingPromotion", "iterations": 1}), 100)]
#[case::blue_green_gate(BLUE_GREEN, "{}", json!({"phase": "WaitingPromotion", "iterations": 1}), 0)]
#[case::unrouted_gate(BLUE_GREEN, r#"{"provider":"kubernetes"}"#, json!({"phase": "WaitingPromotion", "iterations": 1}), 0)]
#[case::suspended(WEIGHTS, r#"{"suspend":true}"#, json!({"phase": "Progressing", "canaryWeight": 25}), 25)]
#[case::suspended_promotion(WEIGHTS, r#"{"suspend":true}"#, json!({"phase": "Promoting", "canaryWeight": 50}), 50)]
fn what_the_user_holds_is_not_written(
    #[case] analysis: &str,
    #[case] spec: &str,
    #[case] status: Value,
    #[case] canary: u8,
) {
    let mut analysis: Value = serde_json::from_str(analysis).unwrap();
    analysis["webhooks"] = json!([
        {"name": "gate", "type": "confirm-rollout", "url": "http://t/"},
        {"name": "gate", "type": "confirm-promotion", "url": "http://t/"},
    ]);
    let mut s = left_by_flagger(
        &analysis.to_string(),
        spec,
        &status,
        i32::from(status["phase"] != "Waiting"),
        canary,
    );
    s.world.target.revision = "b".to_owned();
    s.script.closed.insert("gate".to_owned(), "closed".to_owned());
    let (phase, mut told) = (s.world.status.phase, 0);
    for _ in 0..50 {
        let plan = s.world.plan(&s.script);
        assert!(plan.unwritten || plan.status == s.world.status, "{:?}", plan.status);
        assert_eq!((plan.actions, plan.alerts), (vec![], vec![]));
        told += plan.events.len();
        s.world.status = plan.status;
        s.world.pass(TimeDelta::seconds(3));
    }
    assert_eq!((s.world.status.phase, told), (phase, 1), "{:?}", s.world.status);
    assert_eq!(s.world.status.observed_generation, None, "it stays Flagger's");
    s.script.closed.clear();
    Arc::make_mut(&mut s.world.rollout).spec.suspend = false;
    s.settle();
    s.interval();
    assert_eq!(s.world.status.observed_generation, Some(1), "the next decision makes it Serin's");
}

#[test]
fn what_cannot_be_read_is_taken_over_later() {
    let status = json!({"phase": "Progressing", "canaryWeight": 25});
    let s = left_by_flagger(WEIGHTS, "{}", &status, 1, 50);
    let mut blind = s.world.observe(serin_core::observe::Answers::default());
    blind.now += TimeDelta::seconds(60);
    blind.route = serin_core::Seen::Unknown("no answer".to_owned());
    let plan = serin_core::decide(&blind);
    assert_eq!(plan.status.observed_generation, None, "it stays Flagger's");
    blind.status = plan.status;
    blind.route = s.world.observe(serin_core::observe::Answers::default()).route;
    let plan = serin_core::decide(&blind);
    assert_eq!((plan.status.observed_generation, plan.status.canary_weight), (Some(1), 50));
}

#[test]
fn a_skipped_analysis_is_promoted() {
    let status = json!({"phase": "Progressing"});
    let mut s = left_by_flagger(WEIGHTS, r#"{"skipAnalysis":true}"#, &status, 1, 0);
    s.settle();
    s.pods_ready();
    s.drain();
    assert_eq!(s.world.status.phase, Phase::Succeeded);
}

#[test]
fn without_a_route_the_iterations_go_on() {
    let kubernetes = r#"{"provider":"kubernetes"}"#;
    for (phase, iterations) in [("Progressing", 1), ("WaitingPromotion", 1), ("Promoting", 3)] {
        let status = json!({"phase": phase, "iterations": iterations});
        let mut s = left_by_flagger(BLUE_GREEN, kubernetes, &status, 1, 0);
        s.settle();
        let events = s.take_events();
        assert!(!events.iter().any(|event| event.contains("tarting")), "{events:?}");
        for _ in 0..6 {
            s.world.pods_ready();
            s.interval();
        }
        assert_eq!(s.world.status.phase, Phase::Succeeded, "{phase}");
    }
}

/// Another Flagger's hash of the same template, and of the revision that failed.
fn renamed(status: &Value) -> Scenario {
    let mut s = left_by_flagger(WEIGHTS, "{}", status, 0, 0);
    s.world.status.last_applied_spec = Some("older".to_owned());
    s
}

#[test]
fn another_flaggers_hash_of_the_promoted_template_starts_nothing() {
    let mut s = renamed(&json!({"phase": "Succeeded", "lastPromotedSpec": "older"}));
    assert!(s.world.plan(&s.script).unwritten);
    s.settle();
    assert_eq!(s.take_events(), [""; 0]);
    assert_eq!(s.line(), "Succeeded w=0 fc=0 it=0 applied=a promoted=a replicas=0 route=100/0");
}

#[test]
fn another_flaggers_hash_of_the_failed_template_starts_nothing() {
    let mut s = renamed(&json!({"phase": "Failed"}));
    s.world.target.written = Some(s.world.now - TimeDelta::seconds(60));
    assert!(s.world.plan(&s.script).unwritten);
    s.settle();
    assert_eq!(s.take_events(), [""; 0]);
    assert_eq!(s.line(), "Failed w=0 fc=0 it=0 applied=b promoted=a replicas=0 route=100/0");
    s.ship("c");
    assert_eq!(s.world.status.phase, Phase::Progressing);
}

#[rstest]
#[case::changed_since(1)]
#[case::changed_too_close_to_tell(-1)]
fn a_template_that_changed_after_flaggers_last_look_is_analysed(#[case] after: i64) {
    let mut s = renamed(&json!({"phase": "Failed"}));
    s.world.target.written = Some(s.world.now + TimeDelta::seconds(after));
    s.settle();
    assert_eq!(s.world.status.phase, Phase::Progressing);
}

/// A rollout under another Flagger's hash that began now, of a template that was written so much later.
fn renamed_rollout(status: &Value, canary: u8, written: Option<i64>) -> Scenario {
    let mut s = left_by_flagger(WEIGHTS, "{}", status, 1, canary);
    let world = &mut s.world;
    world.status.last_applied_spec = Some("older".to_owned());
    world.status.conditions[0].last_transition_time = Some(world.now);
    world.target.written = written.map(|after| world.now + TimeDelta::seconds(after));
    s
}

#[rstest]
#[case::written_since(Some(1))]
#[case::too_close_to_tell(Some(-1))]
#[case::not_recorded(None)]
fn with_another_flaggers_hash_a_rollout_starts_over(#[case] written: Option<i64>) {
    let status = json!({"phase": "Progressing", "canaryWeight": 25});
    let mut s = renamed_rollout(&status, 25, written);
    s.settle();
    assert!(s.take_events().iter().any(|event| event.contains("Restarting analysis")));
}

#[rstest]
#[case::progressing(json!({"phase": "Progressing", "canaryWeight": 25}), 25)]
#[case::gate(json!({"phase": "WaitingPromotion", "iterations": -1}), 50)]
#[case::promoting(json!({"phase": "Promoting", "canaryWeight": 50}), 50)]
#[case::finalising(json!({"phase": "Finalising"}), 0)]
fn another_flaggers_rollout_of_an_older_template_goes_on(#[case] status: Value, #[case] canary: u8) {
    let mut s = renamed_rollout(&status, canary, Some(-3));
    let (mut splits, mut events) = (vec![canary], Vec::new());
    for _ in 0..20 {
        s.settle();
        splits.extend(split(&s));
        events.extend(s.take_events());
        s.world.pods_ready();
        s.world.pass(TimeDelta::seconds(10));
    }
    assert!(!events.iter().any(|event| event.contains("etected")), "{events:?}");
    assert_eq!(s.line(), "Succeeded w=0 fc=0 it=0 applied=b promoted=b replicas=0 route=100/0");
    let top = splits.iter().rposition(|split| *split > 0).map_or(0, |last| last + 1);
    assert!(splits[..top].is_sorted(), "{splits:?}");
}

#[test]
fn binary_data_that_flagger_did_not_look_at_starts_nothing() {
    let checksums = json!({"configmap/a": "1"});
    for (phase, canary) in [("Succeeded", 0), ("Progressing", 25)] {
        let status = json!({"phase": phase, "canaryWeight": canary, "trackedConfigs": checksums});
        let mut s = left_by_flagger(WEIGHTS, "{}", &status, i32::from(canary > 0), canary);
        s.world.configs = [("configmap/a".to_owned(), "1-f".to_owned())].into();
        s.settle();
        let events = s.take_events();
        assert!(!events.iter().any(|event| event.contains("detected")), "{events:?}");
        for _ in 0..6 {
            s.world.pods_ready();
            s.interval();
        }
        assert_eq!(s.world.status.phase, Phase::Succeeded);
        s.world.configs = [("configmap/a".to_owned(), "1-e".to_owned())].into();
        s.settle();
        let noticed = s.world.status.phase == Phase::Progressing;
        assert_eq!(noticed, canary > 0, "it is looked at from the first release on");
    }
}

#[test]
fn the_status_that_flagger_finds_again_is_flaggers() {
    let mut s = left_by_flagger(WEIGHTS, "{}", &json!({"phase": "Progressing"}), 1, 0);
    s.world.configs = [("configmap/a".to_owned(), "1-f".to_owned())].into();
    s.world.status.tracked_configs = Some([("configmap/a".to_owned(), "1".to_owned())].into());
    for _ in 0..8 {
        s.world.pods_ready();
        s.interval();
    }
    let status = &s.world.status;
    assert_eq!((status.phase, status.iterations, status.canary_weight), (Phase::Succeeded, 0, 0));
    assert_eq!(status.last_applied_spec, status.last_promoted_spec);
    assert_eq!(status.tracked_configs, Some([("configmap/a".to_owned(), "1".to_owned())].into()));
}

#[test]
fn an_initialisation_that_flagger_cannot_end_is_told_and_tried_again() {
    let status = json!({"phase": "Initializing", "lastAppliedSpec": null, "lastPromotedSpec": null});
    let mut s = left_by_flagger(WEIGHTS, "{}", &status, 1, 0);
    "a".clone_into(&mut s.world.target.revision);
    s.world.route = None;
    s.world.primary.as_mut().unwrap().pods = Pods::Failed;
    s.settle();
    let not_ready = "podinfo-primary.default not ready: deployment exceeded its progress deadline";
    assert_eq!(s.take_alerts().last().map(String::as_str), Some(not_ready));
    assert_eq!((s.world.status.phase, s.world.target.replicas), (Phase::Failed, 1), "the target serves on");
    s.pods_ready();
    assert_eq!(s.world.status.phase, Phase::Initialized);
    assert_eq!(s.world.primary.as_ref().unwrap().promotion_id, RANDOM);
}

#[test]
fn a_deletion_that_flagger_began_is_ended() {
    let mut s = left_by_flagger(WEIGHTS, "{}", &json!({"phase": "Terminating"}), 0, 0);
    let rollout = Arc::make_mut(&mut s.world.rollout);
    (rollout.deleting, rollout.finalizer, rollout.spec.revert_on_deletion) = (true, true, true);
    let mut done = Vec::new();
    for _ in 0..6 {
        let plan = s.world.plan(&s.script);
        s.world.status = plan.status;
        plan.actions.iter().for_each(|action| s.world.apply(action));
        s.world.pods_ready();
        s.world.pass(TimeDelta::seconds(1));
        done.extend(plan.actions);
    }
    let way_back = [Action::ScaleTarget(1), Action::RevertApex, Action::RevertRoute];
    assert_eq!(done[..3], way_back, "nothing but the way back");
    let rest = |action: &Action| way_back[1..].contains(action) || *action == Action::RemoveFinalizer;
    assert!(done[3..].iter().all(rest) && done.contains(&Action::RemoveFinalizer), "{done:?}");
}
