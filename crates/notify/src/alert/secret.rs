//! Texts that must not be shown.

use std::fmt;

/// What stands for a secret.
const MASK: &str = "(hidden)";
/// Bytes from which on a part of a secret is worth hiding.
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

    /// `text` with every occurrence of this secret, and of its telling parts if it is a URL, made unreadable.
    pub(super) fn scrubbed(&self, text: &str) -> String {
        self.parts().fold(text.to_owned(), |text, part| text.replace(part, MASK))
    }

    fn parts(&self) -> impl Iterator<Item = &str> {
        let after_host = self.0.split_once("://").and_then(|(_, rest)| rest.split_once(['/', '?']));
        let pieces = after_host.map(|(_, rest)| rest).unwrap_or_default().split(['/', '?', '&', '=']);
        // Short pieces, such as `api`, give nothing away, and would be found in many a word.
        std::iter::once(self.0.as_str()).chain(pieces).filter(|part| part.len() >= TELLING)
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(MASK)
    }
}
