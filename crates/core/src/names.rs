//! What Kubernetes takes for a name.

/// Most characters of a DNS label (RFC 1123), of a Service's name and of a label's value.
pub const LABEL: usize = 63;

/// Most characters of a DNS subdomain (RFC 1123), which most objects have for a name.
pub const SUBDOMAIN: usize = 253;

/// Whether a text is a DNS label: at most 63 lower-case letters, digits and `-`, not at either end.
pub fn is_label(text: &str) -> bool {
    let inner = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    !text.is_empty()
        && text.len() <= LABEL
        && text.chars().all(inner)
        && !text.starts_with('-')
        && !text.ends_with('-')
}

/// Whether a text is a DNS subdomain: DNS labels of any length with dots between them, at most 253 characters.
pub fn is_subdomain(text: &str) -> bool {
    let part = |part: &str| {
        let inner = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
        !part.is_empty() && part.chars().all(inner) && !part.starts_with('-') && !part.ends_with('-')
    };
    text.len() <= SUBDOMAIN && text.split('.').all(part)
}

/// Whether a text is the name of a container's port: at most 15 lower-case letters, digits and single `-`, with a
/// letter among them.
pub fn is_port_name(text: &str) -> bool {
    text.len() <= 15 && is_label(text) && !text.contains("--") && text.chars().any(|c| c.is_ascii_lowercase())
}

/// Whether a text is the name of a header (a token of RFC 9110) of at most 256 characters.
pub fn is_header_name(text: &str) -> bool {
    let token = |c: char| c.is_ascii_alphanumeric() || "!#$%&'*+-.^_`|~".contains(c);
    (1..=256).contains(&text.len()) && text.chars().all(token)
}

/// Whether a text is the key of a label or an annotation: a name, or `<domain>/<name>`.
pub fn is_key(text: &str) -> bool {
    match text.split_once('/') {
        Some((domain, name)) => is_subdomain(domain) && is_label_text(name) && !name.is_empty(),
        None => is_label_text(text) && !text.is_empty(),
    }
}

/// Whether a text is the value of a label: empty, or at most 63 letters, digits, `-`, `_` and `.`, the first and the
/// last of them a letter or a digit.
pub fn is_label_text(text: &str) -> bool {
    let inner = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
    let edge = |c: Option<char>| c.is_none_or(|c| c.is_ascii_alphanumeric());
    text.len() <= LABEL
        && text.chars().all(inner)
        && edge(text.chars().next())
        && edge(text.chars().next_back())
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("a", true, true)]
    #[case("2048", true, true)]
    #[case("a-b.c", false, true)]
    #[case("", false, false)]
    #[case("a..b", false, false)]
    #[case("A", false, false)]
    #[case("a_b", false, false)]
    #[case("-a", false, false)]
    #[case("a-", false, false)]
    fn dns_names(#[case] text: &str, #[case] label: bool, #[case] subdomain: bool) {
        assert_eq!((is_label(text), is_subdomain(text)), (label, subdomain));
    }

    #[test]
    fn lengths() {
        assert!(is_label(&"a".repeat(63)) && !is_label(&"a".repeat(64)));
        assert!(is_subdomain(&"a".repeat(253)) && !is_subdomain(&"a".repeat(254)));
        assert!(is_label_text(&"A".repeat(63)) && !is_label_text(&"A".repeat(64)));
    }

    #[rstest]
    #[case("http", true)]
    #[case("a-2", true)]
    #[case("9898", false)]
    #[case("a--b", false)]
    #[case("http-of-the-second", false)]
    #[case("Http", false)]
    fn port_names(#[case] text: &str, #[case] expected: bool) {
        assert_eq!(is_port_name(text), expected);
    }

    #[rstest]
    #[case("app", true)]
    #[case("app.kubernetes.io/name", true)]
    #[case("Team_A", true)]
    #[case("/name", false)]
    #[case("a/", false)]
    #[case("a b", false)]
    fn keys(#[case] text: &str, #[case] expected: bool) {
        assert_eq!(is_key(text), expected);
    }
}
