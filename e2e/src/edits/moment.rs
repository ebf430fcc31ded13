//! The moments of a rollout at which edits are made.

use std::{fmt, time::Duration};

use serin_api::{CanaryStatus, Phase};

use super::dice::Dice;
use crate::{Scene, history::Versions};

/// How long to wait for a moment. Not every rollout has every moment: the edit is made then anyway.
const LIMIT: Duration = Duration::from_secs(10);

/// A moment.
#[derive(Clone, Copy, Debug)]
pub(super) enum Moment {
    /// At once.
    Now,
    /// The canary has this share.
    Weight(i64),
    /// In this phase.
    In(Phase),
    /// Going back.
    RollingBack,
    /// No rollout is under way.
    AtRest,
}

impl fmt::Display for Moment {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Now => formatter.write_str("at once"),
            Self::Weight(weight) => write!(formatter, "at weight {weight}"),
            Self::In(phase) => write!(formatter, "in {phase}"),
            Self::RollingBack => formatter.write_str("rolling back"),
            Self::AtRest => formatter.write_str("at rest"),
        }
    }
}

impl Moment {
    /// Draws one.
    pub(super) fn draw(dice: &mut Dice) -> Self {
        let all = [
            Self::Now,
            Self::Weight(1),
            Self::Weight(25),
            Self::Weight(50),
            Self::In(Phase::Progressing),
            Self::In(Phase::Promoting),
            Self::In(Phase::Finalising),
            Self::RollingBack,
            Self::AtRest,
        ];
        *dice.one_of(&all)
    }

    /// Waits for it, but not for long.
    pub(super) async fn come(self, scene: &Scene) {
        if matches!(self, Self::Now) {
            return;
        }
        let come = |versions: &Versions| {
            let status = versions.canary(&scene.app.canary)?.status?;
            self.is_here(&status).then_some(())
        };
        // That it did not come is no failure.
        scene.history.until("a moment", LIMIT, come).await.ok();
    }

    fn is_here(self, status: &CanaryStatus) -> bool {
        match self {
            Self::Now => true,
            Self::Weight(weight) => status.canary_weight >= weight,
            Self::In(phase) => status.phase == phase,
            Self::RollingBack => status.rollback_reason.is_some() || status.phase == Phase::Failed,
            Self::AtRest => is_rest(status.phase),
        }
    }
}

/// Whether no rollout is under way in this phase.
pub(super) fn is_rest(phase: Phase) -> bool {
    matches!(phase, Phase::Initialized | Phase::Succeeded | Phase::Failed)
}
