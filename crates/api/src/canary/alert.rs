//! Where people are told about a canary (`spec.analysis.alerts`).

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::CrossNamespaceRef;

/// One receiver of alerts.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct CanaryAlert {
    /// Name of the alert, for people.
    pub name: String,
    /// The least severity that is sent; `info` when unset or empty.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub severity: Option<AlertSeverity>,
    /// The AlertProvider that delivers it.
    pub provider_ref: CrossNamespaceRef,
}

impl CanaryAlert {
    /// The least severity that is sent.
    pub fn least_severity(&self) -> AlertSeverity {
        self.severity.unwrap_or_default()
    }
}

/// How bad the news is, in rising order. The empty string reads as `info`, which Flagger's documentation names
/// as the default.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "lowercase")]
pub enum AlertSeverity {
    /// All is well: a rollout started or ended.
    #[default]
    #[serde(alias = "")]
    Info,
    /// Somebody is waited for.
    Warn,
    /// A release failed.
    Error,
}

impl AlertSeverity {
    /// The spelling on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Info => "info",
            Self::Warn => "warn",
            Self::Error => "error",
        }
    }
}

impl fmt::Display for AlertSeverity {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(self.as_str())
    }
}
