//! What a person tells the rollout to do.
//!
//! A command is dealt with once: its `id` stands in the status that says what came of it, and only
//! then is its annotation removed. A crash between both repeats nothing.

use serin_api::canary::{CommandRecord, Pause};

use super::{
    analyse,
    builder::{Flow, PlanBuilder, Stop},
    identity, idle, rollback,
};
use crate::{
    command::{Answer, Command, Effect, Outcome, answer, parse},
    event::{EventKind, RollbackCause, Told},
    reason::WaitReason,
    state::{HoldKind, Stage},
    time::{later, seconds},
};

/// Commands that are remembered.
const KEPT: usize = 8;

/// What is said to a command, and what is done.
struct Ruling {
    outcome: Outcome,
    words: String,
    effect: Option<Effect>,
}

impl Ruling {
    fn refused(words: impl Into<String>) -> Self {
        Self { outcome: Outcome::Refused, words: words.into(), effect: None }
    }

    fn no_effect(words: &str) -> Self {
        Self { outcome: Outcome::NoEffect, words: words.to_owned(), effect: None }
    }

    fn obeyed(effect: Effect, words: &str) -> Self {
        Self { outcome: Outcome::Obeyed, words: words.to_owned(), effect: Some(effect) }
    }
}

/// Does what the Canary's command asks for, or says why not.
pub(super) fn obey(plan: &mut PlanBuilder) -> Flow {
    let Some(text) = &plan.obs.command else { return Ok(()) };
    let read = parse(text);
    let id = read.as_ref().map_or_else(|unreadable| &unreadable.id, |command| &command.id);
    if plan.next.commands.iter().any(|known| known.id == *id) {
        plan.answered = Some(text.clone());
        return Ok(());
    }
    let ruling = match &read {
        Err(unreadable) => Some(Ruling::refused(format!("it cannot be read: {}", unreadable.why))),
        Ok(command) => rule(plan, command),
    };
    let Some(ruling) = ruling else { return Ok(()) };
    plan.answered = Some(text.clone());
    note(plan, id, read.as_ref().ok(), &ruling);
    match (&read, ruling.effect) {
        (Ok(command), Some(effect)) => carry_out(plan, command, effect),
        _ => Err(Stop::Acted),
    }
}

/// Remembers and tells what came of a command.
fn note(plan: &mut PlanBuilder, id: &str, command: Option<&Command>, ruling: &Ruling) {
    let (verb, by) = (command.map(|it| it.verb.name()), command.and_then(|it| it.by.clone()));
    let record = CommandRecord {
        id: id.to_owned(),
        at: Some(seconds(plan.now())),
        verb: verb.unwrap_or_default().to_owned(),
        revision: command.map(|it| it.revision.clone()).unwrap_or_default(),
        by: by.clone(),
        outcome: ruling.outcome.name().to_owned(),
        message: ruling.words.clone(),
    };
    let commands = &mut plan.next.commands;
    commands.push(record);
    let surplus = commands.len().saturating_sub(KEPT);
    commands.drain(..surplus);
    let reason = command.and_then(|it| it.reason.clone());
    let (outcome, words) = (ruling.outcome, ruling.words.clone());
    plan.tell(&EventKind::Command(Told { verb, by, reason, outcome, words }));
}

/// What a command means now; `None` while another revision is about to take the place of the one
/// under analysis.
fn rule(plan: &PlanBuilder, command: &Command) -> Option<Ruling> {
    if plan.rollout().deleting {
        return Some(Ruling::refused("the Canary is being deleted"));
    }
    let answer = answer(command.verb, &plan.next.stage, plan.next.paused.is_some());
    if is_of_a_revision(&plan.next.stage) {
        let revision = at_stake(plan)?;
        if revision != command.revision {
            let given = &command.revision;
            return Some(Ruling::refused(format!(
                "it is for revision {given}, the rollout is of {revision}"
            )));
        }
    }
    Some(match answer {
        Answer::NoEffect(words) => Ruling::no_effect(words),
        Answer::Refuse(words) => Ruling::refused(words),
        Answer::Obey(effect) => permit(plan, effect),
    })
}

/// Whether a revision is under way or has failed.
fn is_of_a_revision(stage: &Stage) -> bool {
    let between = matches!(stage, Stage::New | Stage::Initializing { .. } | Stage::Initialized);
    !between && !matches!(stage, Stage::Succeeded | Stage::Terminating { .. } | Stage::Terminated)
}

/// The revision that a command can be meant for. One that waits is not in the status yet.
fn at_stake(plan: &PlanBuilder) -> Option<String> {
    match (&plan.next.stage, plan.inputs()) {
        (Stage::WaitingToStart { .. }, inputs) => Some(inputs.ok()?.target.revision.clone()),
        (Stage::Analysing(_), Ok(inputs)) if idle::changed(plan, inputs) && blocked(plan).is_none() => None,
        _ => Some(plan.next.applied.clone().unwrap_or_default()),
    }
}

/// Why nothing is advanced, whoever asks.
fn blocked(plan: &PlanBuilder) -> Option<String> {
    if plan.rollout().spec.suspend {
        return Some("spec.suspend is set".to_owned());
    }
    if let Some(obstacle) = &plan.obs.obstacle {
        return Some(format!("the Canary cannot be served as it is: {}", obstacle.message));
    }
    let moves = !identity::is_settled(plan);
    moves.then(|| "the names of the target or of the Services are about to change".to_owned())
}

