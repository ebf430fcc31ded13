//! URLs of hooks, which may hold passwords.

use std::fmt;

use serin_api::redact;
use url::{ParseError, Url};

/// Bytes from which on the value of a query may be a secret.
const TELLING: usize = 6;

/// The URL of a hook as the manifest spells it. `Debug` shows only scheme, host and port.
#[derive(Clone, PartialEq, Eq)]
pub struct Address(String);

impl Address {
    /// The address `text`; whether it is a URL is found out by `Self::url`.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The URL to connect to; the error is worded like Go's.
    pub(crate) fn url(&self) -> Result<Url, Unusable> {
        let url = match Url::parse(&self.0) {
            Err(ParseError::RelativeUrlWithoutBase) => return Err(Unusable::scheme("")),
            Err(error) => return Err(Unusable::Malformed(error.to_string())),
            Ok(url) => url,
        };
        match url.scheme() {
            "http" | "https" => Ok(url),
            other => Err(Unusable::scheme(other)),
        }
    }

    /// For logs: scheme, host and port. Paths and queries of hooks often hold a token.
    pub fn origin(&self) -> String {
        redact::origin(&self.0)
    }

    /// `text`, which came from outside, without the password and the values of the query. The path is no secret here:
    /// it is part of what Flagger's events say.
    pub(crate) fn scrubbed(&self, text: &str) -> String {
        let Ok(url) = Url::parse(&self.0) else { return text.to_owned() };
        let values = url.query_pairs().map(|(_, value)| value.into_owned());
        let secrets = values.chain(url.password().map(str::to_owned)).filter(|value| value.len() >= TELLING);
        secrets.fold(text.to_owned(), |text, secret| redact::hide(&text, &secret, "xxxxx"))
    }

    /// The text with a password, and what follows a question mark, replaced by `mask`.
    pub(crate) fn masked(&self, mask: &str) -> String {
        let shown = self.0.split_once('?').map_or(self.0.as_str(), |(shown, _)| shown);
        let query = if shown.len() < self.0.len() { format!("?{mask}") } else { String::new() };
        match self.password() {
            None => format!("{shown}{query}"),
            Some((start, end)) => format!("{}{mask}{}{query}", &shown[..start], &shown[end..]),
        }
    }

    /// Where in the text the password is.
    fn password(&self) -> Option<(usize, usize)> {
        let start = self.0.find("://")? + 3;
        let authority = self.0[start..].split(['/', '?', '#']).next()?;
        let user = &authority[..authority.rfind('@')?];
        let colon = user.find(':')?;
        Some((start + colon + 1, start + user.len()))
    }
}

impl fmt::Debug for Address {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.origin())
    }
}

/// Why an address cannot be called.
#[derive(Debug)]
pub(crate) enum Unusable {
    /// The address is no URL, for this reason.
    Malformed(String),
    /// The address has a scheme that is not HTTP; the text is Go's.
    Scheme(String),
}

impl Unusable {
    fn scheme(scheme: &str) -> Self {
        Self::Scheme(format!("unsupported protocol scheme \"{scheme}\""))
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::Address;

    #[rstest]
    #[case("http://host", "http://host", "http://host")]
    #[case("http://host:8080/a?token=b", "http://host:8080/a?MASK", "http://host:8080")]
    #[case("http://host?a?b", "http://host?MASK", "http://host")]
    #[case("http://user@host/", "http://user@host/", "http://host")]
    #[case("https://user:pass@host/a@b:c", "https://user:MASK@host/a@b:c", "https://host")]
    #[case("http://user:p@ss@host?q#f", "http://user:MASK@host?MASK", "http://host")]
    #[case("http://:pass@host", "http://:MASK@host", "http://host")]
    #[case("http://u:p@[", "http://u:MASK@[", "(hidden)")]
    #[case("", "", "(hidden)")]
    fn hides_passwords(#[case] text: &str, #[case] masked: &str, #[case] origin: &str) {
        let address = Address::new(text);
        assert_eq!(address.masked("MASK"), masked);
        assert_eq!(address.origin(), origin);
        assert_eq!(format!("{address:?}"), origin);
    }
}
