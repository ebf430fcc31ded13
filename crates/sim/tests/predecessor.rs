//! The errors of the revision before do not judge the fix.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod scenario;

use chrono::TimeDelta;
use scenario::Scenario;
use serin_analysis::Outcome;
use serin_api::Phase;

const ANALYSIS: &str = r#"{"stepWeight":50,"maxWeight":50,"threshold":2,
    "metrics":[{"name":"error-rate","query":"vector(0)","interval":"30s","thresholdRange":{"max":1}}]}"#;

fn measure(s: &mut Scenario, value: f64) {
    s.script.values.insert("error-rate".to_owned(), Outcome::sample(value));
}

/// A canary whose revision `b` was rolled back a moment ago, with `c` at its first step.
fn after_a_failure(analysis: &str) -> Scenario {
    let mut s = Scenario::initialized(analysis);
    measure(&mut s, 5.01);
    s.ship("b");
    s.pods_ready();
    s.interval();
    s.interval();
    s.drain();
    assert_eq!(s.world.status.phase, Phase::Failed);
    s.ship("c");
    s.pods_ready();
    s.take_events();
    s
}

fn verdict(s: &Scenario) -> &str {
    &s.world.status.checks[0].verdict
}

fn ended(s: &Scenario) -> String {
    s.world.status.canary_traffic_ended.unwrap().to_rfc3339_opts(chrono::SecondsFormat::Secs, true)
}

fn held(s: &Scenario, window: &str) -> String {
    format!(
        "Halt podinfo.default advancement error-rate 5.01 > 1 is not counted: its window of {window} reaches back into \
         the traffic of the revision before, which ended at {}",
        ended(s)
    )
}

#[test]
fn a_fix_is_promoted_although_the_first_looks_show_the_errors_before() {
    let mut s = after_a_failure(ANALYSIS);
    s.interval();
    assert_eq!(s.take_events(), [held(&s, "30s")]);
    assert_eq!(s.line(), "Progressing w=50 fc=0 it=0 applied=c promoted=a replicas=1 route=50/50");
    assert_eq!(verdict(&s), "Held");
    assert!(s.world.status.checks[0].message.as_ref().unwrap().contains("is not counted"));
    let waits = "Halt podinfo.default advancement waiting for a window of error-rate without traffic of the revision before";
    assert_eq!(s.world.status.waiting_for.as_deref(), Some(waits));
    // Between two checks the reason stands, and with the next it is not told again.
    s.seconds(3);
    assert_eq!(s.world.status.waiting_for.as_deref(), Some(waits));
    s.seconds(7);
    assert_eq!((s.take_events(), verdict(&s)), (Vec::new(), "Held"));
    measure(&mut s, 0.0);
    s.interval();
    assert_eq!((s.world.status.phase, verdict(&s)), (Phase::Promoting, "Pass"));
    assert_ne!(s.world.status.waiting_for.as_deref(), Some(waits));
}

#[test]
fn a_revision_that_is_bad_itself_is_rolled_back_once_the_window_is_its_own() {
    let mut s = after_a_failure(ANALYSIS);
    let end = s.world.status.canary_traffic_ended.unwrap() + TimeDelta::seconds(30);
    while s.world.now + TimeDelta::seconds(10) < end {
        s.interval();
        assert_eq!((s.world.status.failed_checks, verdict(&s)), (0, "Held"));
    }
    s.interval();
    assert_eq!((s.world.status.failed_checks, verdict(&s)), (1, "Fail"));
    assert_eq!(s.take_events().last().unwrap(), "Halt podinfo.default advancement error-rate 5.01 > 1");
    s.interval();
    assert!(s.world.status.rollback_reason.is_some());
}

#[test]
fn the_query_that_was_sent_says_how_far_it_looks_back() {
    let range = ANALYSIS.replace("vector(0)", "rate(errors[2m] offset 1m)");
    let mut s = after_a_failure(&range);
    s.interval();
    assert_eq!(s.take_events(), [held(&s, "3m0s")]);
}

#[test]
fn what_cannot_be_measured_counts_as_ever() {
    let mut s = after_a_failure(ANALYSIS);
    s.script.values.insert("error-rate".to_owned(), Outcome::Error("refused".to_owned()));
    s.interval();
    assert_eq!((s.world.status.failed_checks, verdict(&s)), (1, "Error"));
    s.script.values.insert("error-rate".to_owned(), Outcome::NoData("no values found".to_owned()));
    s.interval();
    assert!(s.world.status.rollback_reason.is_some());
}

#[test]
fn the_first_rollout_has_nobody_before_it() {
    let mut s = Scenario::initialized(ANALYSIS);
    measure(&mut s, 5.01);
    s.ship("b");
    s.pods_ready();
    s.interval();
    assert_eq!((s.world.status.failed_checks, verdict(&s)), (1, "Fail"));
    assert_eq!(s.world.status.canary_traffic_ended, None);
}

#[test]
fn a_newer_revision_is_not_judged_by_the_one_that_it_takes_the_place_of() {
    let mut s = Scenario::initialized(ANALYSIS);
    measure(&mut s, 5.01);
    s.ship("b");
    s.pods_ready();
    s.interval();
    s.ship("c");
    s.pods_ready();
    s.take_events();
    s.interval();
    assert_eq!((s.world.status.failed_checks, verdict(&s)), (0, "Held"));
}

#[test]
fn a_promotion_ends_the_traffic_when_it_is_drained() {
    let mut s = Scenario::initialized(ANALYSIS);
    s.ship("b");
    s.pods_ready();
    s.interval();
    s.pods_ready();
    let routed = s.world.status.canary_traffic_ended.unwrap();
    assert_eq!(s.world.status.phase, Phase::Finalising);
    s.drain();
    assert_eq!(s.world.status.phase, Phase::Succeeded);
    assert!(s.world.status.canary_traffic_ended.unwrap() > routed);
}

#[test]
fn a_run_without_traffic_notes_nothing() {
    let mut s = Scenario::initialized(ANALYSIS);
    s.ship("b");
    s.canary_fails();
    s.drain();
    assert_eq!((s.world.status.phase, s.world.status.canary_traffic_ended), (Phase::Failed, None));
    let mut s = Scenario::initialized_with(ANALYSIS, r#"{"skipAnalysis":true}"#);
    s.ship("b");
    s.pods_ready();
    s.pods_ready();
    s.drain();
    assert_eq!((s.world.status.phase, s.world.status.canary_traffic_ended), (Phase::Succeeded, None));
}
