//! Where a Go template's text ends and its actions begin: delimiters, trim markers, comments.

use super::TemplateError;

/// One part of a template, in order.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Piece<'a> {
    /// Copied as it is.
    Text(&'a str),
    /// What stands between `{{` and `}}`, without trim markers and outer space.
    Action { code: &'a str, line: usize },
}

/// Splits `template`; trim markers are already applied to the text around them, comments are gone.
pub(super) fn scan(template: &str) -> Result<Vec<Piece<'_>>, TemplateError> {
    let mut pieces = Vec::new();
    let mut rest = template;
    let mut trim_next = false;
    while let Some(open) = rest.find("{{") {
        let inside = &rest[open + 2..];
        let line = line_of(template, inside);
        let action = Action::read(inside, line)?;
        pieces.push(Piece::Text(trimmed(&rest[..open], trim_next, action.trim_before)));
        if let Some(code) = action.code {
            pieces.push(Piece::Action { code, line });
        }
        trim_next = action.trim_after;
        rest = action.after;
    }
    pieces.push(Piece::Text(trimmed(rest, trim_next, false)));
    Ok(pieces)
}

struct Action<'a> {
    /// `None` for a comment.
    code: Option<&'a str>,
    trim_before: bool,
    trim_after: bool,
    /// The template behind the closing braces.
    after: &'a str,
}

impl<'a> Action<'a> {
    fn read(inside: &'a str, line: usize) -> Result<Self, TemplateError> {
        let trim_before = inside.starts_with('-') && inside[1..].starts_with(is_space);
        let body = if trim_before { &inside[2..] } else { inside };
        let (is_comment, end) = match body.trim_start_matches(is_space).strip_prefix("/*") {
            Some(comment) => (true, comment_end(body, comment, line)?),
            None => (false, code_end(body, line)?),
        };
        let (code, trim_after) = strip_trim_marker(&body[..end]);
        let code = (!is_comment).then(|| code.trim_matches(is_space));
        Ok(Self { code, trim_before, trim_after, after: &body[end + 2..] })
    }
}

/// Offset in `body` of the braces that close a comment.
fn comment_end(body: &str, comment: &str, line: usize) -> Result<usize, TemplateError> {
    let unclosed = TemplateError::Unclosed { line, what: "the comment" };
    let Some(stop) = comment.find("*/") else { return Err(unclosed) };
    let tail = &comment[stop + 2..];
    let braces =
        tail.find("}}").filter(|at| strip_trim_marker(&tail[..*at]).0.trim_matches(is_space).is_empty());
    braces.map(|at| body.len() - tail.len() + at).ok_or(unclosed)
}

/// Offset in `body` of the braces that close an action; braces inside quotes do not count.
fn code_end(body: &str, line: usize) -> Result<usize, TemplateError> {
    let mut quote = None;
    let mut chars = body.char_indices();
    while let Some((at, c)) = chars.next() {
        match (quote, c) {
            (None, '}') if body[at..].starts_with("}}") => return Ok(at),
            (None, '"' | '`' | '\'') => quote = Some(c),
            (Some('"' | '\''), '\\') => {
                chars.next();
            }
            (Some(open), c) if c == open => quote = None,
            _ => {}
        }
    }
    let what = if quote.is_some() { "the string in an action" } else { "the action" };
    Err(TemplateError::Unclosed { line, what })
}

/// Cuts ` -` off the end of an action.
fn strip_trim_marker(code: &str) -> (&str, bool) {
    match code.strip_suffix('-') {
        Some(before) if before.ends_with(is_space) => (before, true),
        _ => (code, false),
    }
}

fn trimmed(text: &str, start: bool, end: bool) -> &str {
    let text = if start { text.trim_start_matches(is_space) } else { text };
    if end { text.trim_end_matches(is_space) } else { text }
}

/// Go's template language knows these four only.
fn is_space(c: char) -> bool {
    matches!(c, ' ' | '\t' | '\r' | '\n')
}

/// Line on which `part`, a slice of `whole`'s tail, begins.
fn line_of(whole: &str, part: &str) -> usize {
    whole[..whole.len() - part.len()].matches('\n').count() + 1
}

#[cfg(test)]
mod tests {
    use super::*;

    fn flat(template: &str) -> String {
        let pieces = scan(template).unwrap();
        let show = |piece: &Piece<'_>| match piece {
            Piece::Text(text) => (*text).to_owned(),
            Piece::Action { code, line } => format!("<{code}@{line}>"),
        };
        pieces.iter().map(show).collect()
    }

    #[rstest::rstest]
    #[case::plain("up", "up")]
    #[case::spaces("a{{ x }}b{{y}}", "a<x@1>b<y@1>")]
    #[case::single_braces("a{b={{ x }}}", "a{b=<x@1>}")]
    #[case::backslash(r"\{{ x }}", r"\<x@1>")]
    #[case::trim_both("a \n {{- x -}} \t b", "a<x@2>b")]
    #[case::minus_is_no_marker("a {{-3}} b", "a <-3@1> b")]
    #[case::trim_comment("a {{- /* why */ -}} b", "ab")]
    #[case::comment("a {{/* }} */}} b", "a  b")]
    #[case::quoted_braces(r#"{{ printf "}}" }}x"#, r#"<printf "}}"@1>x"#)]
    #[case::escaped_quote(r#"{{ printf "\"}}" }}x"#, r#"<printf "\"}}"@1>x"#)]
    #[case::raw_string(r"{{ printf `\` }}x", r"<printf `\`@1>x")]
    #[case::lines("a\nb {{\nx\n}}\n{{y}}", "a\nb <x@2>\n<y@5>")]
    #[case::lone_close("a }} b", "a }} b")]
    fn splits_like_go(#[case] template: &str, #[case] expected: &str) {
        assert_eq!(flat(template), expected);
    }

    #[rstest::rstest]
    #[case::action("a\n{{ x", "the action")]
    #[case::string(r#"a{{ "x }}"#, "the string in an action")]
    #[case::comment("{{/* x }}", "the comment")]
    #[case::comment_with_code("{{/* x */ y }}", "the comment")]
    fn names_what_is_open(#[case] template: &str, #[case] expected: &str) {
        let error = scan(template).unwrap_err();
        assert!(matches!(&error, TemplateError::Unclosed { what, .. } if *what == expected), "{error}");
    }
}
