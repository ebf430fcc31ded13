//! From a decision to its plan.

use chrono::TimeDelta;
use serin_api::Phase;

use super::{Flow, PlanBuilder, Stop, Wait, names};
use crate::{
    Plan, Timestamp,
    event::EventKind,
    outbox,
    plan::{Action, Ask},
    reason::WaitReason,
    stall::Stall,
    state::{Stage, Waiting},
    time::{later, seconds},
};

/// How long after the last change of the status a new reason to wait is not worth telling.
const GRACE: TimeDelta = TimeDelta::seconds(2);

/// How long one reason to wait stands before the next is told: slow pods change it with every replica.
const PATIENCE: TimeDelta = TimeDelta::seconds(15);

impl PlanBuilder<'_> {
    pub(in crate::decide) fn finish(mut self, end: Flow) -> Plan {
        if let Err(Stop::Ask(asks)) = end {
            return self.asking(asks);
        }
        self.keep_cookies();
        if !matches!(self.next.stage, Stage::WaitingToStart { .. } | Stage::Analysing(_)) {
            self.next.paused = None;
        }
        // The last of all: whatever keeps it from being removed keeps nothing else from being done.
        if let Some(text) = self.answered.take() {
            self.act(Action::RemoveCommand(text));
        }
        names::remember(&mut self);
        match end {
            Ok(()) => self.next.waiting = None,
            Err(Stop::Acted | Stop::Ask(_)) => self.stall = self.standing_stall(),
            Err(Stop::Wait(wait)) => self.wait(&wait),
        }
        let rests = self.rests();
        if rests {
            self.draft.keep_names(&mut self.next);
        } else {
            self.draft.seal(&mut self.next);
            self.keep_notifications();
        }
        self.plan(rests)
    }

    /// Whether a status of Flagger's says all that matters: nothing is under way, or it is held, and nothing was
    /// decided.
    fn rests(&self) -> bool {
        let idle = matches!(self.next.stage, Stage::Initialized | Stage::Succeeded | Stage::Failed { .. });
        let idle = idle && self.next.waiting.is_none();
        let gated = matches!(self.next.phase(), Phase::Waiting | Phase::WaitingPromotion);
        let suspended = self.rollout().spec.suspend && self.next.stage != Stage::New;
        let quiet = self.actions.is_empty() && self.alerts.is_empty() && self.hooks.is_empty();
        let goes_on = !self.rollout().deleting && self.ended.is_none();
        (idle || gated || suspended) && quiet && goes_on && self.draft.stays_flaggers(&self.next)
    }

    /// A fault is told before anything that was decided: it keeps that from being done.
    fn plan(self, rests: bool) -> Plan {
        let stall = self.obs.fault.clone().or(self.stall);
        Plan {
            asks: Vec::new(),
            status: self.draft.publish(&self.next, stall.as_ref()),
            unwritten: rests && stall.is_none(),
            actions: self.actions,
            events: self.events,
            alerts: self.alerts,
            hooks: self.hooks,
            ended: self.ended,
            analysed: self.analysed,
            judged: self.judged,
            stall,
            wake: self.wake,
        }
    }

    /// What there is to tell becomes part of the status. Without any other change of the status, events alone do not:
    /// they are not worth a write, and lost by a crash.
    fn keep_notifications(&mut self) {
        let people = !self.alerts.is_empty() || !self.hooks.is_empty();
        let written = !self.events.is_empty() && self.draft.differs(&self.next);
        if people || written {
            let phase = self.hooks.first().map(|hook| hook.phase);
            outbox::record(&mut self.next.outbox, self.obs.now, &self.events, &self.alerts, phase);
        }
    }

    fn wait(&mut self, wait: &Wait) {
        let text = wait.text(self.rollout());
        let at = wait.again;
        if let Some(reason) = wait.stall {
            // The shell tells of it, with the condition.
            self.await_reason(&wait.reason, wait.until);
            self.stall = Some(Stall::new(reason, text));
            self.wake_if(at);
            return;
        }
        let known = self.next.waiting.as_ref().is_some_and(|waiting| waiting.text == text);
        if let Some(told) = self.too_soon(wait, known) {
            return self.wake_at(at.map_or(told, |at| at.min(told)));
        }
        if !known {
            self.tell(&EventKind::Waiting(wait.reason.clone()));
        }
        self.await_reason(&wait.reason, wait.until);
        self.wake_if(at);
    }

    /// Notes what is waited for, without telling of it. A reason that stood before keeps its times.
    pub(in crate::decide) fn await_reason(&mut self, reason: &WaitReason, until: Option<Timestamp>) {
        let rollout = self.rollout();
        let (kind, subject, text) = (Some(reason.kind()), reason.subject(rollout), reason.text(rollout));
        let before = self.before().waiting.as_ref().filter(|waiting| waiting.text == text);
        let (since, until) = match before {
            Some(waiting) => (waiting.since, waiting.until.or(until.map(seconds))),
            None => (Some(seconds(self.now())), until.map(seconds)),
        };
        self.next.waiting = Some(Waiting { kind, subject, text, since, until });
    }

    /// When to tell of a wait that may be over in a moment: most are, and nobody needs to read of them.
    fn too_soon(&self, wait: &Wait, known: bool) -> Option<Timestamp> {
        if let Some(until) = wait.quiet_until.filter(|until| self.now() < *until) {
            return Some(until);
        }
        let changed = self.draft.differs(&self.next);
        if changed && wait.passing {
            return Some(later(self.now(), GRACE));
        }
        let patience = if self.next.waiting.is_some() { PATIENCE } else { GRACE };
        let told = later(self.before().written.filter(|_| !changed && !known)?, patience);
        (self.now() < told).then_some(told)
    }

    fn asking(self, asks: Vec<Ask>) -> Plan {
        Plan { asks, status: self.obs.status.clone(), ..Plan::default() }
    }
}
