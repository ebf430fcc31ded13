//! The condition `Promoted`, as Flagger writes it.

use serin_api::{Phase, canary::CanaryCondition};

use super::{Stage, State};
use crate::{Rollout, Timestamp, time};

/// The condition type that `kubectl wait --for=condition=promoted` looks at.
pub const PROMOTED: &str = "Promoted";

impl State {
    /// Enters a stage, and sets Flagger's condition for its phase.
    pub fn enter(&mut self, stage: Stage, rollout: &Rollout, now: Timestamp) {
        self.stage = stage;
        self.set_condition(rollout, now);
    }

    /// The condition `Promoted`.
    pub fn promoted_condition(&self) -> Option<&CanaryCondition> {
        promoted(&self.conditions)
    }

    fn set_condition(&mut self, rollout: &Rollout, now: Timestamp) {
        let (value, message) = self.describe(rollout.target_kind.name());
        let reason = self.phase().to_string();
        let before = self.promoted_condition();
        if before.is_some_and(|c| c.status == value && c.reason == reason) {
            return;
        }
        let kept = before.filter(|c| c.status == value).and_then(|c| c.last_transition_time);
        let condition = CanaryCondition {
            type_: PROMOTED.to_owned(),
            status: value.to_owned(),
            reason,
            message: Some(message),
            last_update_time: Some(time::seconds(now)),
            last_transition_time: Some(kept.unwrap_or_else(|| time::seconds(now))),
        };
        match self.conditions.iter_mut().find(|c| c.type_ == PROMOTED) {
            Some(old) => *old = condition,
            None => self.conditions.push(condition),
        }
    }

    fn describe(&self, kind: &str) -> (&'static str, String) {
        let unknown = |text: &str| ("Unknown", text.to_owned());
        match self.phase() {
            Phase::Initialized => ("True", format!("{kind} initialization completed.")),
            Phase::Waiting | Phase::WaitingPromotion => unknown("Waiting for approval."),
            Phase::Progressing => unknown("New revision detected, progressing canary analysis."),
            Phase::Promoting => unknown("Canary analysis completed, starting primary rolling update."),
            Phase::Finalising => unknown("Canary analysis completed, routing all traffic to primary."),
            Phase::Succeeded => {
                ("True", "Canary analysis completed successfully, promotion finished.".to_owned())
            }
            Phase::Failed if self.promoted.is_none() => {
                ("False", format!("{kind} initialization failed, it serves without a primary."))
            }
            Phase::Failed if self.stage.held() > 0 => (
                "False",
                format!("Canary analysis failed, {kind} goes on serving: no primary could take its traffic."),
            ),
            Phase::Failed => ("False", format!("Canary analysis failed, {kind} scaled to zero.")),
            Phase::None | Phase::Initializing | Phase::Terminating | Phase::Terminated => {
                unknown(&format!("New {kind} detected, starting initialization."))
            }
        }
    }
}

/// The condition `Promoted` among others.
pub(super) fn promoted(conditions: &[CanaryCondition]) -> Option<&CanaryCondition> {
    conditions.iter().find(|condition| condition.type_ == PROMOTED)
}
