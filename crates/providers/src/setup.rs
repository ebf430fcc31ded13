//! What a provider is made of, read with errors that name provider, key and remedy.

use std::time::Duration;

use serin_api::duration;
use serin_api::metric_template::MetricTemplateProvider;

use crate::auth::Auth;
use crate::client::Clients;
use crate::credentials::{Credentials, Secret};
use crate::error::ConfigError;

/// All that a provider can be made of.
#[derive(Debug, Clone, Copy)]
pub struct Setup<'a> {
    /// Connections, clock and limits.
    pub clients: &'a Clients,
    /// `provider` of the MetricTemplate.
    pub provider: &'a MetricTemplateProvider,
    /// The data of `provider.secretRef`, empty without one.
    pub credentials: &'a Credentials,
    /// `interval` of the Canary's metric in Go's notation; it must not be empty.
    pub interval: &'a str,
}

impl Setup<'_> {
    /// `provider.type`.
    pub(crate) fn kind(&self) -> &str {
        &self.provider.type_
    }

    /// `provider.address`, or else `default`.
    pub(crate) fn address<'s>(&'s self, default: &'s str) -> &'s str {
        self.provider.address.as_deref().filter(|address| !address.is_empty()).unwrap_or(default)
    }

    /// The metric's interval times `factor`, for providers that ask for a window of time.
    pub(crate) fn window(&self, factor: u32) -> Result<Duration, ConfigError> {
        let wrong = |cause: String| ConfigError::Interval { interval: self.interval.to_owned(), cause };
        let interval = duration::parse(self.interval).map_err(|error| wrong(error.to_string()))?;
        let interval = interval.to_std().map_err(|_| wrong("it is negative".to_owned()))?;
        Ok(interval.saturating_mul(factor))
    }

    /// A secret that must be there; `what` is how Flagger calls it in its error.
    pub(crate) fn required(&self, key: &'static str, what: &'static str) -> Result<Secret, ConfigError> {
        let missing = || ConfigError::MissingCredential { provider: self.kind().to_owned(), what, key };
        self.optional(key)?.ok_or_else(missing)
    }

    /// A secret that may be there. Values of a Secret that `provider.secretRef` does not name do not count.
    pub(crate) fn optional(&self, key: &'static str) -> Result<Option<Secret>, ConfigError> {
        if self.provider.secret_ref.is_none() {
            return Ok(None);
        }
        let unprintable = |_| ConfigError::Unprintable { provider: self.kind().to_owned(), key };
        self.credentials.text(key).map_err(unprintable)
    }

    /// A document of the Secret, such as JSON.
    pub(crate) fn document(&self, key: &str) -> Option<&[u8]> {
        self.provider.secret_ref.as_ref().and_then(|_| self.credentials.raw(key))
    }

    /// User name and password of the Secret, both of which must be there; none without a Secret.
    pub(crate) fn basic(&self) -> Result<Option<Auth>, ConfigError> {
        if self.provider.secret_ref.is_none() {
            return Ok(None);
        }
        let username = self.required("username", "a username")?;
        Ok(Some(Auth::basic(username, self.required("password", "a password")?)))
    }

    /// The `token` of the Secret, or else its `username` and `password`.
    pub(crate) fn token_or_basic(&self) -> Result<Option<Auth>, ConfigError> {
        match self.optional("token")? {
            Some(token) if token.reveal().is_empty() => Ok(Some(Auth::None)),
            Some(token) => Ok(Some(Auth::Bearer(token))),
            None => self.basic(),
        }
    }
}
