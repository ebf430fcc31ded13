//! The alerts.

use strum::{IntoStaticStr, VariantNames};

use super::RollbackCause;
use crate::{Rollout, plan::Severity, strategy::Gate};

/// What people are alerted of.
#[derive(Clone, Debug, PartialEq, Eq, IntoStaticStr, VariantNames)]
pub enum AlertKind {
    /// The initialisation is complete.
    Initialized,
    /// The first primary does not come up: Flagger's text of its readiness.
    InitializationFailed(String),
    /// A rollout begins.
    Progressing,
    /// A gate is closed.
    Waiting(Gate),
    /// A rollback begins.
    RolledBack(RollbackCause),
    /// The primary does not come up with the promoted revision: Flagger's text of its readiness.
    PromotionFailed(String),
    /// A revision was promoted.
    Succeeded,
    /// A revision was promoted without an analysis.
    Skipped,
    /// A rollout ended because the target is back at the promoted revision; Flagger promotes that again.
    Reverted,
}

impl AlertKind {
    /// How serious it is.
    pub fn severity(&self) -> Severity {
        match self {
            Self::Waiting(_) | Self::RolledBack(RollbackCause::Hook | RollbackCause::Abort { .. }) => {
                Severity::Warn
            }
            Self::InitializationFailed(_) | Self::RolledBack(_) | Self::PromotionFailed(_) => Severity::Error,
            Self::Initialized | Self::Progressing | Self::Succeeded | Self::Skipped | Self::Reverted => {
                Severity::Info
            }
        }
    }

    /// Whether the fields that describe the Canary go with it.
    pub fn has_fields(&self) -> bool {
        matches!(self, Self::Initialized | Self::Progressing)
    }

    /// In words.
    pub fn text(&self, rollout: &Rollout) -> String {
        match self {
            Self::Initialized => {
                format!("New {} detected, initialization completed.", rollout.target_kind.name())
            }
            Self::InitializationFailed(why) => rollout.say_primary_not_ready(why),
            Self::Progressing => "New revision detected, progressing canary analysis.".to_owned(),
            Self::Waiting(Gate::Start) => "Canary is waiting for approval.".to_owned(),
            Self::Waiting(Gate::TrafficIncrease) => {
                "Canary traffic increase is waiting for approval.".to_owned()
            }
            Self::Waiting(Gate::Promotion) => "Canary promotion is waiting for approval.".to_owned(),
            Self::RolledBack(cause) => cause.alert(),
            Self::PromotionFailed(why) => {
                format!("Promotion failed, primary not ready: {}", rollout.say_primary_not_ready(why))
            }
            Self::Succeeded => "Canary analysis completed successfully, promotion finished.".to_owned(),
            Self::Skipped => "Canary analysis was skipped, promotion finished.".to_owned(),
            Self::Reverted => {
                "Canary analysis ended, the target is back at the promoted revision.".to_owned()
            }
        }
    }
}
