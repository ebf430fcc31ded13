//! Commands of people, in virtual time: each verb in each phase, and what follows.

#![allow(clippy::unwrap_used, clippy::expect_used)]

#[path = "commands/places.rs"]
mod places;
mod scenario;

use std::sync::Arc;

use places::{PLACES, gated, running, told};
use scenario::Scenario;
use serde_json::json;
use serin_api::{Phase, canary::CommandRecord};
use serin_core::{
    command::Verb,
    observe::{Obstacle, Seen},
    state::WaitKind,
};
use serin_sim::Pods;

fn command(id: &str, verb: Verb, revision: &str) -> String {
    json!({"id": id, "verb": verb.name(), "revision": revision, "by": "alice"}).to_string()
}

/// Gives a command and lets one reconcile pass, without any time.
fn give(s: &mut Scenario, verb: Verb, revision: &str) {
    let id = format!("{}-{}", verb.name(), s.world.now.timestamp());
    s.world.command = Some(command(&id, verb, revision));
    if s.world.rollout.deleting {
        // Its end is that of the Canary.
        s.step();
    } else {
        s.settle();
    }
}

fn commands(s: &Scenario) -> Vec<CommandRecord> {
    s.world.status.run.as_ref().map(|run| run.commands.clone()).unwrap_or_default()
}

fn last(s: &Scenario) -> CommandRecord {
    commands(s).pop().expect("a command was dealt with")
}

fn weight(s: &Scenario) -> u8 {
    s.world.route.map_or(0, |route| route.canary)
}

