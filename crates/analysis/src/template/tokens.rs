//! The words of one action, in the part of Go's template language that queries use.

use super::TemplateError;

/// One word of an action.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Token {
    /// `namespace`, `variables.direction`, `printf`.
    Name(String),
    /// `$route`, with its dollar sign.
    Variable(String),
    /// A string, its escapes resolved.
    Text(String),
    /// A decimal number as written.
    Number(String),
    /// `:=`
    Define,
    /// `|`
    Pipe,
    /// `(`
    Open,
    /// `)`
    Close,
}

/// Cuts the code of an action into words, or names the first thing that is none.
pub(super) fn tokens(code: &str, line: usize) -> Result<Vec<Token>, TemplateError> {
    let mut found = Vec::new();
    let mut rest = code.trim_start();
    while !rest.is_empty() {
        let (token, length) = next(rest).ok_or_else(|| unsupported(rest, line))?;
        found.push(token);
        rest = rest[length..].trim_start();
    }
    Ok(found)
}

fn next(rest: &str) -> Option<(Token, usize)> {
    let sign = [(":=", Token::Define), ("|", Token::Pipe), ("(", Token::Open), (")", Token::Close)];
    if let Some((text, token)) = sign.into_iter().find(|(text, _)| rest.starts_with(text)) {
        return Some((token, text.len()));
    }
    match rest.chars().next()? {
        '"' => interpreted(rest),
        '`' => raw(rest),
        '$' => variable(rest),
        c if c.is_ascii_digit() || c == '-' => number(rest),
        c if is_word(c) => Some(name(rest)),
        _ => None,
    }
}

/// A double-quoted string. Its escapes are those that Go and JSON share, so JSON's reader resolves them.
fn interpreted(rest: &str) -> Option<(Token, usize)> {
    let mut words = serde_json::Deserializer::from_str(rest).into_iter::<String>();
    let text = words.next()?.ok()?;
    let length = words.byte_offset();
    (!rest[..length].contains("\\/")).then_some((Token::Text(text), length))
}

fn raw(rest: &str) -> Option<(Token, usize)> {
    let length = rest[1..].find('`')?;
    Some((Token::Text(rest[1..=length].to_owned()), length + 2))
}

fn variable(rest: &str) -> Option<(Token, usize)> {
    let length = 1 + run(&rest[1..], is_word);
    let field = rest[length..].starts_with('.');
    (length > 1 && !field).then(|| (Token::Variable(rest[..length].to_owned()), length))
}

fn number(rest: &str) -> Option<(Token, usize)> {
    let length = 1 + run(&rest[1..], |c| c.is_ascii_digit() || c == '.');
    let text = &rest[..length];
    let whole = !rest[length..].starts_with(is_word);
    (whole && text.parse::<f64>().is_ok()).then(|| (Token::Number(text.to_owned()), length))
}

fn name(rest: &str) -> (Token, usize) {
    let length = run(rest, |c| is_word(c) || c == '.');
    (Token::Name(rest[..length].to_owned()), length)
}

fn run(text: &str, part: impl Fn(char) -> bool) -> usize {
    text.find(|c| !part(c)).unwrap_or(text.len())
}

fn is_word(c: char) -> bool {
    c == '_' || c.is_alphanumeric()
}

fn unsupported(rest: &str, line: usize) -> TemplateError {
    let word = rest.split_whitespace().next().unwrap_or_default();
    let what = match rest.chars().next() {
        Some('.') => format!("field access `{word}`"),
        Some('"' | '`') => {
            "a string with an escape other than \\\" \\\\ \\b \\f \\n \\r \\t \\uXXXX".to_owned()
        }
        Some('\'') => format!("character constant `{word}`"),
        Some('=') => "assignment with `=`".to_owned(),
        _ => format!("`{word}`"),
    };
    TemplateError::Unsupported { line, what }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[rstest::rstest]
    #[case("namespace", vec![Token::Name("namespace".into())])]
    #[case("variables.a_b", vec![Token::Name("variables.a_b".into())])]
    #[case("$r:=-1.5", vec![Token::Variable("$r".into()), Token::Define, Token::Number("-1.5".into())])]
    #[case(r#"printf "a\"\\d" `b\d`"#, vec![
        Token::Name("printf".into()), Token::Text("a\"\\d".into()), Token::Text("b\\d".into())])]
    #[case("(a)|b", vec![Token::Open, Token::Name("a".into()), Token::Close, Token::Pipe, Token::Name("b".into())])]
    fn reads_words(#[case] code: &str, #[case] expected: Vec<Token>) {
        assert_eq!(tokens(code, 1), Ok(expected));
    }

    #[rstest::rstest]
    #[case(".Name", "field access `.Name`")]
    #[case("a = 3", "assignment with `=`")]
    #[case("'x'", "character constant `'x'`")]
    #[case("$x.y", "`$x.y`")]
    #[case("$", "`$`")]
    #[case("0x1F", "`0x1F`")]
    #[case(r#""\d""#, "a string with an escape")]
    #[case("a, b", "`,`")]
    #[case("#if x", "`#if`")]
    fn names_what_it_cannot_read(#[case] code: &str, #[case] expected: &str) {
        let error = tokens(code, 7).unwrap_err();
        assert!(
            matches!(&error, TemplateError::Unsupported { line: 7, what } if what.starts_with(expected)),
            "{error}"
        );
    }
}
