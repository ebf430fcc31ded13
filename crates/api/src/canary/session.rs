//! Keeping users on one side (`spec.analysis.sessionAffinity`).

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Cookies that keep a user on the side that answered first.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct SessionAffinity {
    /// Name of the cookie that keeps a user on the canary.
    pub cookie_name: String,
    /// Name of the cookie that keeps a user on the primary; no such cookie when unset. Must differ from `cookieName`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub primary_cookie_name: Option<String>,
    /// `Domain` attribute of the cookies.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub domain: Option<String>,
    /// Set the `HttpOnly` attribute.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub http_only: bool,
    /// `Max-Age` of the canary's cookie in seconds; a day when unset or 0.
    #[serde(default, deserialize_with = "crate::number::optional", skip_serializing_if = "Option::is_none")]
    pub max_age: Option<i64>,
    /// Set the `Partitioned` attribute.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub partitioned: bool,
    /// `Path` attribute of the cookies.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    /// `SameSite` attribute of the cookies: `Strict`, `Lax` or `None`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("enum" = ["Strict", "Lax", "None"]))]
    pub same_site: Option<String>,
    /// Set the `Secure` attribute.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub secure: bool,
}

impl SessionAffinity {
    /// `Max-Age` in seconds when none is given: a day.
    pub const DEFAULT_MAX_AGE: i64 = 86_400;

    /// `Max-Age` of the canary's cookie in seconds.
    pub fn max_age_or_default(&self) -> i64 {
        self.max_age.filter(|age| *age != 0).unwrap_or(Self::DEFAULT_MAX_AGE)
    }
}
