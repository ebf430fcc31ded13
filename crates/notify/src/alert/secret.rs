//! Texts that must not be shown.

use std::fmt;

use serin_api::redact::{self, HIDDEN};
use url::Url;

/// Bytes from which on a part of a URL is worth hiding.
const TELLING: usize = 6;

/// A text that grants access to something, such as a token or the URL of a hook.
#[derive(Clone, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Secret(String);

impl Secret {
    /// Keeps `text` from being shown. Blanks around it are dropped: files that secrets are made from often end with a
    /// newline.
    pub fn new(text: &str) -> Self {
        Self(text.trim().to_owned())
    }

    /// The text itself.
    pub(crate) fn expose(&self) -> &str {
        &self.0
    }

    /// `text` with every occurrence of this secret, encoded or not, and of its telling parts if it is a URL, made
    /// unreadable.
    pub(crate) fn scrubbed(&self, text: &str) -> String {
        self.parts().iter().fold(text.to_owned(), |text, part| redact::hide(&text, part, HIDDEN))
    }

    /// The whole, then its parts.
    fn parts(&self) -> Vec<String> {
        let Ok(url) = Url::parse(&self.0) else { return vec![self.0.clone()] };
        let pieces = url.path().split('/').chain(url.query().unwrap_or_default().split(['&', '=']));
        // Short pieces, such as `api`, give nothing away, and would be found in many a word.
        let pieces = pieces.filter(|part| part.len() >= TELLING).map(str::to_owned);
        let password = url.password().map(str::to_owned);
        std::iter::once(self.0.clone()).chain(password).chain(pieces).collect()
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(HIDDEN)
    }
}
