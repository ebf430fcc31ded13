//! Where a rollout can stand when a command comes, and the answer to each verb there.

use std::sync::Arc;

use serin_api::CanaryStatus;

use crate::scenario::Scenario;

const ANALYSIS: &str = r#"{"stepWeight":20,"maxWeight":60,"threshold":2,"webhooks":[
    {"name":"roll","url":"http://t/"},
    {"name":"cr","type":"confirm-rollout","url":"http://t/"},
    {"name":"cti","type":"confirm-traffic-increase","url":"http://t/"},
    {"name":"cp","type":"confirm-promotion","url":"http://t/"}]}"#;

/// The outcome of a command, the phase after it, and the words.
pub(crate) type Cell = (&'static str, &'static str, &'static str);

/// A place, how to come there, and what comes of pause, resume, promote, promote-full, abort, retry
/// and restart.
pub(crate) type Place = (&'static str, fn() -> Scenario, [Cell; 7]);

/// The outcomes of the commands in a status.
pub(crate) fn told(status: &CanaryStatus) -> Vec<String> {
    let commands = status.run.iter().flat_map(|run| &run.commands);
    commands.map(|record| record.outcome.clone()).collect()
}

pub(crate) fn initialized() -> Scenario {
    Scenario::initialized(ANALYSIS)
}

pub(crate) fn initializing() -> Scenario {
    let mut s = Scenario::new(ANALYSIS);
    s.take_events();
    s
}

fn closed(hook: &str, s: &mut Scenario) {
    s.script.closed.insert(hook.to_owned(), "no".to_owned());
}

/// Waits for its approval.
pub(crate) fn gated() -> Scenario {
    let mut s = initialized();
    closed("cr", &mut s);
    s.ship("b");
    s
}

/// The canary's pods start.
pub(crate) fn scaling() -> Scenario {
    let mut s = initialized();
    s.ship("b");
    s
}

/// At its first step.
pub(crate) fn running() -> Scenario {
    let mut s = scaling();
    s.pods_ready();
    s.take_events();
    s
}

/// A gate keeps the traffic from growing.
pub(crate) fn halted() -> Scenario {
    let mut s = running();
    closed("cti", &mut s);
    s.interval();
    s
}

/// A gate keeps it from being promoted.
pub(crate) fn awaiting() -> Scenario {
    let mut s = running();
    closed("cp", &mut s);
    for _ in 0..3 {
        s.interval();
    }
    s
}

pub(crate) fn rolling_back() -> Scenario {
    let mut s = running();
    closed("roll", &mut s);
    s.interval();
    s.interval();
    s
}

pub(crate) fn failed() -> Scenario {
    let mut s = rolling_back();
    s.drain();
    s
}

pub(crate) fn called_off() -> Scenario {
    let mut s = running();
    s.ship("a");
    // A command can only be for the revision that the status tells.
    s.world.status.last_applied_spec = Some("b".to_owned());
    s
}

pub(crate) fn promoting() -> Scenario {
    let mut s = running();
    for _ in 0..3 {
        s.interval();
    }
    s
}

pub(crate) fn finalising() -> Scenario {
    let mut s = promoting();
    s.pods_ready();
    s
}

pub(crate) fn succeeded() -> Scenario {
    let mut s = finalising();
    s.drain();
    s
}

pub(crate) fn deleting() -> Scenario {
    let mut s = running();
    let rollout = Arc::make_mut(&mut s.world.rollout);
    (rollout.deleting, rollout.finalizer, rollout.spec.revert_on_deletion) = (true, true, true);
    s
}

fn paused(mut s: Scenario) -> Scenario {
    s.world.status.paused = Some(serin_api::canary::Pause { revision: "b".to_owned(), ..Default::default() });
    s.settle();
    s.take_events();
    s
}

const NOTHING: &str = "nothing is in progress";
const HOLDS: &str = "checks go on, and nothing advances until it is resumed";
const UNPAUSED: &str = "the rollout is not paused";
const STARTS: &str = "the rollout starts without waiting for approval";
const IN_FULL: &str = "the revision is promoted without the steps and checks that are left";
const BACK: &str = "all traffic goes to the primary";
const UNFAILED: &str = "the revision has not failed";
const NOT_BEGUN: &str = "the analysis has not begun";
const PAUSED: &str = "the rollout is paused already";
const GOES_ON: &str = "the rollout goes on";
const ANEW: &str = "the analysis begins anew from the first step";
const STEP: &str = "the next step is entered now";
const PROMOTED: &str = "the revision is promoted now";
const GOES_BACK: &str = "the revision is being rolled back";
const FAILED: &str = "the revision has failed: retry has it analysed again";
const AGAIN: &str = "the revision is analysed again from the first step";
const ENDED: &str = "the rollout has ended: the target is back at the promoted revision";
const APPROVED: &str = "the revision was approved and is being copied to the primary, which goes on";
const DELETED: &str = "the Canary is being deleted";
const PODS: &str = "what it waits for has to come by itself: canary deployment podinfo.default not ready: \
    waiting for rollout to finish: 0 of 1 (readyThreshold 100%) updated replicas are available";

const fn obeyed(phase: &'static str, words: &'static str) -> Cell {
    ("Obeyed", phase, words)
}

const fn no_effect(phase: &'static str, words: &'static str) -> Cell {
    ("NoEffect", phase, words)
}

const fn refused(phase: &'static str, words: &'static str) -> Cell {
    ("Refused", phase, words)
}

pub(crate) const PLACES: &[Place] = &[
    ("initializing", initializing, [no_effect("Initializing", NOTHING); 7]),
    ("initialized", initialized, [no_effect("Initialized", NOTHING); 7]),
    (
        "gated",
        gated,
        [
            obeyed("Waiting", HOLDS),
            no_effect("Waiting", UNPAUSED),
            obeyed("Progressing", STARTS),
            obeyed("Progressing", IN_FULL),
            obeyed("Waiting", BACK),
            no_effect("Waiting", UNFAILED),
            no_effect("Waiting", NOT_BEGUN),
        ],
    ),
    (
        "gated and paused",
        || paused(gated()),
        [
            no_effect("Waiting", PAUSED),
            obeyed("Waiting", GOES_ON),
            obeyed("Progressing", STARTS),
            obeyed("Progressing", IN_FULL),
            obeyed("Waiting", BACK),
            no_effect("Waiting", UNFAILED),
            no_effect("Waiting", NOT_BEGUN),
        ],
    ),
    (
        "scaling",
        scaling,
        [
            obeyed("Progressing", HOLDS),
            no_effect("Progressing", UNPAUSED),
            refused("Progressing", PODS),
            obeyed("Progressing", IN_FULL),
            obeyed("Progressing", BACK),
            no_effect("Progressing", UNFAILED),
            obeyed("Progressing", ANEW),
        ],
    ),
    (
        "running",
        running,
        [
            obeyed("Progressing", HOLDS),
            no_effect("Progressing", UNPAUSED),
            obeyed("Progressing", STEP),
            obeyed("Promoting", IN_FULL),
            obeyed("Progressing", BACK),
            no_effect("Progressing", UNFAILED),
            obeyed("Progressing", ANEW),
        ],
    ),
    (
        "running and paused",
        || paused(running()),
        [
            no_effect("Progressing", PAUSED),
            obeyed("Progressing", GOES_ON),
            obeyed("Progressing", STEP),
            obeyed("Promoting", IN_FULL),
            obeyed("Progressing", BACK),
            no_effect("Progressing", UNFAILED),
            obeyed("Progressing", ANEW),
        ],
    ),
    (
        "halted",
        halted,
        [
            obeyed("Progressing", HOLDS),
            no_effect("Progressing", UNPAUSED),
            obeyed("Progressing", STEP),
            obeyed("Promoting", IN_FULL),
            obeyed("Progressing", BACK),
            no_effect("Progressing", UNFAILED),
            obeyed("Progressing", ANEW),
        ],
    ),
    (
        "awaiting",
        awaiting,
        [
            obeyed("WaitingPromotion", HOLDS),
            no_effect("WaitingPromotion", UNPAUSED),
            obeyed("Promoting", PROMOTED),
            obeyed("Promoting", IN_FULL),
            obeyed("WaitingPromotion", BACK),
            no_effect("WaitingPromotion", UNFAILED),
            obeyed("Progressing", ANEW),
        ],
    ),
    (
        "awaiting and paused",
        || paused(awaiting()),
        [
            no_effect("WaitingPromotion", PAUSED),
            obeyed("WaitingPromotion", GOES_ON),
            obeyed("Promoting", PROMOTED),
            obeyed("Promoting", IN_FULL),
            obeyed("WaitingPromotion", BACK),
            no_effect("WaitingPromotion", UNFAILED),
            obeyed("Progressing", ANEW),
        ],
    ),
    (
        "rolling back",
        rolling_back,
        [
            refused("Progressing", GOES_BACK),
            no_effect("Progressing", UNPAUSED),
            refused("Progressing", GOES_BACK),
            refused("Progressing", GOES_BACK),
            no_effect("Progressing", GOES_BACK),
            refused("Progressing", GOES_BACK),
            refused("Progressing", GOES_BACK),
        ],
    ),
    (
        "failed",
        failed,
        [
            no_effect("Failed", NOTHING),
            no_effect("Failed", NOTHING),
            refused("Failed", FAILED),
            refused("Failed", FAILED),
            no_effect("Failed", NOTHING),
            obeyed("Progressing", AGAIN),
            refused("Failed", FAILED),
        ],
    ),
    ("called off", called_off, [no_effect("Finalising", ENDED); 7]),
    (
        "promoting",
        promoting,
        [
            refused("Promoting", APPROVED),
            no_effect("Promoting", UNPAUSED),
            no_effect("Promoting", APPROVED),
            no_effect("Promoting", APPROVED),
            refused("Promoting", APPROVED),
            refused("Promoting", APPROVED),
            refused("Promoting", APPROVED),
        ],
    ),
    (
        "finalising",
        finalising,
        [
            refused("Finalising", APPROVED),
            no_effect("Finalising", UNPAUSED),
            no_effect("Finalising", APPROVED),
            no_effect("Finalising", APPROVED),
            refused("Finalising", APPROVED),
            refused("Finalising", APPROVED),
            refused("Finalising", APPROVED),
        ],
    ),
    ("succeeded", succeeded, [no_effect("Succeeded", NOTHING); 7]),
    ("deleting", deleting, [refused("Progressing", DELETED); 7]),
];
