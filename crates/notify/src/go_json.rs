//! JSON as Go writes it.

use serde::Serialize;

/// `value` on one line, with the characters escaped that Go escapes on top of what JSON asks for.
pub(crate) fn to_string<T: Serialize>(value: &T) -> Result<String, serde_json::Error> {
    Ok(escape(&serde_json::to_string(value)?))
}

/// These characters can only stand in strings, so the text is searched without being parsed.
fn escape(json: &str) -> String {
    let mut text = String::with_capacity(json.len());
    for c in json.chars() {
        match c {
            '<' => text.push_str("\\u003c"),
            '>' => text.push_str("\\u003e"),
            '&' => text.push_str("\\u0026"),
            '\u{2028}' => text.push_str("\\u2028"),
            '\u{2029}' => text.push_str("\\u2029"),
            c => text.push(c),
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::to_string;

    #[rstest]
    #[case("plain é 🚀", r#""plain é 🚀""#)]
    #[case("0 < 1 && 2 > 1", r#""0 \u003c 1 \u0026\u0026 2 \u003e 1""#)]
    #[case("a\u{2028}b\u{2029}", r#""a\u2028b\u2029""#)]
    #[case("\"\\/", r#""\"\\/""#)]
    #[case("\u{8}\u{c}\n\r\t\u{1}\u{1f}\u{7f}", "\"\\b\\f\\n\\r\\t\\u0001\\u001f\u{7f}\"")]
    fn escapes_as_go(#[case] text: &str, #[case] json: &str) {
        assert_eq!(to_string(&text).unwrap(), json);
    }
}
