//! The texts in the source of what decides.

use std::{
    fs,
    path::{Path, PathBuf},
};

/// The string literals with words in them, from all that puts texts of events and alerts together.
pub(crate) fn of_decisions() -> Vec<String> {
    let crates = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let mut files: Vec<PathBuf> =
        ["core/src/event.rs", "core/src/decide.rs", "analysis/src/judge/message.rs"]
            .map(|file| crates.join(file))
            .to_vec();
    files.push(crates.join("analysis/src/outcome.rs"));
    let decide = fs::read_dir(crates.join("core/src/decide")).unwrap();
    files.extend(decide.map(|entry| entry.unwrap().path()));
    let mut found: Vec<String> =
        files.iter().flat_map(|file| in_source(&fs::read_to_string(file).unwrap())).collect();
    found.sort();
    found.dedup();
    found
}

/// Whether `text` is this format, or a part of it, filled in.
pub(crate) fn is_in(format: &str, text: &str) -> bool {
    let mut rest = text;
    pieces(format).iter().all(|piece| match rest.find(piece.as_str()) {
        Some(at) => {
            rest = &rest[at + piece.len()..];
            true
        }
        None => false,
    })
}

/// What a format says outside of its `{…}`, `%…` and spaces.
fn pieces(format: &str) -> Vec<String> {
    let mut pieces = vec![String::new()];
    let mut depth = 0;
    for c in format.chars() {
        match c {
            '{' => {
                depth += 1;
                pieces.push(String::new());
            }
            '}' => depth -= 1,
            _ if depth > 0 => {}
            _ => pieces.last_mut().unwrap().push(c),
        }
    }
    pieces.retain(|piece| !piece.trim().is_empty());
    pieces
}

/// The literals of a source file with at least two words, tests and comments aside.
fn in_source(source: &str) -> Vec<String> {
    let code = source.split("#[cfg(test)]").next().unwrap();
    let lines = code.lines().filter(|line| !line.trim_start().starts_with("//"));
    let lines: Vec<&str> = lines.filter(|line| !line.contains("reason = ")).collect();
    let code = lines.join("\n");
    let mut found = Vec::new();
    let mut chars = code.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            // A character, and not a lifetime.
            '\'' if chars.clone().nth(1) == Some('\'') => drop(chars.nth(1)),
            '"' => found.push(literal(&mut chars)),
            _ => {}
        }
    }
    let words = |text: &String| pieces(text).iter().any(|piece| piece.trim().contains(' '));
    found.retain(|text| words(text) || pieces(text).len() > 1);
    found
}

fn literal(chars: &mut std::iter::Peekable<std::str::Chars>) -> String {
    let mut text = String::new();
    while let Some(c) = chars.next() {
        match c {
            '"' => break,
            '\\' => match chars.next() {
                Some('\n') => while chars.next_if(|c| c.is_whitespace()).is_some() {},
                Some(escaped) => text.push(escaped),
                None => break,
            },
            _ => text.push(c),
        }
    }
    text
}