/// Whether this can be done now. What holds or takes back traffic can always be.
fn permit(plan: &PlanBuilder, effect: Effect) -> Ruling {
    let always = matches!(effect, Effect::Pause | Effect::Resume | Effect::Abort);
    if let Some(why) = blocked(plan).filter(|_| !always) {
        return Ruling::refused(why);
    }
    match effect {
        Effect::Pause => Ruling::obeyed(effect, "checks go on, and nothing advances until it is resumed"),
        Effect::Resume => Ruling::obeyed(effect, "the rollout goes on"),
        Effect::Start => reads_all(plan, effect, "the rollout starts without waiting for approval"),
        Effect::Advance => advance(plan),
        Effect::PromoteFull => {
            reads_all(plan, effect, "the revision is promoted without the steps and checks that are left")
        }
        Effect::Abort => Ruling::obeyed(effect, "all traffic goes to the primary"),
        Effect::Retry => retry(plan),
        Effect::Restart => reads_all(plan, effect, "the analysis begins anew from the first step"),
    }
}

fn reads_all(plan: &PlanBuilder, effect: Effect, words: &str) -> Ruling {
    if plan.inputs().is_err() || plan.primary().is_err() {
        return Ruling::refused("the target, its configs or the primary cannot be read now");
    }
    Ruling::obeyed(effect, words)
}

/// Only gates, time and a pause can be passed over: no person can make pods ready.
fn advance(plan: &PlanBuilder) -> Ruling {
    let Ok(inputs) = plan.inputs() else { return reads_all(plan, Effect::Advance, "") };
    let unready = analyse::unready(plan, inputs).map(|wait| wait.text(plan.rollout()));
    match unready {
        Some(why) if plan.next.paused.is_some() => {
            Ruling::obeyed(Effect::Resume, &format!("the pause ends, the next step waits: {why}"))
        }
        Some(why) => Ruling::refused(format!("what it waits for has to come by itself: {why}")),
        None if analyse::is_at_the_end(plan) => {
            Ruling::obeyed(Effect::Advance, "the revision is promoted now")
        }
        None => Ruling::obeyed(Effect::Advance, "the next step is entered now"),
    }
}

fn retry(plan: &PlanBuilder) -> Ruling {
    if plan.next.promoted.is_none() {
        return Ruling::refused("the initialisation failed, and is tried again when the target changes");
    }
    match (plan.inputs(), plan.primary()) {
        (Ok(inputs), _) if idle::changed(plan, inputs) => Ruling::refused(format!(
            "it is for revision {}, the target has revision {} or other configs now",
            plan.next.applied.as_deref().unwrap_or_default(),
            inputs.target.revision
        )),
        (Ok(_), Ok(None)) => Ruling::refused("there is no primary to go back to"),
        _ => reads_all(plan, Effect::Retry, "the revision is analysed again from the first step"),
    }
}

fn carry_out(plan: &mut PlanBuilder, command: &Command, effect: Effect) -> Flow {
    match effect {
        Effect::Pause => pause(plan, command),
        Effect::Resume => resume(plan),
        Effect::Start => idle::start(plan, plan.inputs()?, plan.primary()?),
        Effect::Advance => {
            plan.next.paused = None;
            analyse::promote_now(plan)
        }
        Effect::PromoteFull => promote_full(plan),
        Effect::Abort => {
            let (by, reason) = (command.by.clone(), command.reason.clone());
            rollback::begin(plan, &RollbackCause::Abort { by, reason })
        }
        Effect::Retry => match plan.primary()? {
            Some(primary) => idle::retry(plan, plan.inputs()?, primary),
            None => Err(Stop::Acted),
        },
        Effect::Restart => analyse::restart(plan, plan.inputs()?),
    }
}

fn pause(plan: &mut PlanBuilder, command: &Command) -> Flow {
    let (since, revision) = (Some(seconds(plan.now())), command.revision.clone());
    plan.next.paused = Some(Pause { since, revision, by: command.by.clone() });
    plan.next.analysing(|analysis| analysis.promote_full = false);
    Err(Stop::Acted)
}

fn resume(plan: &mut PlanBuilder) -> Flow {
    plan.next.paused = None;
    plan.next.waiting = None;
    if matches!(plan.next.stage, Stage::WaitingToStart { .. }) {
        // The gate is asked at once.
        plan.release();
    }
    Err(Stop::Acted)
}

/// What comes next waits for the pods alone.
fn promote_full(plan: &mut PlanBuilder) -> Flow {
    let end = match plan.next.stage {
        Stage::WaitingToStart { .. } => idle::start(plan, plan.inputs()?, plan.primary()?),
        _ => Err(Stop::Acted),
    };
    plan.next.paused = None;
    plan.next.waiting = None;
    plan.next.analysing(|analysis| analysis.promote_full = true);
    end
}

impl PlanBuilder<'_> {
    /// Nothing advances while a person holds the rollout.
    pub(super) fn not_paused(&self) -> Flow {
        match &self.next.paused {
            Some(pause) => Err(WaitReason::Paused { by: pause.by.clone() }.into()),
            None => Ok(()),
        }
    }

    /// The same at the end of a round of checks: the next one comes after the interval.
    pub(super) fn not_paused_after_round(&mut self) -> Flow {
        let Err(stop) = self.not_paused() else { return Ok(()) };
        self.hold(HoldKind::Check);
        let again = later(self.now(), self.rollout().interval);
        Err(stop.again(Some(again)))
    }
}
