//! One decision in the making.

use chrono::TimeDelta;
use serin_api::{CanaryStatus, Phase};

use crate::{
    Observation, Plan, Rollout, Timestamp, identity, news,
    observe::{HookAnswer, Primary, Seen, Target},
    plan::{Action, Alert, Ask, Event, HookCall, Level, Outcome, Severity, Stall},
    rollout::{Hook, HookKind},
    status,
    time::later,
};

/// How soon to look again at something that could not be read.
const RETRY: TimeDelta = TimeDelta::seconds(5);

/// How long after the last change of the status a new reason to wait is not worth telling.
const GRACE: TimeDelta = TimeDelta::seconds(2);

/// How long one reason to wait stands before the next is told: slow pods change it with every replica.
const PATIENCE: TimeDelta = TimeDelta::seconds(15);

/// `Err` ends the decision early; it is not a failure.
pub(super) type Flow<T = ()> = Result<T, Stop>;

/// Why a decision ends early.
#[derive(Debug)]
pub(super) enum Stop {
    /// Something has to be waited for.
    Wait(Wait),
    /// Something has to be asked first.
    Ask(Ask),
    /// The actions so far have to be seen to work before more is decided.
    Acted,
}

#[derive(Debug)]
pub(super) struct Wait {
    reason: String,
    level: Level,
    until: Option<Timestamp>,
    /// Most likely over in a moment, even when it comes with a change of the status.
    passing: bool,
    /// The reason of the condition `Stalled`, if only a user can end it.
    stall: Option<&'static str>,
    /// Before that it is not told: it began a moment ago.
    quiet_until: Option<Timestamp>,
}

impl Wait {
    /// What is waited for.
    pub(super) fn reason(&self) -> &str {
        &self.reason
    }
}

impl Stop {
    pub(super) fn wait(reason: impl Into<String>) -> Self {
        let reason = reason.into();
        let level = Level::Warning;
        Self::Wait(Wait { reason, level, until: None, passing: false, stall: None, quiet_until: None })
    }

    /// Keeps this wait from being told before the given time.
    pub(super) fn quiet(self, until: Option<Timestamp>) -> Self {
        match self {
            Self::Wait(wait) => Self::Wait(Wait { quiet_until: until, ..wait }),
            other => other,
        }
    }

    /// Only a user can end this wait.
    pub(super) fn stalled(self, reason: &'static str) -> Self {
        match self {
            Self::Wait(wait) => Self::Wait(Wait { stall: Some(reason), ..wait }),
            other => other,
        }
    }

    pub(super) fn level(self, level: Level) -> Self {
        match self {
            Self::Wait(wait) => Self::Wait(Wait { level, ..wait }),
            other => other,
        }
    }

    fn passing(self) -> Self {
        match self {
            Self::Wait(wait) => Self::Wait(Wait { passing: true, ..wait }),
            other => other,
        }
    }

    pub(super) fn until(self, until: Option<Timestamp>) -> Self {
        match self {
            Self::Wait(wait) => Self::Wait(Wait { until, ..wait }),
            other => other,
        }
    }
}

/// What is known of the workloads, when all of it is known.
#[derive(Clone, Copy)]
pub(super) struct Inputs<'a> {
    pub(super) target: &'a Target,
    pub(super) configs: &'a std::collections::BTreeMap<String, String>,
}

pub(super) struct Turn<'a> {
    pub(super) obs: &'a Observation,
    /// The status to be written.
    pub(super) next: CanaryStatus,
    actions: Vec<Action>,
    events: Vec<Event>,
    alerts: Vec<Alert>,
    hooks: Vec<HookCall>,
    outcome: Option<Outcome>,
    analysed: bool,
    /// Whether the primary of another target than before has been ready for an interval.
    pub(super) steady: bool,
    stall: Option<Stall>,
    wake: Option<Timestamp>,
    /// Whether a status of Flagger's was read in full, so that what is written is Serin's.
    pub(super) claimed: bool,
    /// A status of Flagger's as it was read, before anything was decided.
    pub(super) taken: Option<CanaryStatus>,
}

impl<'a> Turn<'a> {
    pub(super) fn new(obs: &'a Observation) -> Self {
        Self {
            obs,
            next: obs.status.clone(),
            actions: Vec::new(),
            events: Vec::new(),
            alerts: Vec::new(),
            hooks: Vec::new(),
            outcome: None,
            analysed: false,
            steady: false,
            stall: None,
            wake: None,
            claimed: true,
            taken: None,
        }
    }

