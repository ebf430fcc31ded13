//! Gates and hooks that are called over HTTP (`spec.analysis.webhooks`).

use std::{collections::BTreeMap, fmt};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::redact::{Keys, Origin};

/// One gate or hook.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct CanaryWebhook {
    /// When it is called; `rollout` when unset or empty.
    #[serde(default, rename = "type", skip_serializing_if = "Option::is_none")]
    pub type_: Option<WebhookType>,

    /// Name of the hook, for people.
    pub name: String,

    /// URL that gets the POST request.
    pub url: String,

    /// Send no alert when this gate is closed.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub mute_alert: bool,

    /// How long each attempt may take, as a Go duration; ten seconds when unset.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(regex(pattern = r"^[0-9]+(m|s)"))]
    pub timeout: Option<String>,

    /// Attempts after the first one; none when unset.
    #[serde(default, deserialize_with = "crate::number::optional", skip_serializing_if = "Option::is_none")]
    pub retries: Option<i64>,

    /// Do not verify the server's certificate.
    #[serde(default, rename = "disableTLS", skip_serializing_if = "std::ops::Not::not")]
    pub disable_tls: bool,

    /// Handed to the hook as it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub metadata: Option<BTreeMap<String, String>>,
}

impl CanaryWebhook {
    /// When the hook is called.
    pub fn hook_type(&self) -> WebhookType {
        self.type_.unwrap_or_default()
    }
}

impl fmt::Debug for CanaryWebhook {
    /// URLs of hooks often hold a token, and commands for load testers passwords: only the server and the keys of the
    /// metadata are shown.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { type_, name, url, mute_alert, timeout, retries, disable_tls, metadata } = self;
        formatter
            .debug_struct("CanaryWebhook")
            .field("type", type_)
            .field("name", name)
            .field("url", &Origin(Some(url)))
            .field("mute_alert", mute_alert)
            .field("timeout", timeout)
            .field("retries", retries)
            .field("disable_tls", disable_tls)
            .field("metadata", &Keys(metadata.as_ref()))
            .finish()
    }
}

/// When a hook is called, and what its answer decides. The empty string reads as `rollout`.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum WebhookType {
    /// Each round of the analysis, before the metrics. A failure counts as a failed check.
    #[default]
    #[serde(alias = "")]
    Rollout,
    /// Before a new revision is scaled up. Until it succeeds, the revision waits.
    ConfirmRollout,
    /// Before the canary gets traffic. A failure counts as a failed check.
    PreRollout,
    /// Before the weight rises. Until it succeeds, the weight stays.
    ConfirmTrafficIncrease,
    /// Before the promotion. Until it succeeds, the promotion waits.
    ConfirmPromotion,
    /// After the rollout ended either way. The answer decides nothing.
    PostRollout,
    /// Each round of the analysis. Success means that the canary is rolled back.
    Rollback,
    /// With each event. The answer decides nothing.
    Event,
}

impl WebhookType {
    /// The spelling on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Rollout => "rollout",
            Self::ConfirmRollout => "confirm-rollout",
            Self::PreRollout => "pre-rollout",
            Self::ConfirmTrafficIncrease => "confirm-traffic-increase",
            Self::ConfirmPromotion => "confirm-promotion",
            Self::PostRollout => "post-rollout",
            Self::Rollback => "rollback",
            Self::Event => "event",
        }
    }
}

impl fmt::Display for WebhookType {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(self.as_str())
    }
}