/// Every verb in every place: what came of it and the phase after one reconcile, each with its
/// words.
#[test]
fn every_verb_has_its_answer_in_every_phase() {
    let mut wrong = Vec::new();
    for (name, place, cells) in PLACES {
        for (verb, expected) in Verb::ALL.into_iter().zip(cells) {
            let mut s = place();
            give(&mut s, verb, "b");
            let record = last(&s);
            let found = (record.outcome.as_str(), s.world.status.phase.as_str(), record.message.as_str());
            if found != *expected {
                wrong.push(format!("{name} {}: {found:?}, not {expected:?}", verb.name()));
            }
            assert_eq!(s.world.command, None, "{name} {}", verb.name());
            let events = s.take_events();
            let tells = |event: &&String| event.starts_with("Command ");
            assert_eq!(events.iter().filter(tells).count(), 1, "{name} {}: {events:?}", verb.name());
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn a_command_is_recorded_and_told_with_who_and_why() {
    let mut s = running();
    let text =
        json!({"id": "1", "verb": "abort", "revision": "b", "by": "alice", "reason": "errors in the shop"});
    s.world.command = Some(text.to_string());
    s.settle();
    let record = last(&s);
    assert_eq!((record.id.as_str(), record.verb.as_str(), record.revision.as_str()), ("1", "abort", "b"));
    assert_eq!((record.by.as_deref(), record.outcome.as_str()), (Some("alice"), "Obeyed"));
    assert_eq!(record.at, Some(s.world.now));
    let events = s.take_events();
    assert_eq!(
        events[..2],
        [
            "Command abort for podinfo.default by alice obeyed: all traffic goes to the primary (reason: errors in the shop)",
            "Rolling back podinfo.default aborted by alice: errors in the shop",
        ]
    );
    assert!(s.take_alerts().contains(&"Rolling back, aborted by alice: errors in the shop".to_owned()));
}

#[test]
fn an_abort_takes_all_traffic_back_with_the_status_that_obeys() {
    let mut s = running();
    assert_eq!(weight(&s), 20);
    s.world.command = Some(command("1", Verb::Abort, "b"));
    s.step();
    assert_eq!((weight(&s), s.world.command.is_none()), (0, true));
    s.settle();
    s.drain();
    assert_eq!((s.world.status.phase, s.world.target.replicas), (Phase::Failed, 0));
    s.interval();
    assert_eq!(s.world.status.phase, Phase::Failed, "the same revision is not tried again");
}

/// A crash after the write of the status: the command is still there, and is not obeyed again.
#[test]
fn a_command_is_obeyed_once() {
    let mut s = running();
    s.world.command = Some(command("1", Verb::Promote, "b"));
    let plan = s.world.plan(&s.script);
    s.world.status = plan.status;
    let entered = s.world.status.run.as_ref().unwrap().steps.len();
    s.settle();
    assert_eq!(s.world.command, None);
    assert_eq!(s.world.status.run.as_ref().unwrap().steps.len(), entered);
    assert_eq!((commands(&s).len(), weight(&s)), (1, 40));
    // Somebody applies the same again.
    s.world.command = Some(command("1", Verb::Promote, "b"));
    s.settle();
    assert_eq!((commands(&s).len(), weight(&s), s.world.command.as_ref()), (1, 40, None));
    assert!(s.take_events().iter().filter(|event| event.starts_with("Command")).count() <= 1);
}

/// The annotation is removed only while it is the one that was dealt with.
#[test]
fn a_newer_command_is_not_removed_with_the_one_before() {
    let mut s = running();
    s.world.command = Some(command("1", Verb::Pause, "b"));
    let plan = s.world.plan(&s.script);
    s.world.status = plan.status;
    s.world.command = Some(command("2", Verb::Resume, "b"));
    plan.actions.iter().for_each(|action| s.world.apply(action));
    s.settle();
    let ids: Vec<_> = commands(&s).into_iter().map(|record| (record.id, record.outcome)).collect();
    assert_eq!(ids, [("1", "Obeyed"), ("2", "Obeyed")].map(|(a, b)| (a.to_owned(), b.to_owned())));
}

#[test]
fn a_command_for_another_revision_is_refused() {
    for verb in Verb::ALL {
        let mut s = running();
        give(&mut s, verb, "a");
        let record = last(&s);
        assert_eq!(record.outcome, "Refused");
        assert_eq!(record.message, "it is for revision a, the rollout is of b");
        assert_eq!((weight(&s), s.world.status.paused.as_ref()), (20, None));
    }
}

#[test]
fn a_command_that_comes_with_a_newer_revision_is_for_that_one() {
    for (revision, outcome) in [("b", "Refused"), ("c", "Obeyed")] {
        let mut s = running();
        s.world.change_target("c");
        give(&mut s, Verb::Pause, revision);
        assert_eq!(last(&s).outcome, outcome);
        assert_eq!(s.world.status.last_applied_spec.as_deref(), Some("c"));
    }
}

#[test]
fn what_cannot_be_read_is_refused_and_stops_nothing() {
    for text in ["", "abort", "{}", r#"{"id":"1","verb":"jump","revision":"b"}"#, &"x".repeat(5000)] {
        let mut s = running();
        s.world.command = Some(text.to_owned());
        s.settle();
        let record = last(&s);
        assert_eq!((record.outcome.as_str(), s.world.command.as_ref()), ("Refused", None));
        assert!(record.message.starts_with("it cannot be read: "), "{}", record.message);
        s.interval();
        assert_eq!(weight(&s), 40, "{text:.20}");
    }
}

#[test]
fn the_last_eight_commands_are_kept_over_rollouts() {
    let mut s = running();
    for n in 0..10 {
        let verb = if n % 2 == 0 { Verb::Pause } else { Verb::Resume };
        s.world.command = Some(command(&n.to_string(), verb, "b"));
        s.settle();
    }
    let ids = |s: &Scenario| commands(s).into_iter().map(|record| record.id).collect::<Vec<_>>();
    assert_eq!(ids(&s), ["2", "3", "4", "5", "6", "7", "8", "9"]);
    s.ship("c");
    assert_eq!(ids(&s).len(), 8);
}

#[test]
fn a_pause_holds_the_weight_while_checks_go_on() {
    let mut s = running();
    give(&mut s, Verb::Pause, "b");
    let waiting = s.world.status.waiting.clone().unwrap();
    assert_eq!(waiting.kind, WaitKind::Person.name());
    let told = "Halt podinfo.default advancement paused by alice until it is resumed or promoted";
    assert_eq!(s.world.status.waiting_for.as_deref(), Some(told));
    for _ in 0..5 {
        let before = s.world.status.last_check_time;
        s.interval();
        assert!(s.world.status.last_check_time > before, "a check was made");
    }
    assert_eq!((weight(&s), s.world.status.failed_checks), (20, 0));
    assert_eq!(s.world.status.waiting.as_ref(), Some(&waiting));
    let events = s.take_events();
    assert_eq!(events.iter().filter(|event| *event == told).count(), 1, "{events:?}");
    give(&mut s, Verb::Resume, "b");
    assert_eq!((s.world.status.paused.as_ref(), s.world.status.waiting.as_ref()), (None, None));
    s.interval();
    assert_eq!(weight(&s), 40);
}

#[test]
fn checks_that_fail_in_a_pause_roll_back() {
    let mut s = running();
    give(&mut s, Verb::Pause, "b");
    s.take_events();
    s.script.closed.insert("roll".to_owned(), "no".to_owned());
    s.interval();
    assert_eq!(s.world.status.failed_checks, 1);
    assert!(s.world.status.waiting_for.is_some());
    assert!(!s.take_events().iter().any(|event| event.contains("paused")), "it is told once");
    s.interval();
    s.drain();
    assert_eq!((s.world.status.phase, s.world.status.paused.as_ref()), (Phase::Failed, None));
}

#[test]
fn a_rollout_that_is_paused_at_its_end_is_not_promoted() {
    let mut s = running();
    s.interval();
    s.interval();
    assert_eq!(weight(&s), 60);
    give(&mut s, Verb::Pause, "b");
    s.interval();
    s.interval();
    assert_eq!((s.world.status.phase, weight(&s)), (Phase::Progressing, 60));
    give(&mut s, Verb::Promote, "b");
    assert_eq!((s.world.status.phase, s.world.status.paused.as_ref()), (Phase::Promoting, None));
}

#[test]
fn nothing_begins_in_a_pause() {
    let mut s = places::scaling();
    give(&mut s, Verb::Pause, "b");
    s.pods_ready();
    s.interval();
    assert_eq!((weight(&s), s.world.status.phase), (0, Phase::Progressing));
    assert!(!s.take_events().iter().any(|event| event.starts_with("Starting canary analysis")));
    give(&mut s, Verb::Resume, "b");
    assert_eq!(weight(&s), 20);
}

#[test]
fn a_skipped_analysis_is_held_by_a_pause_too() {
    let mut s = Scenario::initialized_with(r#"{"stepWeight":20}"#, r#"{"skipAnalysis":true}"#);
    s.ship("b");
    give(&mut s, Verb::Pause, "b");
    s.pods_ready();
    s.interval();
    assert_eq!(s.world.status.phase, Phase::Progressing);
    give(&mut s, Verb::Resume, "b");
    assert_eq!(s.world.status.phase, Phase::Promoting);
}

#[test]
fn a_pause_before_the_start_outlasts_an_open_gate() {
    let mut s = gated();
    give(&mut s, Verb::Pause, "b");
    s.script.closed.clear();
    s.interval();
    s.interval();
    assert_eq!(s.world.status.phase, Phase::Waiting);
    assert!(s.world.status.waiting_for.as_ref().unwrap().contains("paused by alice"));
    give(&mut s, Verb::Resume, "b");
    assert_eq!(s.world.status.phase, Phase::Progressing);
}

#[test]
fn a_newer_revision_ends_the_pause_of_the_one_before() {
    let mut s = running();
    give(&mut s, Verb::Pause, "b");
    s.ship("c");
    assert_eq!(s.world.status.paused, None);
    s.pods_ready();
    s.interval();
    assert!(weight(&s) > 0);
    let mut s = gated();
    give(&mut s, Verb::Pause, "b");
    s.ship("c");
    assert_eq!(s.world.status.paused, None);
    s.script.closed.clear();
    s.interval();
    assert_eq!(s.world.status.phase, Phase::Progressing);
}

#[test]
fn an_edit_of_the_steps_leaves_the_pause() {
    let mut s = running();
    give(&mut s, Verb::Pause, "b");
    let edited = Scenario::new(r#"{"stepWeight":20,"maxWeight":80,"threshold":2}"#).world.rollout;
    s.world.rollout = edited;
    s.interval();
    assert_eq!((weight(&s), s.world.status.paused.is_some()), (20, true));
}

#[test]
fn a_deletion_ends_the_pause() {
    let mut s = running();
    give(&mut s, Verb::Pause, "b");
    let rollout = Arc::make_mut(&mut s.world.rollout);
    (rollout.deleting, rollout.finalizer, rollout.spec.revert_on_deletion) = (true, true, true);
    s.step();
    assert_eq!((s.world.status.phase, s.world.status.paused.as_ref()), (Phase::Terminating, None));
}

#[test]
fn a_full_promotion_waits_for_the_pods_and_for_nothing_else() {
    let mut s = places::scaling();
    give(&mut s, Verb::PromoteFull, "b");
    assert_eq!((s.world.status.phase, s.world.status.promote_full), (Phase::Progressing, true));
    s.script.closed.insert("roll".to_owned(), "no".to_owned());
    s.world.target.pods = Pods::Ready;
    s.settle();
    assert_eq!((s.world.status.phase, s.world.status.promote_full, weight(&s)), (Phase::Promoting, false, 0));
    s.pods_ready();
    s.drain();
    assert_eq!(s.world.status.phase, Phase::Succeeded);
    assert_eq!(s.world.status.last_promoted_spec.as_deref(), Some("b"));
}

#[test]
fn a_full_promotion_can_be_taken_back_before_the_copy() {
    for (verb, phase) in [(Verb::Pause, Phase::Progressing), (Verb::Abort, Phase::Progressing)] {
        let mut s = places::scaling();
        give(&mut s, Verb::PromoteFull, "b");
        give(&mut s, verb, "b");
        assert_eq!(last(&s).outcome, "Obeyed");
        s.world.target.pods = Pods::Ready;
        s.settle();
        assert_eq!(s.world.status.phase, phase, "{}", verb.name());
        assert_eq!(s.world.primary.as_ref().unwrap().revision, "a");
    }
}

#[test]
fn a_promotion_passes_an_open_question_to_a_gate() {
    let mut s = gated();
    give(&mut s, Verb::Promote, "b");
    s.pods_ready();
    assert_eq!((s.world.status.phase, weight(&s)), (Phase::Progressing, 20));
    let mut s = places::awaiting();
    give(&mut s, Verb::Promote, "b");
    assert_eq!(s.world.status.phase, Phase::Promoting);
}

/// No person can make pods ready.
#[test]
fn a_promotion_ends_the_pause_of_a_canary_that_is_not_ready() {
    let mut s = places::scaling();
    give(&mut s, Verb::Pause, "b");
    give(&mut s, Verb::Promote, "b");
    assert_eq!((last(&s).outcome.as_str(), s.world.status.paused.as_ref()), ("Obeyed", None));
    s.pods_ready();
    assert_eq!(weight(&s), 20);
}

#[test]
fn a_retry_analyses_the_failed_revision_from_its_first_step() {
    let mut s = places::failed();
    s.script.closed.clear();
    give(&mut s, Verb::Retry, "b");
    let run = s.world.status.run.clone().unwrap();
    assert_eq!((run.cause.as_str(), run.to.as_str(), run.steps.len()), ("retry", "b", 0));
    assert_eq!((s.world.status.phase, s.world.status.failed_checks), (Phase::Progressing, 0));
    s.pods_ready();
    assert_eq!(weight(&s), 20);
    for _ in 0..3 {
        s.interval();
    }
    s.pods_ready();
    s.drain();
    assert_eq!(s.world.status.phase, Phase::Succeeded);
}

#[test]
fn a_restart_takes_the_traffic_back_and_begins_anew() {
    let mut s = running();
    s.interval();
    assert_eq!(weight(&s), 40);
    s.world.command = Some(command("1", Verb::Restart, "b"));
    s.step();
    assert_eq!(weight(&s), 0);
    s.settle();
    assert_eq!(s.world.status.run.as_ref().unwrap().cause, "restart");
    assert_eq!(weight(&s), 20);
    s.interval();
    assert_eq!(weight(&s), 40);
}

#[test]
fn what_blocks_a_rollout_refuses_what_advances_it_and_nothing_else() {
    let held = [Verb::Pause, Verb::Resume, Verb::Abort];
    for verb in Verb::ALL.into_iter().filter(|verb| *verb != Verb::Resume && *verb != Verb::Retry) {
        for suspended in [true, false] {
            let mut s = running();
            Arc::make_mut(&mut s.world.rollout).spec.suspend = suspended;
            let message = "spec.x is wrong".to_owned();
            s.world.obstacle = (!suspended).then_some(Obstacle { reason: "InvalidSpec", message });
            give(&mut s, verb, "b");
            let outcome = if held.contains(&verb) { "Obeyed" } else { "Refused" };
            assert_eq!(last(&s).outcome, outcome, "{} {suspended}", verb.name());
        }
    }
}

#[test]
fn a_command_waits_for_a_target_that_cannot_be_read_only_where_it_has_to() {
    let s = running();
    let unreadable = |o: &mut serin_core::Observation| {
        o.command = Some(command("1", Verb::Abort, "b"));
        o.target = Seen::Unknown("timeout".to_owned());
    };
    let plan = s.answered(unreadable).1;
    assert_eq!(told(&plan.status), ["Obeyed"]);
    let plan = gated().answered(unreadable).1;
    assert!(told(&plan.status).is_empty());
}