    /// Whether Flagger wrote the status, or nobody.
    pub(super) fn foreign(&self) -> bool {
        self.obs.status.observed_generation.is_none() && self.rollout().generation.is_some()
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

    pub(super) fn say(&mut self, level: Level, message: impl Into<String>) {
        let phase = self.next.phase;
        self.events.push(Event { level, message: message.into(), phase });
    }

    pub(super) fn note(&mut self, message: impl Into<String>) {
        self.say(Level::Normal, message);
    }

    pub(super) fn warn(&mut self, message: impl Into<String>) {
        self.say(Level::Warning, message);
    }

    pub(super) fn alert(&mut self, severity: Severity, message: impl Into<String>, fields: bool) {
        self.alerts.push(Alert { severity, message: message.into(), fields });
    }

    pub(super) fn enter(&mut self, phase: Phase) {
        let (rollout, now) = (&self.obs.rollout, self.obs.now);
        status::set_phase(&mut self.next, phase, rollout, now);
    }

    /// When what the phase waits for has had as long as pods may take to become ready.
    pub(super) fn phase_deadline(&self) -> Timestamp {
        let entered = self.obs.status.phase == self.next.phase;
        let since = self.obs.status.last_transition_time.filter(|_| entered).unwrap_or(self.now());
        later(since, self.rollout().spec.progress_deadline())
    }

    /// Whether a version is being judged that nobody has approved.
    pub(super) fn judging(&self) -> bool {
        matches!(self.next.phase, Phase::Progressing | Phase::WaitingPromotion)
    }

    /// Whether this has been waited for as long as pods may take to become ready.
    pub(super) fn waited_for(&self, reason: &str) -> bool {
        self.wait_ends(reason).is_some_and(|end| end <= self.now())
    }

    /// When this will have been waited for as long as that; `None` until it is told.
    pub(super) fn wait_ends(&self, reason: &str) -> Option<Timestamp> {
        let told = self.obs.status.waiting_for.as_deref() == Some(reason);
        let since = self.obs.status.last_transition_time.filter(|_| told)?;
        Some(later(since, self.rollout().spec.progress_deadline()))
    }

    /// Opens a window: the next check, poll or end of draining is counted from this moment.
    pub(super) fn open_window(&mut self) {
        self.next.last_check_time = Some(status::stamp(self.now()));
    }

    /// No window is open: what comes next opens one.
    pub(super) fn close_window(&mut self) {
        self.next.last_check_time = None;
    }

    /// Whether a window of this length is over. When not, looks again at its end.
    pub(super) fn window_over(&mut self, length: TimeDelta) -> bool {
        let due = status::due(self.next.last_check_time, length, self.now());
        if self.now() < due {
            self.wake_at(due);
            return false;
        }
        true
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
        self.outcome = Some(Outcome { success, skipped, kind: rollout.strategy.kind });
        let phase = self.next.phase;
        let calls = rollout.hooks_of(HookKind::PostRollout).map(|h| HookCall { index: h.index, phase });
        self.hooks.extend(calls);
    }

    /// The answer of a hook; asks for it when it is not there.
    pub(super) fn hook(&self, hook: &Hook, phase: Phase) -> Flow<&'a HookAnswer> {
        let call = HookCall { index: hook.index, phase };
        self.obs.answers.hooks.get(&hook.index).ok_or(Stop::Ask(Ask::Hook(call)))
    }

    /// The value, or a wait when it could not be read. `None` when there is none.
    pub(super) fn known<T>(&self, what: &str, seen: &'a Seen<T>) -> Flow<Option<&'a T>> {
        match seen {
            Seen::Present(value) => Ok(Some(value)),
            Seen::Absent => Ok(None),
            Seen::Unknown(why) => Err(self.unknown(what, why)),
        }
    }

    pub(super) fn unknown(&self, what: &str, why: &str) -> Stop {
        Stop::wait(format!("{what} could not be read: {why}")).until(Some(later(self.now(), RETRY))).passing()
    }

    /// Target and configs, or a wait that says what is missing.
    pub(super) fn inputs(&self) -> Flow<Inputs<'a>> {
        let Some(target) = self.known("target", &self.obs.target)? else {
            return Err(Stop::wait(self.rollout().say_target_missing()));
        };
        let Some(configs) = self.known("tracked configs", &self.obs.configs)? else {
            let why = self.obs.missing_config.as_deref();
            let why = why.unwrap_or("a ConfigMap or Secret of the target is missing");
            return Err(Stop::wait(match self.obs.primary {
                Seen::Absent => format!("{}: {why}", self.rollout().target_kind.making_primary()),
                _ => why.to_owned(),
            }));
        };
        Ok(Inputs { target, configs })
    }

    /// Records these as the revision that is looked at. Where configs are not tracked, the status has none.
    pub(super) fn take(&mut self, inputs: Inputs) {
        self.next.last_applied_spec = Some(inputs.target.revision.clone());
        if self.rollout().config_tracking {
            status::record_configs(&mut self.next, inputs.configs);
        } else {
            self.next.tracked_configs = None;
            self.next.tracked_binary_data = None;
        }
    }

    /// The reason of a wait that only the next tick can end: a gate that was closed when last asked.
    pub(super) fn gate(&self) -> Option<String> {
        let prefix = self.rollout().say_halt("waiting for");
        self.next.waiting_for.clone().filter(|why| why.starts_with(&prefix))
    }

