use chrono::{DateTime, TimeDelta};
use rstest::rstest;
use serde_json::{Value, json};
use serin_api::CanaryStatus;
use serin_testkit::canary;

use super::*;
use crate::{Rollout, settings::Settings, validate::validate};

const WEIGHTS: &str = r#"{"stepWeights": [10, 20, 50], "mirror": true}"#;
const AB: &str = r#"{"iterations": 5, "match": [{"headers": {"x": {"exact": "y"}}}]}"#;
const BLUE_GREEN: &str = r#"{"iterations": 3}"#;

fn rollout(analysis: &str) -> Rollout {
    let analysis: Value = serde_json::from_str(analysis).unwrap();
    validate(&canary(analysis, json!({})).unwrap(), &Settings::default()).unwrap()
}

fn now() -> Timestamp {
    DateTime::UNIX_EPOCH + TimeDelta::days(20_000)
}

fn stages(progress: Progress) -> Vec<Stage> {
    let analysis = |awaits_promotion, lost_traffic| {
        let promote_full = lost_traffic;
        Stage::Analysing(Analysis { progress, awaits_promotion, lost_traffic, promote_full })
    };
    let back = |from| Stage::RollingBack { cause: "why".to_owned(), from, progress };
    vec![
        Stage::New,
        Stage::Initializing { adopted: Some("id".to_owned()) },
        Stage::Initialized,
        Stage::WaitingToStart { held: 100 },
        analysis(false, false),
        analysis(true, true),
        back(Origin::Start),
        back(Origin::Analysis),
        back(Origin::Promotion),
        Stage::Promoting { progress, adopted: None },
        Stage::Finalising { progress: Progress::default() },
        Stage::CalledOff { cause: "why".to_owned(), progress },
        Stage::Succeeded,
        Stage::failed(0),
        Stage::Failed { held: 50, adopted: Some("id".to_owned()) },
        Stage::Terminating { steps: 3 },
        Stage::Terminated,
    ]
}

fn full(stage: Stage) -> State {
    let text = |text: &str| Some(text.to_owned());
    State {
        stage,
        hold: None,
        failed_checks: 2,
        applied: text("b"),
        promoted: text("a"),
        configs: Some(BTreeMap::from([("configmap/a".to_owned(), "1-f".to_owned())])),
        cookies: CookieTexts { canary: text("a=b"), primary: text("c=d"), previous: text("e=f") },
        names: ObjectNames { service: text("s"), target: text("t"), autoscaler: text("h"), route: text("r") },
        orphans: vec!["service/old".to_owned()],
        traffic_ended: Some(now()),
        waiting: Some(Waiting {
            kind: Some(WaitKind::Gate),
            subject: "gate".to_owned(),
            text: "closed".to_owned(),
            since: Some(now()),
            until: None,
        }),
        run: Some(Run::next(None, "b".to_owned(), text("a"), &Cause::Template, now())),
        paused: Some(Pause { since: Some(now()), revision: "b".to_owned(), by: text("alice") }),
        commands: vec![CommandRecord {
            id: "1".to_owned(),
            at: Some(now()),
            verb: "pause".to_owned(),
            outcome: "Obeyed".to_owned(),
            ..CommandRecord::default()
        }],
        written: Some(now()),
        generation: Some(1),
        ..State::default()
    }
}

#[rstest]
#[case::begun(WEIGHTS, 0, 0)]
#[case::mirrored(WEIGHTS, 1, 0)]
#[case::weighted(WEIGHTS, 3, 20)]
#[case::rounds(AB, 3, 0)]
#[case::rescue(AB, 5, 100)]
#[case::switched(BLUE_GREEN, 4, 0)]
fn what_is_written_is_read_back(#[case] analysis: &str, #[case] entered: usize, #[case] weight: u8) {
    let rollout = rollout(analysis);
    for stage in stages(Progress { entered, weight }) {
        let state = full(stage);
        let status = codec::write(&state, &rollout);
        let wire: CanaryStatus = serde_json::from_value(serde_json::to_value(&status).unwrap()).unwrap();
        assert_eq!(codec::read(&wire, &rollout), state);
        // The fields that operators of before and Flagger know say the same.
        let known = CanaryStatus { progress: None, ..wire };
        assert_eq!(codec::read(&known, &rollout).stage, state.stage);
    }
}

