//! Webhooks that hold, fail or end a rollout.

use serin_api::Phase;

use super::{
    builder::{Flow, PlanBuilder, Stop},
    rollback,
};
use crate::{
    event::{AlertKind, EventKind, RollbackCause, TestKind},
    observe::HookAnswer,
    reason::WaitReason,
    rollout::{Hook, HookKind},
    state::{HoldKind, Stage, WaitKind, Waiting},
    strategy::Gate,
    time::later,
};

impl PlanBuilder<'_> {
    /// Asks the rollback hooks; the first that says so starts a rollback. They are part of the analysis: where that is
    /// skipped, nobody asks them.
    pub(super) fn rollback_hooks(&mut self) -> Flow {
        if self.rollout().spec.skip_analysis {
            return Ok(());
        }
        let phase = self.next.phase();
        for hook in self.rollout().hooks_of(HookKind::Rollback) {
            if *self.hook(hook, phase)? == HookAnswer::Pass {
                self.tell(&EventKind::RollbackAsked { hook: hook.name.clone() });
                return rollback::begin(self, &RollbackCause::Hook);
            }
            self.tell(&EventKind::RollbackNotAsked { hook: hook.name.clone() });
        }
        Ok(())
    }

    /// Runs the tests before any traffic, one after the other: one may prepare the next. Whether all passed.
    pub(super) fn pre_rollout_hooks(&mut self) -> Flow<bool> {
        for hook in self.rollout().hooks_of(HookKind::PreRollout) {
            if let HookAnswer::Fail(why) = self.hook(hook, Phase::Progressing)? {
                self.test_failed(TestKind::Before, hook, why);
                return Ok(false);
            }
            self.tell(&EventKind::TestPassed { hook: hook.name.clone() });
        }
        Ok(true)
    }

    /// Runs the checks of every interval. Whether all passed.
    pub(super) fn rollout_hooks(&mut self) -> Flow<bool> {
        for hook in self.rollout().hooks_of(HookKind::Rollout) {
            if let HookAnswer::Fail(why) = self.hook(hook, Phase::Progressing)? {
                self.test_failed(TestKind::Round, hook, why);
                return Ok(false);
            }
        }
        Ok(true)
    }

    fn test_failed(&mut self, kind: TestKind, hook: &Hook, why: &str) {
        self.tell(&EventKind::TestFailed { kind, hook: hook.name.clone(), why: why.to_owned() });
    }

    /// The gate before a rollout starts. While it is closed the phase is Waiting.
    pub(super) fn confirm_rollout(&mut self) -> Flow {
        let phase = self.next.phase();
        for hook in self.rollout().hooks_of(HookKind::ConfirmRollout) {
            if let HookAnswer::Fail(_) = self.hook(hook, phase)? {
                if phase != Phase::Waiting {
                    self.enter(Stage::WaitingToStart { held: self.next.stage.held() });
                    self.alert_gate(hook, Gate::Start);
                }
                return self.keep_waiting(Gate::Start, &hook.name);
            }
            self.passed(Gate::Start, hook);
        }
        Ok(())
    }

    /// Asks these gates, one after the other.
    pub(super) fn pass_gates(&mut self, gates: &[Gate]) -> Flow {
        for gate in gates {
            match gate {
                Gate::Start => self.confirm_rollout()?,
                // A promotion that is held holds all that comes before it, too.
                Gate::TrafficIncrease if self.next.phase() == Phase::Progressing => {
                    self.confirm_traffic_increase()?;
                }
                Gate::TrafficIncrease => {}
                Gate::Promotion => self.confirm_promotion()?,
            }
        }
        Ok(())
    }

    /// The gate before traffic grows.
    fn confirm_traffic_increase(&mut self) -> Flow {
        for hook in self.rollout().hooks_of(HookKind::ConfirmTrafficIncrease) {
            if let HookAnswer::Fail(_) = self.hook(hook, Phase::Progressing)? {
                let waiting = self.next.waiting.as_ref();
                let closed =
                    |waiting: &Waiting| waiting.kind == Some(WaitKind::Gate) && waiting.subject == hook.name;
                if !waiting.is_some_and(closed) {
                    self.alert_gate(hook, Gate::TrafficIncrease);
                }
                return self.keep_waiting(Gate::TrafficIncrease, &hook.name);
            }
            self.passed(Gate::TrafficIncrease, hook);
        }
        Ok(())
    }

    /// The gate before the promotion. While it is closed the phase is `WaitingPromotion`.
    fn confirm_promotion(&mut self) -> Flow {
        for hook in self.rollout().hooks_of(HookKind::ConfirmPromotion) {
            if let HookAnswer::Fail(_) = self.hook(hook, Phase::Progressing)? {
                if self.next.phase() != Phase::WaitingPromotion {
                    self.await_promotion();
                    self.alert_gate(hook, Gate::Promotion);
                }
                return self.keep_waiting(Gate::Promotion, &hook.name);
            }
            self.passed(Gate::Promotion, hook);
        }
        Ok(())
    }

    fn passed(&mut self, gate: Gate, hook: &Hook) {
        self.tell(&EventKind::GatePassed { gate, hook: hook.name.clone() });
    }

    fn alert_gate(&mut self, hook: &Hook, gate: Gate) {
        if !hook.mute_alert {
            self.alert(&AlertKind::Waiting(gate));
        }
    }

    fn await_promotion(&mut self) {
        let mut stage = self.next.stage.clone();
        if let Stage::Analysing(analysis) = &mut stage {
            analysis.awaits_promotion = true;
        }
        self.enter(stage);
    }

    fn keep_waiting(&mut self, gate: Gate, hook: &str) -> Flow {
        self.hold(HoldKind::Check);
        let again = later(self.now(), self.rollout().interval);
        Err(Stop::from(WaitReason::Gate { gate, hook: hook.to_owned() }).again(Some(again)))
    }
}