    pub(super) fn primary(&self) -> Flow<Option<&'a Primary>> {
        self.known("primary", &self.obs.primary)
    }

    pub(super) fn finish(mut self, end: Flow) -> Plan {
        if let Err(Stop::Ask(ask)) = end {
            return self.asking(ask);
        }
        self.keep_cookies();
        super::leftovers::remember(&mut self);
        match end {
            Ok(()) => self.next.waiting_for = None,
            Err(Stop::Acted | Stop::Ask(_)) => {}
            Err(Stop::Wait(wait)) => self.waiting(wait),
        }
        if self.rests() {
            identity::copy(&self.obs.status, &mut self.next);
            return self.plan(true);
        }
        // A status of Flagger's is not written for the sake of the names alone.
        let unnamed = self.foreign() && self.obs.status.service_name.is_none();
        let named = self.next.clone();
        if unnamed {
            identity::copy(&self.obs.status, &mut self.next);
        }
        let news = status::differs(&self.next, &self.obs.status);
        if news && unnamed {
            identity::copy(&named, &mut self.next);
        }
        if !self.foreign() || news && self.claimed {
            self.next.observed_generation = self.rollout().generation;
        }
        if news || status::differs(&self.next, &self.obs.status) {
            self.next.last_transition_time = Some(status::seconds(self.now()));
        }
        self.keep_news();
        self.plan(false)
    }

    /// Whether a status of Flagger's says all that matters: nothing is under way, or it is held, and nothing was
    /// decided.
    fn rests(&self) -> bool {
        let idle = matches!(self.next.phase, Phase::Initialized | Phase::Succeeded | Phase::Failed);
        let idle = idle && self.next.waiting_for.is_none();
        let gated = matches!(self.next.phase, Phase::Waiting | Phase::WaitingPromotion);
        let suspended = self.rollout().spec.suspend && self.next.phase != Phase::None;
        let quiet = self.actions.is_empty() && self.alerts.is_empty() && self.hooks.is_empty();
        let taken = self.taken.as_ref().filter(|_| !self.rollout().deleting && self.outcome.is_none());
        (idle || gated || suspended)
            && quiet
            && taken.is_some_and(|taken| !status::decided(taken, &self.next))
    }

    fn plan(self, unwritten: bool) -> Plan {
        Plan {
            asks: Vec::new(),
            status: self.next,
            unwritten,
            actions: self.actions,
            events: self.events,
            alerts: self.alerts,
            hooks: self.hooks,
            outcome: self.outcome,
            analysed: self.analysed,
            stall: self.stall,
            wake: self.wake,
        }
    }

    /// What there is to tell becomes part of the status. Without any other change of the status, events alone do not:
    /// they are not worth a write, and lost by a crash.
    fn keep_news(&mut self) {
        let news = !self.alerts.is_empty() || !self.hooks.is_empty();
        let written = status::differs(&self.next, &self.obs.status) && !self.events.is_empty();
        if news || written {
            let phase = self.hooks.first().map(|hook| hook.phase);
            news::record(&mut self.next, self.obs.now, &self.events, &self.alerts, phase);
        }
    }

    fn waiting(&mut self, wait: Wait) {
        if let Some(reason) = wait.stall {
            // The shell tells of it, with the condition.
            self.next.waiting_for = Some(wait.reason.clone());
            self.stall = Some(Stall { reason, message: wait.reason });
            if let Some(until) = wait.until {
                self.wake_at(until);
            }
            return;
        }
        if let Some(at) = self.too_soon(&wait) {
            return self.wake_at(wait.until.map_or(at, |until| until.min(at)));
        }
        if self.next.waiting_for.as_ref() != Some(&wait.reason) {
            self.say(wait.level, wait.reason.clone());
        }
        self.next.waiting_for = Some(wait.reason);
        if let Some(until) = wait.until {
            self.wake_at(until);
        }
    }

    /// When to tell of a wait that may be over in a moment: most are, and nobody needs to read of them.
    fn too_soon(&self, wait: &Wait) -> Option<Timestamp> {
        if let Some(until) = wait.quiet_until.filter(|until| self.now() < *until) {
            return Some(until);
        }
        let news = status::differs(&self.next, &self.obs.status);
        if news && wait.passing {
            return Some(later(self.now(), GRACE));
        }
        let known = self.next.waiting_for.as_ref() == Some(&wait.reason);
        let patience = if self.next.waiting_for.is_some() { PATIENCE } else { GRACE };
        let told = later(self.obs.status.last_transition_time.filter(|_| !news && !known)?, patience);
        (self.now() < told).then_some(told)
    }

    fn asking(self, ask: Ask) -> Plan {
        Plan { asks: vec![ask], status: self.obs.status.clone(), ..Plan::default() }
    }
}