#[rstest]
#[case::the_same(r#"{"stepWeights": [10, 20, 50]}"#, 2)]
#[case::more_to_come(r#"{"stepWeights": [10, 20, 30, 50]}"#, 2)]
#[case::what_was_done_is_another(r#"{"stepWeights": [5, 15, 20, 50]}"#, 3)]
fn the_position_stands_while_what_was_done_is_the_same(#[case] edited: &str, #[case] entered: usize) {
    let before = rollout(r#"{"stepWeights": [10, 20, 50]}"#);
    let progress = Progress { entered: 2, weight: 20 };
    let status = codec::write(&full(Stage::Promoting { progress, adopted: None }), &before);
    assert_eq!(codec::read(&status, &rollout(edited)).stage.progress(), Progress { entered, weight: 20 });
}

/// What an operator of 0.1.0 wrote in the middle of a rollout.
#[test]
fn a_status_of_before_tells_how_far_the_rollout_is() {
    let status: CanaryStatus = serde_json::from_value(json!({
        "phase": "Progressing", "canaryWeight": 20, "iterations": 1, "failedChecks": 1, "observedGeneration": 1,
        "lastAppliedSpec": "b", "lastPromotedSpec": "a", "lastCheckTime": "2026-01-01T00:00:00.000000Z",
        "waitingFor": "something", "lastTransitionTime": "2026-01-01T00:00:01Z",
    }))
    .unwrap();
    let state = codec::read(&status, &rollout(WEIGHTS));
    let progress = Progress { entered: 3, weight: 20 };
    assert_eq!(state.stage, Stage::Analysing(Analysis { progress, ..Analysis::default() }));
    assert_eq!(state.hold.map(|hold| hold.kind), Some(HoldKind::Check));
    let waiting = state.waiting.unwrap();
    assert_eq!((waiting.kind, waiting.since), (None, status.last_transition_time));
    assert_eq!(state.run, None);
}

#[test]
fn a_run_keeps_its_first_and_last_steps() {
    let mut run = Run::next(None, "b".to_owned(), None, &Cause::Restart, now());
    for place in 0..100 {
        run.enter(Entered { place, weight: 0, at: now() });
    }
    let places: Vec<i64> = run.steps.iter().map(|step| step.place).collect();
    assert_eq!(places.len(), Run::STEPS);
    assert_eq!((places[7], places[8], places[63]), (7, 44, 99));
    let next = Run::next(Some(&run), "c".to_owned(), None, &Cause::Config("secret/x".to_owned()), now());
    assert_eq!((run.id.as_str(), next.id.as_str(), next.cause.as_str()), ("1-b", "2-c", "secret/x"));
}

/// An operator of before writes the weight and leaves the position of another one in place.
#[test]
fn a_position_that_does_not_fit_the_weight_is_not_believed() {
    let rollout = rollout(r#"{"stepWeights":[10,30,50]}"#);
    let analysing = |entered, weight| {
        let progress = Progress { entered, weight };
        Stage::Analysing(Analysis { progress, ..Analysis::default() })
    };
    for (noted, weight, entered) in [(2, 10, 1), (1, 50, 3), (3, 10, 1), (3, 100, 3), (2, 30, 2)] {
        let mut status = codec::write(&full(analysing(noted, 30)), &rollout);
        status.canary_weight = weight;
        let progress = codec::read(&status, &rollout).stage.progress();
        assert_eq!(progress.entered, entered, "noted {noted}, weight {weight}");
    }
}
