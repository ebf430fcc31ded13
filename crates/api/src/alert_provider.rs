//! The `AlertProvider` kind: a channel that people read.

use std::fmt;

use kube::CustomResource;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{metric_template::SecretRef, redact::Origin};

/// A channel and how to reach it (`AlertProvider.spec`). `address`, `secretRef` or both are set.
#[derive(CustomResource, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[kube(
    group = "flagger.app",
    version = "v1beta1",
    kind = "AlertProvider",
    plural = "alertproviders",
    singular = "alertprovider",
    category = "all",
    namespaced,
    derive = "Default",
    derive = "PartialEq",
    doc = "AlertProvider is a channel that people read, and how it is reached.",
    annotation("helm.sh/resource-policy", "keep"),
    printcolumn(name = "Type", type_ = "string", json_path = ".spec.type")
)]
#[serde(rename_all = "camelCase")]
pub struct AlertProviderSpec {
    /// Kind of the channel: `slack`, `msteams`, `discord`, `rocket`, `gchat`, or `webhook` for any other receiver of
    /// JSON, which Flagger does not have.
    #[schemars(extend("enum" = ["slack", "msteams", "discord", "rocket", "gchat", "webhook"]))]
    #[serde(rename = "type")]
    pub type_: String,
    /// Name of the channel; `general` when unset.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub channel: Option<String>,
    /// Name of the sender; `flagger` when unset.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub username: Option<String>,
    /// URL of the hook.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address: Option<String>,
    /// URL of an HTTP proxy on the way to the hook.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub proxy: Option<String>,
    /// The Secret with the key `address`, which replaces the field, and maybe `token`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub secret_ref: Option<SecretRef>,
}

impl fmt::Debug for AlertProviderSpec {
    /// The URLs of hooks and proxies grant access: only their servers are shown.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { type_, channel, username, address, proxy, secret_ref } = self;
        formatter
            .debug_struct("AlertProviderSpec")
            .field("type", type_)
            .field("channel", channel)
            .field("username", username)
            .field("address", &Origin(address.as_deref()))
            .field("proxy", &Origin(proxy.as_deref()))
            .field("secret_ref", secret_ref)
            .finish()
    }
}
