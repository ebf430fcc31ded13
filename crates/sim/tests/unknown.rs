//! S8: what cannot be read never counts as changed, passed or failed. In every phase, with every part
//! of the observation unreadable in turn, traffic and workloads stay as they are and the reason is named.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod scenario;

use scenario::Scenario;
use serin_api::Phase;
use serin_core::{Action, Observation, Seen, observe::Synced};

/// A way not to know something, by name.
type Blindfold = (&'static str, fn(&mut Observation));

fn blindfolds() -> Vec<Blindfold> {
    vec![
        ("target", |o| o.target = Seen::Unknown("timeout".into())),
        ("target gone", |o| o.target = Seen::Absent),
        ("primary", |o| o.primary = Seen::Unknown("timeout".into())),
        ("configs", |o| o.configs = Seen::Unknown("timeout".into())),
        ("config gone", |o| o.configs = Seen::Absent),
        ("route", |o| o.route = Seen::Unknown("timeout".into())),
        ("canary endpoints", |o| o.endpoints.canary = Seen::Unknown("timeout".into())),
        ("primary endpoints", |o| o.endpoints.primary = Seen::Unknown("timeout".into())),
        ("apex", |o| o.services.apex = Synced::Unknown("timeout".into())),
        ("canary service", |o| o.services.canary = Synced::Unknown("timeout".into())),
    ]
}

/// A canary in each phase, just before something would happen.
fn moments() -> Vec<(Phase, Scenario)> {
    let analysis = r#"{"stepWeight":50,"maxWeight":50,"webhooks":[{"name":"cr","type":"confirm-rollout","url":"http://t/"},
        {"name":"cp","type":"confirm-promotion","url":"http://t/"}]}"#;
    let initialized = || Scenario::initialized(analysis);
    let progressing = || {
        let mut s = initialized();
        s.ship("b");
        s.pods_ready();
        s
    };
    let mut changed = initialized();
    changed.world.change_target("b");
    let mut waiting = initialized();
    waiting.script.closed.insert("cr".into(), "no".into());
    waiting.ship("b");
    waiting.world.pass(chrono::TimeDelta::seconds(10));
    let mut due = progressing();
    due.world.pass(chrono::TimeDelta::seconds(10));
    let mut gated = progressing();
    gated.script.closed.insert("cp".into(), "no".into());
    gated.interval();
    gated.world.pass(chrono::TimeDelta::seconds(10));
    let mut promoting = progressing();
    promoting.interval();
    promoting.world.pods_ready();
    let mut finalising = progressing();
    finalising.interval();
    finalising.pods_ready();
    finalising.world.pass(chrono::TimeDelta::seconds(10));
    vec![
        (Phase::Initialized, changed),
        (Phase::Waiting, waiting),
        (Phase::Progressing, due),
        (Phase::WaitingPromotion, gated),
        (Phase::Promoting, promoting),
        (Phase::Finalising, finalising),
    ]
}

#[test]
fn nothing_is_concluded_from_what_cannot_be_read() {
    for (phase, scenario) in moments() {
        assert_eq!(scenario.world.status.phase, phase);
        for (what, blind) in blindfolds() {
            let (seen, plan) = scenario.answered(blind);
            let moved = plan.status.failed_checks != seen.status.failed_checks
                || plan.status.canary_weight > seen.status.canary_weight
                || plan.status.rollback_reason.is_some();
            // Copying needs the target, its configs and the primary; a route can be read later.
            let waits =
                plan.status.waiting_for.is_some() || what.contains("endpoints") || what.contains("route");
            let copies = plan.actions.contains(&Action::ApplyPrimary);
            assert!(!moved, "{phase:?} without {what}: {plan:#?}");
            assert!(waits || !copies, "{phase:?} without {what}: {plan:#?}");
        }
    }
}

#[test]
fn an_unreadable_workload_or_config_stops_every_phase_with_a_reason() {
    for (phase, scenario) in moments() {
        for what in ["target", "configs", "primary"] {
            let blind = blindfolds().into_iter().find(|(name, _)| *name == what).unwrap().1;
            let (seen, plan) = scenario.answered(blind);
            let known_enough = matches!(phase, Phase::Promoting | Phase::Finalising) && what != "primary";
            if known_enough || (phase == Phase::Finalising && what == "primary") {
                continue;
            }
            assert_eq!(plan.actions, [], "{phase:?} without {what}");
            assert_eq!(plan.status.phase, seen.status.phase, "{phase:?} without {what}");
            let why = plan.status.waiting_for.unwrap_or_default();
            assert!(why.contains("could not be read: timeout"), "{phase:?} without {what}: {why}");
        }
    }
}

#[test]
fn a_missing_target_is_named_in_the_words_of_the_api_server() {
    let mut s = Scenario::initialized(r#"{"stepWeight":50}"#);
    let (_, plan) = s.answered(|o| o.target = Seen::Absent);
    let text = "deployment podinfo.default get query error: deployments.apps \"podinfo\" not found";
    assert_eq!(plan.status.waiting_for.as_deref(), Some(text));
    assert_eq!(plan.events[0].message, text);
    // Said once: the reason is in the status.
    s.world.status = plan.status;
    let (_, again) = s.answered(|o| o.target = Seen::Absent);
    assert_eq!(again.events, []);
}

#[test]
fn a_canary_is_initializing_also_without_a_target() {
    let mut s = Scenario::initialized(r#"{"stepWeight":50}"#);
    s.world.status = serin_api::CanaryStatus::default();
    let (_, plan) = s.answered(|o| o.target = Seen::Absent);
    assert_eq!(plan.status.phase, Phase::Initializing);
    assert!(plan.events.iter().all(|event| event.phase == Phase::Initializing), "{:?}", plan.events);
}

#[test]
fn what_cannot_be_read_at_first_is_not_told_at_once() {
    let mut s = Scenario::initialized(r#"{"stepWeight":50}"#);
    s.world.status = serin_api::CanaryStatus::default();
    let blind = |o: &mut Observation| o.target = Seen::Unknown("not read yet".into());
    let (seen, plan) = s.answered(blind);
    assert!(plan.events.iter().all(|event| !event.message.contains("not read yet")), "{:?}", plan.events);
    assert!(plan.wake.is_some_and(|at| at > seen.now));
    s.world.status = plan.status;
    s.world.now += chrono::TimeDelta::seconds(3);
    let (_, later) = s.answered(blind);
    assert!(later.events[0].message.contains("not read yet"));
}
