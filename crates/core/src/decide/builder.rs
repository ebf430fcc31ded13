//! One decision in the making.

mod finish;
pub(super) mod names;
mod standing;
mod stop;

use chrono::TimeDelta;
use serin_api::Phase;

pub(super) use standing::{FOREIGN_PODS, GATEWAY_NOT_READY, ROUTE_NOT_ACCEPTED, ROUTE_REFUSED};
pub(super) use stop::{Flow, Stop, Wait};

use crate::{
    Observation, Rollout, Timestamp,
    event::{AlertKind, EventKind},
    observe::{HookAnswer, Primary, Seen, Target},
    plan::{Action, Alert, Ask, Event, HookCall, Judged, RolloutEnd},
    reason::WaitReason,
    rollout::{Hook, HookKind},
    stall::Stall,
    state::{Cause, Draft, Hold, HoldKind, Run, Stage, State, Waiting, flagger},
    time::{later, seconds},
};

/// How soon to look again at something that could not be read.
const RETRY: TimeDelta = TimeDelta::seconds(5);

/// What is known of the workloads, when all of it is known.
#[derive(Clone, Copy)]
pub(super) struct Inputs<'a> {
    pub(super) target: &'a Target,
    pub(super) configs: &'a std::collections::BTreeMap<String, String>,
}

pub(super) struct PlanBuilder<'a> {
    pub(super) obs: &'a Observation,
    draft: Draft<'a>,
    /// The state to be written.
    pub(super) next: State,
    actions: Vec<Action>,
    events: Vec<Event>,
    alerts: Vec<Alert>,
    hooks: Vec<HookCall>,
    ended: Option<RolloutEnd>,
    analysed: bool,
    pub(super) judged: Vec<Judged>,
    /// Whether the primary of another target than before has been ready for an interval.
    pub(super) steady: bool,
    stall: Option<Stall>,
    /// The command that was dealt with, as its annotation stands.
    pub(super) answered: Option<String>,
    wake: Option<Timestamp>,
}

impl<'a> PlanBuilder<'a> {
    pub(super) fn new(obs: &'a Observation) -> Self {
        let draft = Draft::new(obs);
        Self {
            obs,
            next: draft.start().clone(),
            draft,
            actions: Vec::new(),
            events: Vec::new(),
            alerts: Vec::new(),
            hooks: Vec::new(),
            ended: None,
            analysed: false,
            judged: Vec::new(),
            steady: false,
            stall: None,
            answered: None,
            wake: None,
        }
    }

    /// The state from which the decision began.
    pub(super) fn before(&self) -> &State {
        self.draft.start()
    }

    /// Whether Flagger wrote the status, or nobody.
    pub(super) fn written_by_flagger(&self) -> bool {
        flagger::written_by_flagger(self.obs)
    }

