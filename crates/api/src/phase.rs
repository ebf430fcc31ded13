//! Where a canary stands.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Flagger's `status.phase`. The spelling on the wire is the variant's name; a canary that nobody has looked at
/// yet has the empty string.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
pub enum Phase {
    /// Not seen yet; the empty string on the wire.
    #[default]
    #[serde(rename = "")]
    None,
    /// The primary and the generated objects are being made.
    Initializing,
    /// All traffic is on the primary; no revision has been analysed yet.
    Initialized,
    /// A new revision waits for a confirm-rollout gate.
    Waiting,
    /// A new revision is being analysed.
    Progressing,
    /// The analysis passed and a confirm-promotion gate is closed.
    WaitingPromotion,
    /// The primary takes over the revision that passed.
    Promoting,
    /// All traffic is on the new primary and the canary is about to be scaled down.
    Finalising,
    /// The last revision was promoted.
    Succeeded,
    /// The last revision was rolled back.
    Failed,
    /// The canary is being deleted and its objects are put back.
    Terminating,
    /// The canary was deleted and its objects are put back.
    Terminated,
}

impl Phase {
    /// Every phase, in the order of a canary's life.
    pub const ALL: [Self; 12] = [
        Self::None,
        Self::Initializing,
        Self::Initialized,
        Self::Waiting,
        Self::Progressing,
        Self::WaitingPromotion,
        Self::Promoting,
        Self::Finalising,
        Self::Succeeded,
        Self::Failed,
        Self::Terminating,
        Self::Terminated,
    ];

    /// The spelling on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::None => "",
            Self::Initializing => "Initializing",
            Self::Initialized => "Initialized",
            Self::Waiting => "Waiting",
            Self::Progressing => "Progressing",
            Self::WaitingPromotion => "WaitingPromotion",
            Self::Promoting => "Promoting",
            Self::Finalising => "Finalising",
            Self::Succeeded => "Succeeded",
            Self::Failed => "Failed",
            Self::Terminating => "Terminating",
            Self::Terminated => "Terminated",
        }
    }
}

impl fmt::Display for Phase {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::Phase;

    #[test]
    fn is_spelled_alike_everywhere() {
        for phase in Phase::ALL {
            assert_eq!(serde_json::to_value(phase).unwrap(), phase.as_str());
            assert_eq!(serde_json::from_value::<Phase>(phase.as_str().into()).unwrap(), phase);
            assert_eq!(phase.to_string(), phase.as_str());
        }
    }

    #[test]
    fn unknown_spelling_is_an_error() {
        assert!(serde_json::from_str::<Phase>("\"Finalizing\"").is_err());
    }
}
