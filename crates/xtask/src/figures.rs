//! Figures in README and documentation come from one file, which whatever measured them writes.
//!
//! A page says `<!-- figure NAME -->…<!-- end -->`; what stands between is filled in. `NAME` is a
//! text of the file, or `bench` for the table of the benchmark.

use std::{fs, path::Path};

use anyhow::{Context, Result};
use serde_json::Value;

use crate::{files::Text, links};

const FILE: &str = "docs/figures.json";
const OPEN: &str = "<!-- figure ";
const NAMED: &str = " -->";
const CLOSE: &str = "<!-- end -->";

/// The rows of the benchmark's table: the name of the figure, what it is, and how many digits are
/// shown.
const ROWS: [(&str, &str, usize); 9] = [
    ("cpu", "CPU of each rollout, s", 3),
    ("memory", "memory after the rollouts, MiB", 1),
    ("requests", "API requests of each rollout", 1),
    ("idle", "API requests a minute while idle", 0),
    ("duration", "change → `Succeeded`, median, s", 1),
    ("overhead", "of it beyond the analysis, s", 1),
    ("own", "of that not waiting for pods, s", 1),
    ("lateness", "lateness of steps, p99, s", 2),
    ("busy", "busy processors meanwhile, %", 0),
];

/// Every page that shows figures, with those of the file.
pub(crate) fn pages(root: &Path) -> Result<Vec<Text>> {
    let figures = read(root)?;
    let pages = links::read(root)?.into_iter().filter(|page| page.content.contains(OPEN));
    let filled = pages.map(|page| {
        let content = fill(&page.content, &figures).with_context(|| page.path.clone())?;
        Ok(Text { content, ..page })
    });
    filled.collect()
}

/// Puts a text into the file.
pub(crate) fn keep(root: &Path, name: &str, text: &str) -> Result<()> {
    let mut figures = read(root)?;
    figures[name] = text.into();
    let content = serde_json::to_string_pretty(&figures)?;
    fs::write(root.join(FILE), content + "\n").with_context(|| format!("cannot write {FILE}"))
}

fn read(root: &Path) -> Result<Value> {
    let text = fs::read_to_string(root.join(FILE)).with_context(|| format!("cannot read {FILE}"))?;
    serde_json::from_str(&text).with_context(|| format!("{FILE} is no JSON"))
}

/// The page with every place filled in.
fn fill(page: &str, figures: &Value) -> Result<String> {
    let mut parts = page.split(OPEN);
    let mut filled = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let (name, rest) = part.split_once(NAMED).context("a figure without a name")?;
        let (_, after) = rest.split_once(CLOSE).with_context(|| format!("the figure {name} has no end"))?;
        let text = shown(name, figures).with_context(|| format!("{FILE} has no figure {name}"))?;
        filled.push_str(&[OPEN, name, NAMED, &text, CLOSE, after].concat());
    }
    Ok(filled)
}

fn shown(name: &str, figures: &Value) -> Option<String> {
    let figure = figures.get(name)?;
    if name == "bench" { table(figure) } else { figure.as_str().map(ToOwned::to_owned) }
}

/// Two columns for each number of canaries.
fn table(bench: &Value) -> Option<String> {
    let mut runs: Vec<(u32, &Value)> = Vec::new();
    for (count, run) in bench.as_object()? {
        runs.push((count.parse().ok()?, run));
    }
    runs.sort_by_key(|(count, _)| *count);
    let heads = runs.iter().map(|(count, _)| format!(" {count} canaries: Serin | Flagger |"));
    let mut lines = vec![format!("| |{}", heads.collect::<String>())];
    lines.push(format!("|---{}|", "|---".repeat(2 * runs.len())));
    for (name, label, digits) in ROWS {
        let cells = runs.iter().flat_map(|(_, run)| ["serin", "flagger"].map(|side| &run[side][name]));
        let cells = cells.map(|cell| format!(" {} |", number(cell, digits)));
        lines.push(format!("| {label} |{}", cells.collect::<String>()));
    }
    Some(format!("\n\n{}\n\n", lines.join("\n")))
}

fn number(value: &Value, digits: usize) -> String {
    value.as_f64().map_or_else(|| "–".to_owned(), |number| format!("{number:.digits$}"))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn places_are_filled_in_and_the_rest_stays() {
        let page = "a <!-- figure model -->old<!-- end -->, <!-- figure time --><!-- end --> b\n";
        let filled = fill(page, &json!({"model": "7 states", "time": "3 s"})).unwrap();
        assert_eq!(
            filled,
            "a <!-- figure model -->7 states<!-- end -->, <!-- figure time -->3 s<!-- end --> b\n"
        );
        assert_eq!(fill(&filled, &json!({"model": "7 states", "time": "3 s"})).unwrap(), filled);
    }

    #[test]
    fn a_figure_that_nobody_measured_is_named() {
        let error = fill("<!-- figure x -->1<!-- end -->", &json!({})).unwrap_err();
        assert_eq!(error.to_string(), "docs/figures.json has no figure x");
        assert!(fill("<!-- figure x -->1", &json!({"x": "1"})).is_err());
    }

    #[test]
    fn the_table_has_two_columns_for_each_run() {
        let bench = json!({"200": {"serin": {"cpu": 0.1}}, "20": {"serin": {"cpu": 0.0944}, "flagger": {"cpu": 0.135}}});
        let table = table(&bench).unwrap();
        let lines: Vec<_> = table.trim().lines().collect();
        assert_eq!(lines[0], "| | 20 canaries: Serin | Flagger | 200 canaries: Serin | Flagger |");
        assert_eq!(lines[1], "|---|---|---|---|---|");
        assert_eq!(lines[2], "| CPU of each rollout, s | 0.094 | 0.135 | 0.100 | – |");
    }
}
