use std::collections::BTreeMap;
use std::fmt;

use serin_api::redact;

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

/// The value under a key of a Secret cannot be sent in a header.
#[derive(Debug)]
pub(crate) struct Unprintable;

impl Credentials {
    /// The value under `key` as it is, such as a JSON document.
    pub(crate) fn raw(&self, key: &str) -> Option<&[u8]> {
        self.0.get(key).map(Vec::as_slice)
    }

    /// The value under `key`, without the line break that editors and `echo` leave at its end.
    pub(crate) fn text(&self, key: &str) -> Result<Option<Secret>, Unprintable> {
        let Some(value) = self.raw(key) else { return Ok(None) };
        let text = std::str::from_utf8(value).map_err(|_| Unprintable)?;
        let text = text.trim_end_matches(['\r', '\n']);
        if text.contains(char::is_control) {
            return Err(Unprintable);
        }
        Ok(Some(Secret::new(text)))
    }
}

/// A text that is never shown.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Secret(String);

impl Secret {
    pub(crate) fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The text itself, to be put into a request and nowhere else.
    pub(crate) fn reveal(&self) -> &str {
        &self.0
    }

    /// `text` with a mark in the place of this secret, also where it is encoded.
    pub(crate) fn hide_in(&self, text: &str) -> String {
        redact::hide(text, &self.0, MARK)
    }
}

/// What stands for a secret.
pub(crate) const MARK: &str = "***";

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(MARK)
    }
}
