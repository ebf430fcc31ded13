//! Webhooks that hold, fail or end a rollout.

use serin_api::Phase;

use super::{
    rollback,
    turn::{Flow, Stop, Turn},
};
use crate::{
    event::{self, RollbackCause},
    observe::HookAnswer,
    plan::Severity,
    rollout::HookKind,
    time::later,
};

impl Turn<'_> {
    /// Asks the rollback hooks; the first that says so starts a rollback. They are part of the analysis: where that is
    /// skipped, nobody asks them.
    pub(super) fn rollback_hooks(&mut self) -> Flow {
        if self.rollout().spec.skip_analysis {
            return Ok(());
        }
        let phase = self.next.phase;
        for hook in self.rollout().hooks_of(HookKind::Rollback) {
            if *self.hook(hook, phase)? == HookAnswer::Pass {
                self.warn(format!("Rollback check {} passed", hook.name));
                return rollback::begin(self, &RollbackCause::Hook);
            }
            self.note(format!("Rollback hook {} not signaling a rollback", hook.name));
        }
        Ok(())
    }

    /// Runs the tests before any traffic; `Err` of the inner result is why they failed.
    pub(super) fn pre_rollout_hooks(&mut self) -> Flow<Result<(), String>> {
        for hook in self.rollout().hooks_of(HookKind::PreRollout) {
            if let HookAnswer::Fail(why) = self.hook(hook, Phase::Progressing)? {
                return Ok(Err(format!("pre-rollout check {} failed {why}", hook.name)));
            }
            self.note(format!("Pre-rollout check {} passed", hook.name));
        }
        Ok(Ok(()))
    }

    /// Runs the checks of every interval; `Err` of the inner result is why they failed.
    pub(super) fn rollout_hooks(&mut self) -> Flow<Result<(), String>> {
        for hook in self.rollout().hooks_of(HookKind::Rollout) {
            if let HookAnswer::Fail(why) = self.hook(hook, Phase::Progressing)? {
                return Ok(Err(format!("external check {} failed {why}", hook.name)));
            }
        }
        Ok(Ok(()))
    }

    /// The gate before a rollout starts. While it is closed the phase is Waiting.
    pub(super) fn confirm_rollout(&mut self) -> Flow {
        let phase = self.next.phase;
        for hook in self.rollout().hooks_of(HookKind::ConfirmRollout) {
            if let HookAnswer::Fail(_) = self.hook(hook, phase)? {
                if phase != Phase::Waiting {
                    self.enter(Phase::Waiting);
                    self.alert_gate(hook.mute_alert, event::ALERT_WAITING);
                }
                return self.hold(&format!("waiting for approval {}", hook.name));
            }
            self.note(format!("Confirm-rollout check {} passed", hook.name));
        }
        Ok(())
    }

    /// The gate before traffic grows.
    pub(super) fn confirm_traffic_increase(&mut self) -> Flow {
        for hook in self.rollout().hooks_of(HookKind::ConfirmTrafficIncrease) {
            if let HookAnswer::Fail(_) = self.hook(hook, Phase::Progressing)? {
                let why = format!("waiting for traffic increase approval {}", hook.name);
                if self.next.waiting_for.as_deref() != Some(&self.rollout().say_halt(&why)) {
                    self.alert_gate(hook.mute_alert, event::ALERT_WAITING_INCREASE);
                }
                return self.hold(&why);
            }
            self.note(format!("Confirm-traffic-increase check {} passed", hook.name));
        }
        Ok(())
    }

    /// The gate before the promotion. While it is closed the phase is `WaitingPromotion`.
    pub(super) fn confirm_promotion(&mut self) -> Flow {
        for hook in self.rollout().hooks_of(HookKind::ConfirmPromotion) {
            if let HookAnswer::Fail(_) = self.hook(hook, Phase::Progressing)? {
                if self.next.phase != Phase::WaitingPromotion {
                    self.enter(Phase::WaitingPromotion);
                    self.alert_gate(hook.mute_alert, event::ALERT_WAITING_PROMOTION);
                }
                return self.hold(&format!("waiting for promotion approval {}", hook.name));
            }
            self.note(format!("Confirm-promotion check {} passed", hook.name));
        }
        Ok(())
    }

    fn alert_gate(&mut self, muted: bool, message: &str) {
        if !muted {
            self.alert(Severity::Warn, message, false);
        }
    }

    fn hold(&mut self, why: &str) -> Flow {
        self.open_window();
        let again = later(self.now(), self.rollout().interval);
        Err(Stop::wait(self.rollout().say_halt(why)).until(Some(again)))
    }
}
