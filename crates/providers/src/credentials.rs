use std::collections::BTreeMap;
use std::fmt;

use reqwest::RequestBuilder;

use crate::error::ConfigError;

/// The data of a provider's Secret. Its `Debug` text names the keys only.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Credentials(BTreeMap<String, Vec<u8>>);

impl FromIterator<(String, Vec<u8>)> for Credentials {
    fn from_iter<I: IntoIterator<Item = (String, Vec<u8>)>>(data: I) -> Self {
        Self(data.into_iter().collect())
    }
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}

impl Credentials {
    /// The value under `key`, without the line break that editors and `echo` leave at its end.
    fn text(&self, key: &'static str) -> Result<Option<Secret>, ConfigError> {
        let Some(value) = self.0.get(key) else { return Ok(None) };
        let text = std::str::from_utf8(value).map_err(|_| ConfigError::Unprintable { key })?;
        let text = text.trim_end_matches(['\r', '\n']);
        if text.contains(char::is_control) {
            return Err(ConfigError::Unprintable { key });
        }
        Ok(Some(Secret(text.to_owned())))
    }
}

/// A text that is never shown.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Secret(String);

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

/// Who a request comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Auth {
    None,
    Bearer(Secret),
    Basic(Secret, Secret),
}

impl Auth {
    /// The `token` of a Secret, or else its `username` and `password`, both of which must be there.
    pub(crate) fn from_secret(provider: &str, credentials: &Credentials) -> Result<Self, ConfigError> {
        if let Some(token) = credentials.text("token")? {
            return Ok(if token.0.is_empty() { Self::None } else { Self::Bearer(token) });
        }
        let missing = |key| ConfigError::MissingCredential { provider: provider.to_owned(), key };
        let username = credentials.text("username")?.ok_or_else(|| missing("username"))?;
        let password = credentials.text("password")?.ok_or_else(|| missing("password"))?;
        Ok(Self::basic(username.0, password.0))
    }

    /// No authentication unless both are there.
    pub(crate) fn basic(username: String, password: String) -> Self {
        if username.is_empty() || password.is_empty() {
            return Self::None;
        }
        Self::Basic(Secret(username), Secret(password))
    }

    pub(crate) fn apply(&self, request: RequestBuilder) -> RequestBuilder {
        match self {
            Self::None => request,
            Self::Bearer(token) => request.bearer_auth(&token.0),
            Self::Basic(username, password) => request.basic_auth(&username.0, Some(&password.0)),
        }
    }
}
