//! Hooks that end a rollout, and alerts that a gate does not send, in virtual time.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod scenario;

use chrono::TimeDelta;
use scenario::Scenario;
use serin_api::Phase;
use serin_core::{decide, observe::Answers, plan::Ask};

const NEW: &str = "New revision detected, progressing canary analysis.";

fn gated(gate: &str) -> Scenario {
    let mut s = Scenario::initialized(&format!(
        r#"{{"threshold":5,"stepWeight":50,"maxWeight":50,"webhooks":[{gate},
        {{"name":"rb","type":"rollback","url":"http://t/"}}]}}"#
    ));
    for hook in ["gate", "rb"] {
        s.script.closed.insert(hook.into(), "no".to_owned());
    }
    s
}

/// Flagger does not ask while it waits, although its documentation says so.
#[test]
fn a_rollback_hook_ends_the_wait_for_approval() {
    let mut s = gated(r#"{"name":"gate","type":"confirm-rollout","url":"http://t/"}"#);
    s.ship("b");
    assert_eq!(s.world.status.phase, Phase::Waiting);
    s.script.closed.remove("rb");
    s.interval();
    s.drain();
    assert_eq!(s.world.status.phase, Phase::Failed);
    let events = s.take_events();
    assert!(events.contains(&"Rolling back podinfo.default manual webhook invoked".to_owned()), "{events:?}");
    s.interval();
    assert_eq!(s.world.status.phase, Phase::Failed, "the same revision is not tried again");
}

#[test]
fn a_skipped_analysis_asks_no_rollback_hook_while_it_waits() {
    let analysis = r#"{"stepWeight":50,"webhooks":[{"name":"gate","type":"confirm-rollout","url":"http://t/"},
        {"name":"rb","type":"rollback","url":"http://t/"}]}"#;
    let mut s = Scenario::with_spec(analysis, r#"{"skipAnalysis":true}"#);
    s.pods_ready();
    s.script.closed.insert("gate".into(), "no".to_owned());
    s.ship("b");
    s.interval();
    assert_eq!(s.world.status.phase, Phase::Waiting);
    s.script.closed.remove("gate");
    s.interval();
    s.pods_ready();
    s.pods_ready();
    s.drain();
    assert_eq!(s.world.status.phase, Phase::Succeeded);
}

#[test]
fn a_muted_gate_has_an_event_but_no_alert() {
    for (muted, alerts) in [("false", vec!["Canary is waiting for approval."]), ("true", vec![])] {
        let gate =
            format!(r#"{{"name":"gate","type":"confirm-rollout","url":"http://t/","muteAlert":{muted}}}"#);
        let mut s = gated(&gate);
        s.take_alerts();
        s.ship("b");
        assert_eq!(s.take_events(), ["Halt podinfo.default advancement waiting for approval gate"]);
        assert_eq!(s.take_alerts(), alerts);
        s.script.closed.remove("gate");
        s.interval();
        assert_eq!(s.take_alerts(), [NEW]);
    }
}

/// A hook may make the load that is measured, and the first no ends the round: nothing that follows is asked.
#[test]
fn metrics_are_asked_after_the_hooks_of_a_round() {
    let analysis = r#"{"threshold":5,"stepWeight":50,"webhooks":[
        {"name":"load","type":"rollout","url":"http://t/"},
        {"name":"test","type":"rollout","url":"http://t/"}],
        "metrics":[{"name":"errors","query":"q","thresholdRange":{"max":1}}]}"#;
    let mut s = Scenario::initialized(analysis);
    s.ship("b");
    s.pods_ready();
    s.world.pass(TimeDelta::seconds(10));
    let mut answers = Answers::default();
    let mut asked = Vec::new();
    loop {
        let plan = decide(&s.world.observe(answers.clone()));
        if plan.asks.is_empty() {
            break;
        }
        for ask in &plan.asks {
            asked.push(match ask {
                Ask::Hook { hook, .. } => hook.name.clone(),
                Ask::Checks(checks) => format!("{} metrics", checks.len()),
                Ask::Providers => "providers".to_owned(),
            });
            s.script.answer(ask, &mut answers);
        }
    }
    assert_eq!(asked, ["load", "test", "1 metrics"]);

    s.script.closed.insert("load".into(), "no".to_owned());
    let mut answers = Answers::default();
    let first = decide(&s.world.observe(answers.clone())).asks;
    for ask in &first {
        s.script.answer(ask, &mut answers);
    }
    let plan = decide(&s.world.observe(answers));
    assert_eq!((first.len(), plan.asks.len(), plan.status.failed_checks), (1, 0, 1));
}