    pub(super) fn rollout(&self) -> &'a Rollout {
        &self.obs.rollout
    }

    pub(super) fn now(&self) -> Timestamp {
        self.obs.now
    }

    pub(super) fn act(&mut self, action: Action) {
        self.actions.push(action);
    }

    pub(super) fn actions(&self) -> &[Action] {
        &self.actions
    }

    pub(super) fn tell(&mut self, kind: &EventKind) {
        let (level, message, phase) = (kind.level(), kind.text(self.rollout()), self.next.phase());
        self.events.push(Event { level, message, phase });
    }

    pub(super) fn alert(&mut self, kind: &AlertKind) {
        let (severity, message, fields) = (kind.severity(), kind.text(self.rollout()), kind.has_fields());
        self.alerts.push(Alert { severity, message, fields });
    }

    pub(super) fn enter(&mut self, stage: Stage) {
        let (rollout, now) = (self.rollout(), self.now());
        self.next.enter(stage, rollout, now);
    }

    /// When what the phase waits for has had as long as pods may take to become ready.
    pub(super) fn phase_deadline(&self) -> Timestamp {
        let entered = self.before().phase() == self.next.phase();
        let since = self.before().written.filter(|_| entered).unwrap_or(self.now());
        later(since, self.rollout().spec.progress_deadline())
    }

    /// Whether this has been waited for as long as pods may take to become ready.
    pub(super) fn waited_for(&self, reason: &WaitReason) -> bool {
        self.waits_since(reason).is_some() && self.wait_ends(reason) <= self.now()
    }

    /// When this will have been waited for as long as that; a wait that was not told yet begins now.
    pub(super) fn wait_ends(&self, reason: &WaitReason) -> Timestamp {
        let since = self.waits_since(reason).unwrap_or_else(|| seconds(self.now()));
        later(since, self.rollout().spec.progress_deadline())
    }

    /// Since when this has been waited for; `None` until it is told.
    pub(super) fn waits_since(&self, reason: &WaitReason) -> Option<Timestamp> {
        let waiting = self.before().waiting.as_ref()?;
        waiting.since.filter(|_| waiting.text == reason.text(self.rollout()))
    }

    /// A wait that only the next question can end, as it stands.
    pub(super) fn asked_again(&self) -> Option<&Waiting> {
        self.next.waiting.as_ref().filter(|waiting| waiting.is_asked_again())
    }

    /// Begins a time that has to pass.
    pub(super) fn hold(&mut self, kind: HoldKind) {
        self.next.hold = Some(Hold::begin(kind, self.now()));
    }

    /// As [`Self::hold`], unless one has begun.
    pub(super) fn hold_if_none(&mut self, kind: HoldKind) {
        if self.next.hold.is_none() {
            self.hold(kind);
        }
    }

    /// No time has to pass: what comes next begins one.
    pub(super) fn release(&mut self) {
        self.next.hold = None;
    }

    /// Whether no time has to pass for this any more. When one has, looks again at its end.
    pub(super) fn held_enough(&mut self, kind: HoldKind) -> bool {
        let end = self.next.hold.map(|hold| hold.end(kind, self.rollout()));
        let Some(end) = end.filter(|end| self.now() < *end) else { return true };
        self.wake_at(end);
        false
    }

    fn wake_if(&mut self, at: Option<Timestamp>) {
        if let Some(at) = at {
            self.wake_at(at);
        }
    }

    pub(super) fn wake_at(&mut self, at: Timestamp) {
        self.wake = Some(self.wake.map_or(at, |wake| wake.min(at)));
    }

    /// A round of the analysis begins.
    pub(super) fn analyse(&mut self) {
        self.analysed = true;
    }

    /// Counts the end of a rollout and tells the post-rollout hooks of it.
    pub(super) fn end(&mut self, success: bool) {
        let rollout = self.rollout();
        let skipped = success && rollout.spec.skip_analysis;
        self.ended = Some(RolloutEnd { success, skipped, kind: rollout.strategy.kind });
        let phase = self.next.phase();
        let calls = rollout.hooks_of(HookKind::PostRollout).map(|h| HookCall { index: h.index, phase });
        self.hooks.extend(calls);
    }

    /// The answer of a hook; asks for it when it is not there.
    pub(super) fn hook(&self, hook: &Hook, phase: Phase) -> Flow<&'a HookAnswer> {
        let ask = || Stop::Ask(vec![Ask::Hook { hook: hook.clone(), phase }]);
        self.obs.answers.hooks.get(hook).ok_or_else(ask)
    }

    /// The value, or a wait when it could not be read. `None` when there is none.
    pub(super) fn known<T>(&self, what: &'static str, seen: &'a Seen<T>) -> Flow<Option<&'a T>> {
        match seen {
            Seen::Present(value) => Ok(Some(value)),
            Seen::Absent => Ok(None),
            Seen::Unknown(why) => Err(self.unknown(what, why)),
        }
    }

    pub(super) fn unknown(&self, what: &'static str, why: &str) -> Stop {
        let again = later(self.now(), RETRY);
        Stop::from(WaitReason::Unreadable { what, why: why.to_owned() }).again(Some(again)).passing()
    }

    /// Target and configs, or a wait that says what is missing.
    pub(super) fn inputs(&self) -> Flow<Inputs<'a>> {
        let Some(target) = self.known("target", &self.obs.target)? else {
            return Err(WaitReason::TargetMissing.into());
        };
        let Some(configs) = self.known("tracked configs", &self.obs.configs)? else {
            let why = self.obs.missing_config.as_deref();
            let why = why.unwrap_or("a ConfigMap or Secret of the target is missing").to_owned();
            let needed = self.obs.primary == Seen::Absent;
            return Err(WaitReason::ConfigMissing { why, needed }.into());
        };
        Ok(Inputs { target, configs })
    }

    /// Records these as the revision that is looked at. Where configs are not tracked, the status has none.
    pub(super) fn take(&mut self, inputs: Inputs) {
        self.next.applied = Some(inputs.target.revision.clone());
        self.next.configs = self.rollout().config_tracking.then(|| inputs.configs.clone());
    }

    /// Notes the beginning of a rollout of the revision that is looked at.
    pub(super) fn begin_run(&mut self, cause: &Cause) {
        let (to, from) = (self.next.applied.clone().unwrap_or_default(), self.next.promoted.clone());
        self.next.run = Some(Run::next(self.next.run.as_ref(), to, from, cause, self.now()));
    }

    pub(super) fn primary(&self) -> Flow<Option<&'a Primary>> {
        self.known("primary", &self.obs.primary)
    }
}
