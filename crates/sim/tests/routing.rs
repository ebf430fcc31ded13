//! The split of the traffic when something out of the ordinary happens to it.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod scenario;

use std::sync::Arc;

use rstest::rstest;
use scenario::Scenario;
use serin_api::Phase;
use serin_core::{
    Routing,
    validate::{Settings, validate},
};
use serin_testkit::canary;

/// A rollout with its canary ready and its first step taken.
fn started(analysis: &str) -> Scenario {
    let mut s = Scenario::initialized(analysis);
    s.ship("b");
    s.pods_ready();
    s
}

fn share(s: &Scenario) -> u8 {
    s.world.route.unwrap().canary
}

fn edit(s: &mut Scenario, analysis: &str) {
    let canary = canary(serde_json::from_str(analysis).unwrap(), serde_json::json!({})).unwrap();
    s.world.rollout = Arc::new(validate(&canary, &Settings::default()).unwrap());
    s.settle();
}

#[rstest]
#[case::progressive(r#"{"stepWeight":50,"stepWeightPromotion":50}"#, 2)]
#[case::ab_test(r#"{"iterations":1,"match":[{"headers":{"x":{"exact":"y"}}}],"stepWeightPromotion":50}"#, 1)]
#[case::blue_green(r#"{"iterations":1,"stepWeightPromotion":50}"#, 2)]
fn every_strategy_goes_back_in_steps(#[case] analysis: &str, #[case] intervals: usize) {
    let mut s = started(analysis);
    for _ in 0..intervals {
        s.interval();
    }
    s.take_events();
    s.pods_ready();
    assert_eq!((s.world.status.phase, share(&s)), (Phase::Promoting, 50));
    assert_eq!(s.take_events(), ["Advance podinfo.default primary weight 50"]);
    s.interval();
    s.drain();
    assert_eq!((s.world.status.phase, share(&s)), (Phase::Succeeded, 0));
}

/// What the canary has already is checked, whatever the new steps are.
#[test]
fn another_step_weight_takes_effect_at_the_next_check() {
    let analysis = |step: u8| {
        format!(r#"{{"threshold":9,"stepWeight":{step},"webhooks":[{{"name":"roll","url":"http://t/"}}]}}"#)
    };
    let mut s = started(&analysis(10));
    edit(&mut s, &analysis(30));
    s.take_events();
    s.script.closed.insert("roll".into(), "no".into());
    s.interval();
    assert_eq!(s.take_events(), ["Halt podinfo.default advancement external check roll failed no"]);
    assert_eq!(share(&s), 10);
    s.script.closed.remove("roll");
    s.interval();
    assert_eq!(s.take_events(), ["Advance podinfo.default canary weight 30"]);
    assert_eq!(share(&s), 30);
}

/// Flagger waits for ever when the canary has no share to give back.
#[test]
fn a_stepped_promotion_without_a_share_finishes() {
    let mut s = started(r#"{"stepWeight":50,"maxWeight":50,"stepWeightPromotion":10}"#);
    s.interval();
    assert_eq!(s.world.status.phase, Phase::Promoting);
    s.world.status.canary_weight = 0;
    s.world.route = Some(Routing::PRIMARY);
    s.pods_ready();
    s.drain();
    assert_eq!(s.world.status.phase, Phase::Succeeded);
}

/// Flagger jumps to 100.
#[test]
fn steps_that_are_edited_away_go_on_with_the_next_larger_one() {
    let mut s = started(r#"{"stepWeights":[10,20,60]}"#);
    s.interval();
    assert_eq!(share(&s), 20);
    edit(&mut s, r#"{"stepWeights":[5,30,60]}"#);
    assert_eq!(share(&s), 20, "the edit itself moves nothing");
    s.interval();
    assert_eq!(share(&s), 30);
}

/// Flagger leaves them alone.
#[test]
fn weights_that_somebody_changes_between_rollouts_are_set_back() {
    let mut s = Scenario::initialized(r#"{"stepWeight":50}"#);
    s.world.route = Some(Routing::weighted(40));
    s.settle();
    assert_eq!(s.world.route, Some(Routing::PRIMARY));
}

/// Flagger takes them for the truth.
#[test]
fn weights_that_somebody_changes_in_a_rollout_are_set_back() {
    let mut s = started(r#"{"stepWeights":[20,60]}"#);
    for weight in [0, 5, 90] {
        s.world.route = Some(Routing::weighted(weight).kept_warm());
        s.settle();
        assert_eq!(share(&s), 20);
    }
    assert_eq!(s.world.status.canary_weight, 20);
}

/// Flagger starts the analysis over.
#[test]
fn a_route_that_somebody_deletes_in_a_rollout_is_made_again_as_it_was() {
    let mut s = started(r#"{"stepWeights":[20,60]}"#);
    s.world.route = None;
    s.settle();
    assert_eq!(share(&s), 20);
    s.interval();
    assert_eq!(share(&s), 60);
}

/// Flagger changes nothing of the primary between promotions either.
#[test]
fn a_primary_that_somebody_changed_stays_until_the_next_promotion() {
    let mut s = Scenario::initialized(r#"{"stepWeight":50,"maxWeight":50}"#);
    let primary = s.world.primary.as_mut().unwrap();
    primary.revision = "hotfix".to_owned();
    s.interval();
    assert_eq!(s.world.primary.as_ref().unwrap().revision, "hotfix");
    s.ship("b");
    s.pods_ready();
    s.interval();
    s.pods_ready();
    s.drain();
    assert_eq!(s.world.primary.as_ref().unwrap().revision, "b");
}

#[test]
fn mirroring_ends_with_the_switch_of_a_blue_green_release() {
    let mut s = started(r#"{"iterations":1,"mirror":true}"#);
    assert!(s.world.route.unwrap().mirror);
    s.interval();
    assert_eq!(s.world.route, Some(Routing::CANARY.kept_warm()));
    assert!(s.take_events().contains(&"Stop traffic mirroring and route all traffic to canary".to_owned()));
}

#[test]
fn a_rollback_amid_mirroring_ends_it() {
    let mut s = started(
        r#"{"iterations":2,"mirror":true,"threshold":1,"webhooks":[{"name":"roll","url":"http://t/"}]}"#,
    );
    s.script.closed.insert("roll".into(), "no".into());
    s.interval();
    assert_eq!(s.world.route, Some(Routing::PRIMARY.kept_warm()));
    s.drain();
    assert_eq!((s.world.status.phase, s.world.route), (Phase::Failed, Some(Routing::PRIMARY)));
}
