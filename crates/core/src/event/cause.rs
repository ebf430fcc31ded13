//! Why a rollout goes back.

use strum::{IntoStaticStr, VariantNames};

use crate::Rollout;

/// Why a rollout is rolled back. The text of its alert is kept in `status.rollbackReason` until it is done.
#[derive(Clone, Debug, PartialEq, Eq, IntoStaticStr, VariantNames)]
pub enum RollbackCause {
    /// Failed checks reached the threshold.
    Threshold(i64),
    /// A rollback hook asked for it.
    Hook,
    /// Something did not become ready in time; Flagger's readiness text.
    Deadline(String),
    /// A person asked for it.
    Abort {
        /// Who, as the command says.
        by: Option<String>,
        /// Why, as the command says.
        reason: Option<String>,
    },
}

impl RollbackCause {
    /// The text of the event.
    pub fn event(&self, rollout: &Rollout) -> String {
        let name = rollout.full_name();
        match self {
            Self::Threshold(n) => format!("Rolling back {name} failed checks threshold reached {n}"),
            Self::Hook => format!("Rolling back {name} manual webhook invoked"),
            Self::Deadline(why) => format!("Rolling back {name} progress deadline exceeded {why}"),
            Self::Abort { by, reason } => {
                format!("Rolling back {name} {}", aborted(by.as_ref(), reason.as_ref()))
            }
        }
    }

    /// The text of the alert.
    pub fn alert(&self) -> String {
        match self {
            Self::Threshold(n) => format!("Failed checks threshold reached {n}"),
            Self::Hook => "Rolling back manual webhook invoked".to_owned(),
            Self::Deadline(why) => format!("Progress deadline exceeded {why}"),
            Self::Abort { by, reason } => format!("Rolling back, {}", aborted(by.as_ref(), reason.as_ref())),
        }
    }
}

fn aborted(by: Option<&String>, reason: Option<&String>) -> String {
    let by = by.map(|by| format!(" by {by}")).unwrap_or_default();
    let reason = reason.map(|reason| format!(": {reason}")).unwrap_or_default();
    format!("aborted{by}{reason}")
}
