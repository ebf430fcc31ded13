//! The few figures by which two operators are compared, and which README and documentation show.

use std::{collections::BTreeMap, path::Path};

use anyhow::{Context, Result};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::{
    figures::Figures,
    side::Side,
    workload::{INTERVAL, STEPS},
};

/// Of one operator. Times are seconds, and medians where nothing else is said.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Summary {
    /// Processor time of each rollout.
    pub(crate) cpu: f64,
    /// Resident memory after the rollouts, in MiB.
    pub(crate) memory: f64,
    /// Requests of each rollout, counted by the API server.
    pub(crate) requests: f64,
    /// Requests a minute while nothing happens, counted by the API server.
    pub(crate) idle: f64,
    /// From the change of a target to its success.
    pub(crate) duration: f64,
    /// The part of it beyond the configured analysis.
    pub(crate) overhead: f64,
    /// The part of the overhead that is not the cluster's bringing up pods.
    pub(crate) own: f64,
    /// Lateness of steps, the 99th percentile.
    pub(crate) lateness: f64,
}

/// A row of the comparison: what it says, and where the figure is.
pub(crate) type Row = (&'static str, fn(&Summary) -> f64);

/// The rows in the order in which they are printed.
pub(crate) const ROWS: [Row; 8] = [
    ("processor seconds of each rollout", |summary| summary.cpu),
    ("memory after the rollouts, MiB", |summary| summary.memory),
    ("API requests of each rollout", |summary| summary.requests),
    ("API requests a minute while idle", |summary| summary.idle),
    ("change to Succeeded, median, s", |summary| summary.duration),
    ("overhead beyond the analysis, s", |summary| summary.overhead),
    ("  of it the operator's, s", |summary| summary.own),
    ("lateness of steps, p99, s", |summary| summary.lateness),
];

impl Summary {
    pub(crate) fn of(figures: &Figures) -> Self {
        let idle: u64 = figures.idle.server_requests.values().sum();
        let idle: u32 = idle.try_into().unwrap_or(u32::MAX);
        Self {
            cpu: figures.rollout.cpu_seconds,
            memory: figures.rollout.resident_mib,
            requests: figures.rollout.server_requests,
            idle: f64::from(idle) * 60.0 / figures.idle.seconds.max(1.0),
            duration: figures.times.to_succeeded.p50,
            overhead: figures.times.overhead.p50,
            own: figures.times.own.p50,
            lateness: figures.lateness.steps.p99,
        }
    }
}

/// What was measured in one go, by the name of the operator.
pub(crate) type Runs = BTreeMap<&'static str, Figures>;

/// The table of two operators with the ratio of each row; nothing when there is only one.
pub(crate) fn compared(runs: &Runs) -> Option<String> {
    let of = |side: Side| runs.get(side.name()).map(Summary::of);
    let (serin, flagger) = (of(Side::Serin)?, of(Side::Flagger)?);
    let head = format!("{:<38} {:>9} {:>9} {:>9}", "one beside the other", "Serin", "Flagger", "ratio");
    let rows = ROWS.iter().map(|(label, value)| {
        let (ours, theirs) = (value(&serin), value(&flagger));
        let ratio = ratio(ours, theirs).map_or_else(|| "–".to_owned(), |ratio| format!("{ratio:.2}"));
        format!("  {label:<36} {ours:9.3} {theirs:9.3} {ratio:>9}")
    });
    Some(std::iter::once(head).chain(rows).collect::<Vec<_>>().join("\n"))
}

fn ratio(ours: f64, theirs: f64) -> Option<f64> {
    (theirs.abs() > f64::EPSILON).then(|| ours / theirs)
}

/// Puts a result into the file of figures, in the place of the one of as many canaries.
///
/// # Errors
/// The file is not there, or is not such a file.
pub(crate) fn keep(file: &Path, canaries: u32, runs: &Runs) -> Result<()> {
    let what = || format!("the file of figures {}", file.display());
    let text = std::fs::read_to_string(file).with_context(what)?;
    let mut all: Value = serde_json::from_str(&text).with_context(what)?;
    all["bench"][canaries.to_string()] = entry(runs);
    let text = serde_json::to_string_pretty(&all)?;
    std::fs::write(file, text + "\n").with_context(what)
}

fn entry(runs: &Runs) -> Value {
    let mut entry = json!({"interval": INTERVAL, "steps": STEPS});
    for (name, figures) in runs {
        let Figures { machine, .. } = figures;
        entry["processors"] = machine.processors.into();
        entry[*name] = json!(Summary::of(figures));
        entry[*name]["busy"] = machine.busy_percent.into();
    }
    rounded(entry)
}

/// More digits than three say nothing.
fn rounded(value: Value) -> Value {
    match value {
        Value::Object(fields) => fields.into_iter().map(|(name, value)| (name, rounded(value))).collect(),
        Value::Number(number) if number.is_f64() => {
            number.as_f64().map_or(Value::Null, |number| ((number * 1000.0).round() / 1000.0).into())
        }
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_have_three_digits() {
        let value = rounded(json!({"a": {"b": 0.123_456}, "n": 2, "s": "x"}));
        assert_eq!(value, json!({"a": {"b": 0.123}, "n": 2, "s": "x"}));
    }

    #[test]
    fn nothing_is_no_divisor() {
        assert_eq!(ratio(1.0, 0.0), None);
        assert_eq!(ratio(1.0, 4.0), Some(0.25));
    }

    #[test]
    fn one_operator_alone_is_not_compared() {
        assert_eq!(compared(&Runs::new()), None);
    }
}
