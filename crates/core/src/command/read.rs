//! A command as its annotation has it.

use serde::Deserialize;
use serde_json::Value;

use super::Verb;
use crate::hash;

/// The longest command that is read, in bytes.
const LONGEST: usize = 2048;
/// The longest `id`, `revision` and `by`.
const NAME: usize = 128;
/// The longest `reason`.
const REASON: usize = 200;

/// A command that could be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Command {
    /// No other command has it.
    pub id: String,
    /// What is asked for.
    pub verb: Verb,
    /// The revision that it is meant for.
    pub revision: String,
    /// Why, for people.
    pub reason: Option<String>,
    /// Who asks, for people.
    pub by: Option<String>,
}

/// A command that could not be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unreadable {
    /// Its `id`, or what stands for it.
    pub id: String,
    /// What is wrong with it.
    pub why: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Fields {
    id: String,
    verb: String,
    revision: String,
    reason: Option<String>,
    by: Option<String>,
}

/// Reads a command.
///
/// # Errors
/// When it is too long, is no JSON, lacks a field, or has one that nobody knows.
pub fn parse(text: &str) -> Result<Command, Unreadable> {
    let unnamed = |why: String| Unreadable { id: format!("unreadable-{}", hash::short(text)), why };
    if text.len() > LONGEST {
        return Err(unnamed(format!("it has {} bytes, of which {LONGEST} are read", text.len())));
    }
    let value: Value =
        serde_json::from_str(text).map_err(|error| unnamed(format!("it is no JSON: {error}")))?;
    if !value.is_object() {
        return Err(unnamed("it is no JSON object".to_owned()));
    }
    let id = value.get("id").and_then(Value::as_str).filter(|id| is_name(id)).map(ToOwned::to_owned);
    let bad = |why: String| match id.clone() {
        Some(id) => Unreadable { id, why },
        None => unnamed(why),
    };
    let fields = Fields::deserialize(&value).map_err(|error| bad(short(&error.to_string())))?;
    checked(fields).map_err(bad)
}

fn checked(fields: Fields) -> Result<Command, String> {
    let Fields { id, verb, revision, reason, by } = fields;
    let names = [("id", Some(&id)), ("revision", Some(&revision)), ("by", by.as_ref())];
    for (field, value) in names.into_iter().filter_map(|(field, value)| Some((field, value?))) {
        if !is_name(value) {
            return Err(format!("{field} is empty, longer than {NAME} bytes, or has control characters"));
        }
    }
    if reason.as_ref().is_some_and(|reason| reason.len() > REASON || reason.contains(char::is_control)) {
        return Err(format!("reason is longer than {REASON} bytes, or has control characters"));
    }
    let Some(verb) = Verb::of(&verb) else {
        let known: Vec<&str> = Verb::ALL.into_iter().map(Verb::name).collect();
        return Err(format!("verb {:?} is none of {}", short(&verb), known.join(", ")));
    };
    let reason = reason.filter(|reason| !reason.is_empty());
    Ok(Command { id, verb, revision, reason, by })
}

fn is_name(text: &str) -> bool {
    !text.is_empty() && text.len() <= NAME && !text.contains(char::is_control)
}

/// What somebody wrote, in so many characters as an event can bear.
fn short(text: &str) -> String {
    text.chars().take(NAME).collect()
}
