//! The parity table names tests that exist.
//!
//! A row of `docs/parity.md` is `| id | behaviour | state | test |`. A test is written `path::name`, the path from the root or
//! from `crates/`; several are separated by commas.

use std::{collections::BTreeSet, fs, path::Path};

use anyhow::Result;

use crate::{files, report::Report};

/// The page.
pub(crate) const PAGE: &str = "docs/parity.md";

/// What can be said of a behaviour.
const STATES: [&str; 3] = ["same", "better", "not supported"];

/// Reads the page.
pub(crate) fn read(root: &Path) -> Result<String> {
    Ok(files::read_one(root, &root.join(PAGE))?.content)
}

/// Checks that ids are unique, states are known and tests exist; counts the rows by state.
pub(crate) fn check(root: &Path, page: &str) -> Report {
    let rows: Vec<Row> = page.lines().filter_map(row).collect();
    let mut seen = BTreeSet::new();
    let mut problems = Vec::new();
    for row in &rows {
        if !seen.insert(row.id) {
            problems.push(format!("{PAGE}: {} is there twice", row.id));
        }
        problems.extend(wrong(root, row).map(|what| format!("{PAGE}: {}: {what}", row.id)));
    }
    let states: Vec<_> = STATES.iter().map(|state| format!("{} {state}", count(&rows, state))).collect();
    Report { summary: format!("parity: {} behaviours: {}", rows.len(), states.join(", ")), problems }
}

struct Row<'a> {
    id: &'a str,
    state: &'a str,
    tests: Vec<&'a str>,
}

fn count(rows: &[Row], state: &str) -> usize {
    rows.iter().filter(|row| row.state == state).count()
}

/// A line of a table whose first cell is an id, such as `R12`.
fn row(line: &str) -> Option<Row<'_>> {
    let cells: Vec<_> = line.strip_prefix('|')?.strip_suffix('|')?.split('|').map(str::trim).collect();
    let [id, .., state, tests] = cells.as_slice() else { return None };
    let digits = id.trim_start_matches(|c: char| c.is_ascii_uppercase());
    let is_id = digits.len() < id.len() && !digits.is_empty() && digits.chars().all(|c| c.is_ascii_digit());
    is_id.then(|| Row { id, state, tests: tests.split('`').skip(1).step_by(2).collect() })
}

fn wrong<'a>(root: &'a Path, row: &'a Row<'_>) -> impl Iterator<Item = String> + 'a {
    let unknown = (!STATES.contains(&row.state)).then(|| format!("{:?} is none of {STATES:?}", row.state));
    let untested =
        (row.tests.is_empty() && row.state != "not supported").then(|| "no test is named".to_owned());
    let absent = row.tests.iter().filter(|test| !exists(root, test));
    unknown.into_iter().chain(untested).chain(absent.map(|test| format!("there is no test {test}")))
}

/// Whether the file defines a function of that name.
fn exists(root: &Path, test: &str) -> bool {
    let Some((path, name)) = test.split_once("::") else { return false };
    let source = [root.join("crates").join(path), root.join(path)]
        .into_iter()
        .find_map(|file| fs::read_to_string(file).ok());
    source.is_some_and(|source| defines(&source, name))
}

/// Rust's `fn name(`, Go's `func name(`, and a function of a parameterised test, `fn name<`.
fn defines(source: &str, name: &str) -> bool {
    ["(", "<"].iter().any(|end| {
        source.contains(&format!("fn {name}{end}")) || source.contains(&format!("func {name}{end}"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn problems(page: &str) -> Vec<String> {
        check(&files::root(), page).problems
    }

    #[test]
    fn the_states_are_counted() {
        let page = "| id | behaviour | state | test |\n|---|---|---|---|\n| A1 | a | same | `xtask/src/parity.rs::the_states_are_counted` |\n\
                    | A2 | b | not supported | – |\n";
        let report = check(&files::root(), page);
        assert_eq!(report.summary, "parity: 2 behaviours: 1 same, 0 better, 1 not supported");
        assert!(report.is_clean(), "{:?}", report.problems);
    }

    #[test]
    fn a_test_that_is_not_there_is_named() {
        let page = "| A1 | a | same | `xtask/src/parity.rs::no_such_test`, `nowhere.rs::a` |";
        let expected = ["xtask/src/parity.rs::no_such_test", "nowhere.rs::a"];
        assert_eq!(problems(page), expected.map(|test| format!("{PAGE}: A1: there is no test {test}")));
    }

    #[test]
    fn a_row_without_a_test_or_with_another_state_is_named() {
        let untested = problems("| A1 | a | same | – |\n| A1 | b | not supported | – |");
        assert_eq!(untested, ["docs/parity.md: A1: no test is named", "docs/parity.md: A1 is there twice"]);
        assert_eq!(problems("| B1 | a | nearly | – |").len(), 2);
    }
}
