//! From the words of an action to an expression that handlebars evaluates.

use super::TemplateError;
use super::model::NAMES;
use super::tokens::{Token, tokens};

const FUNCTIONS: [&str; 2] = ["printf", "index"];
const KEYWORDS: [&str; 10] =
    ["if", "else", "end", "range", "with", "define", "template", "block", "break", "continue"];
const GO_FUNCTIONS: [&str; 18] = [
    "and", "or", "not", "eq", "ne", "lt", "le", "gt", "ge", "len", "slice", "call", "print", "println",
    "html", "js", "urlquery", "nil",
];

/// What an action does.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Action {
    /// Writes the expression's value.
    Print(String),
    /// Keeps the value under a name for later actions (`$x := …`).
    Define(String, String),
}

/// Names known while an action is read.
pub(super) struct Scope<'a> {
    /// Keys of `variables`.
    pub(super) keys: &'a dyn Fn(&str) -> bool,
    /// Whether `$x` was defined earlier.
    pub(super) defined: &'a dyn Fn(&str) -> bool,
}

/// Reads an action's code; every name in it is known afterwards.
pub(super) fn read(code: &str, line: usize, scope: &Scope<'_>) -> Result<Action, TemplateError> {
    let words = tokens(code, line)?;
    if let [Token::Variable(name), Token::Define, value @ ..] = words.as_slice() {
        return Ok(Action::Define(name.clone(), expression(value, code, line, scope)?));
    }
    Ok(Action::Print(expression(&words, code, line, scope)?))
}

fn expression(words: &[Token], code: &str, line: usize, scope: &Scope<'_>) -> Result<String, TemplateError> {
    let bad =
        |reason: &str| TemplateError::Action { line, action: code.to_owned(), reason: reason.to_owned() };
    let mut value = None;
    for command in words.split(|word| *word == Token::Pipe) {
        let Some(first) = command.first() else { return Err(bad("a value is missing")) };
        let call = written(command, line, scope)?;
        value = Some(match value {
            Some(_) if !is_function(first) => return Err(bad("only a function can follow `|`")),
            Some(last) => format!("({call} {last})"),
            None if command.len() == 1 || *first == Token::Open => call,
            None => format!("({call})"),
        });
    }
    value.ok_or_else(|| bad("a value is missing"))
}

fn is_function(word: &Token) -> bool {
    matches!(word, Token::Name(name) if FUNCTIONS.contains(&name.as_str()))
}

fn written(command: &[Token], line: usize, scope: &Scope<'_>) -> Result<String, TemplateError> {
    let mut parts = Vec::with_capacity(command.len());
    let mut previous = None;
    for word in command {
        parts.push(match word {
            Token::Name(name) => known(name, previous, line, scope)?,
            Token::Variable(name) if (scope.defined)(name) => name.clone(),
            Token::Variable(name) => return Err(TemplateError::UnknownName { line, name: name.clone() }),
            Token::Text(text) => serde_json::Value::from(text.as_str()).to_string(),
            Token::Number(number) => number.clone(),
            Token::Open => "(".to_owned(),
            Token::Close => ")".to_owned(),
            Token::Define | Token::Pipe => {
                return Err(TemplateError::Unsupported {
                    line,
                    what: "`:=` or `|` inside parentheses".to_owned(),
                });
            }
        });
        previous = Some(word);
    }
    Ok(parts.join(" "))
}

fn known(
    name: &str,
    previous: Option<&Token>,
    line: usize,
    scope: &Scope<'_>,
) -> Result<String, TemplateError> {
    let after_index = previous == Some(&Token::Name("index".to_owned()));
    match name.split_once('.') {
        None if NAMES.contains(&name) || FUNCTIONS.contains(&name) => Ok(name.to_owned()),
        None if name == "variables" && after_index => Ok(name.to_owned()),
        Some(("variables", key)) if (scope.keys)(key) => Ok(name.to_owned()),
        Some(("variables", key)) => Err(TemplateError::MissingVariable { line, key: key.to_owned() }),
        _ => Err(unknown(name, line)),
    }
}

fn unknown(name: &str, line: usize) -> TemplateError {
    let what = if KEYWORDS.contains(&name) {
        format!("control structure `{name}`")
    } else if GO_FUNCTIONS.contains(&name) {
        format!("function `{name}`")
    } else {
        return TemplateError::UnknownName { line, name: name.to_owned() };
    };
    TemplateError::Unsupported { line, what }
}
