//! What grants access, kept out of what people read: logs, events, errors and `Debug` texts.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
};

use base64::{
    Engine,
    engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE_NO_PAD},
};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use url::{Url, form_urlencoded};

/// What stands for a text that is not shown.
pub const HIDDEN: &str = "(hidden)";

/// Bytes from which on a secret is also looked for in its encoded forms. Those of shorter ones are found in many a
/// word.
const TELLING: usize = 6;

/// What may stand in a URL as it is.
const UNRESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// Scheme, host and port of a URL. User, password, path and query, which may grant access, are left out; a text that
/// is no URL of a server is not shown at all.
pub fn origin(url: &str) -> String {
    let parsed = Url::parse(url.trim()).ok().filter(Url::has_host);
    parsed.map_or_else(
        || HIDDEN.to_owned(),
        |url| {
            let host = url.host_str().unwrap_or_default();
            let port = url.port().map(|port| format!(":{port}")).unwrap_or_default();
            format!("{}://{host}{port}", url.scheme())
        },
    )
}

/// `text`, which came from outside, with `mark` in the place of the secret: as it is, escaped as in JSON and URLs, and
/// in base64, also where that holds more than the secret.
pub fn hide(text: &str, secret: &str, mark: &str) -> String {
    // The longest first: a shorter form may be the beginning of a longer one.
    let mut forms: Vec<String> = forms(secret).into_iter().collect();
    forms.sort_by_key(|form| std::cmp::Reverse(form.len()));
    forms.iter().fold(text.to_owned(), |text, form| text.replace(form, mark))
}

fn forms(secret: &str) -> BTreeSet<String> {
    let mut forms = BTreeSet::from([secret.to_owned()]);
    if secret.len() >= TELLING {
        forms.extend(serde_json::to_string(secret).map(|json| json.trim_matches('"').to_owned()));
        for secret in [secret.to_owned(), percent_decoded(secret)] {
            forms.extend(percent_encoded(&secret));
            forms.extend(in_base64(&secret));
            forms.insert(secret);
        }
    }
    forms.remove("");
    forms
}

fn percent_encoded(secret: &str) -> impl Iterator<Item = String> {
    let all = [
        utf8_percent_encode(secret, NON_ALPHANUMERIC).to_string(),
        utf8_percent_encode(secret, UNRESERVED).to_string(),
        form_urlencoded::byte_serialize(secret.as_bytes()).collect(),
    ];
    let lower: Vec<String> = all.iter().map(|text| with_small_digits(text)).collect();
    all.into_iter().chain(lower)
}

fn percent_decoded(secret: &str) -> String {
    percent_encoding::percent_decode_str(secret).decode_utf8_lossy().into_owned()
}

/// `%2F` as `%2f`.
fn with_small_digits(text: &str) -> String {
    let mut pieces = text.split('%');
    let first = pieces.next().unwrap_or_default().to_owned();
    pieces.fold(first, |text, piece| match piece.split_at_checked(2) {
        Some((digits, rest)) => format!("{text}%{}{rest}", digits.to_ascii_lowercase()),
        None => format!("{text}%{piece}"),
    })
}

/// The secret alone, and what base64 makes of it wherever it stands in a longer text: of `user:secret`, for example.
fn in_base64(secret: &str) -> Vec<String> {
    let mut found = vec![STANDARD.encode(secret)];
    for before in 0..3 {
        let padded = [&[0; 2][..before], secret.as_bytes()].concat();
        for text in [STANDARD_NO_PAD.encode(&padded), URL_SAFE_NO_PAD.encode(&padded)] {
            // The first and the last digit may be made of a neighbour too.
            let first = (before * 8).div_ceil(6);
            let last = padded.len() * 8 / 6;
            found.extend(text.get(first..last).map(str::to_owned));
        }
    }
    found
}

/// Shows the origin of a URL that may not be there.
pub(crate) struct Origin<'a>(pub(crate) Option<&'a str>);

impl fmt::Debug for Origin<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            None => formatter.write_str("None"),
            Some(url) => formatter.write_str(&origin(url)),
        }
    }
}

/// Shows the keys of a map that may not be there.
pub(crate) struct Keys<'a, V>(pub(crate) Option<&'a BTreeMap<String, V>>);

impl<V> fmt::Debug for Keys<'_, V> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            None => formatter.write_str("None"),
            Some(map) => formatter.debug_set().entries(map.keys()).finish(),
        }
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("https://hooks.example.com/T0/B0/token", "https://hooks.example.com")]
    #[case("http://user:pass@gate:8080/a?token=b#c", "http://gate:8080")]
    #[case("https://gate:443/", "https://gate")]
    #[case("http://[::1]:80/a", "http://[::1]")]
    #[case("http://user:pa/ss@gate/", HIDDEN)]
    #[case("gate/token", HIDDEN)]
    #[case("token:secret", HIDDEN)]
    #[case("", HIDDEN)]
    fn a_url_is_shown_by_its_server(#[case] url: &str, #[case] shown: &str) {
        assert_eq!(origin(url), shown);
    }

    #[rstest]
    #[case::as_it_is("no p@ss w/rd+1 here", "no *** here")]
    #[case::in_a_url("/?key=p%40ss%20w%2Frd%2B1&a", "/?key=***&a")]
    #[case::in_a_url_in_small_letters("p%40ss%20w%2frd%2b1", "***")]
    #[case::in_a_form("p%40ss+w%2Frd%2B1", "***")]
    #[case::in_base64("cEBzcyB3L3JkKzE=", "***")]
    #[case::without_padding("cEBzcyB3L3JkKzE", "***E")]
    fn every_form_is_hidden(#[case] text: &str, #[case] hidden: &str) {
        assert_eq!(hide(text, "p@ss w/rd+1", "***"), hidden);
    }

    /// Whatever stands before and after it: at most the digits that it shares with a neighbour are left.
    #[test]
    fn a_part_of_what_was_encoded_is_hidden() {
        let (secret, marked) = ("hush-hush-hush", "***");
        for before in ["", "u", "us", "user:", "Bearer "] {
            for after in ["", "x", "xy", "\n"] {
                let whole = format!("{before}{secret}{after}");
                for text in [STANDARD.encode(&whole), URL_SAFE_NO_PAD.encode(&whole)] {
                    let hidden = hide(&text, secret, marked);
                    assert!(hidden.contains(marked), "{whole:?}: {hidden}");
                    assert!(hidden.len() <= text.len() - 10, "{whole:?}: {text} {hidden}");
                }
            }
        }
    }

    #[test]
    fn quotes_are_hidden_as_json_has_them() {
        assert_eq!(hide(r#"{"token":"a\"b\\c d"}"#, r#"a"b\c d"#, "***"), r#"{"token":"***"}"#);
    }

    #[test]
    fn a_secret_that_is_percent_encoded_is_hidden_when_it_is_decoded() {
        assert_eq!(hide("p@ssword", "p%40ssword", "***"), "***");
    }

    #[test]
    fn an_empty_secret_hides_nothing_and_a_short_one_no_other_word() {
        assert_eq!(hide("text", "", "***"), "text");
        assert_eq!(hide("YQ a", "a", "***"), "YQ ***");
    }
}
