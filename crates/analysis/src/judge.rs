//! From a check's outcome to its verdict, in Flagger's words.

mod message;
mod scale;

use std::fmt;

use serin_api::canary::CheckStatus;

use crate::checks::Check;
use crate::outcome::{CheckOutcome, NO_VALUES, Outcome};
use scale::Scale;

/// What a check says about the canary.
#[derive(Debug, Clone, PartialEq)]
pub struct Verdict {
    /// How the check ended.
    pub kind: VerdictKind,
    /// Text of the Warning event; `None` when the check passed.
    pub message: Option<String>,
    /// For the gauge `flagger_canary_metric_analysis`: seconds, a percentage, or the query's own unit.
    pub value: Option<f64>,
    /// The value for people, with its unit.
    pub value_text: Option<String>,
    /// The bounds for people, such as `>= 99%`; `None` when the check has none.
    pub bound_text: Option<String>,
}

/// The ways a check ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum VerdictKind {
    /// The value keeps its bounds.
    Pass,
    /// The value breaks a bound.
    Fail,
    /// The value breaks a bound, but may be made of the traffic of an earlier revision: it does not count.
    Held,
    /// There is no value, usually for lack of traffic.
    NoData,
    /// The value could not be had.
    Error,
}

impl fmt::Display for VerdictKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self, f)
    }
}

/// Judges the outcome of a check. Bounds are inclusive; a value that is no number counts as no value.
pub fn judge(check: &Check, outcome: &Outcome) -> Verdict {
    let scale = Scale::of(check);
    match outcome {
        Outcome::Value(value) if value.is_nan() => no_data(check, &scale, NO_VALUES),
        Outcome::Value(value) => held_against_bounds(check, &scale, *value),
        Outcome::NoData(text) => no_data(check, &scale, text),
        Outcome::Error(text) => error(&scale, message::error(check, text)),
        Outcome::Setup(problem) => error(&scale, problem.to_string()),
    }
}

impl Verdict {
    /// Turns a failure into one that does not count, for this reason.
    #[must_use]
    pub fn held(self, why: &str) -> Self {
        let message = self.message.map(|message| format!("{message} is not counted: {why}"));
        Self { kind: VerdictKind::Held, message, ..self }
    }

    /// The entry of `status.checks` for this verdict.
    pub fn status(&self, check: &Check, outcome: &CheckOutcome) -> CheckStatus {
        CheckStatus {
            name: check.metric.clone(),
            query: outcome.query.clone(),
            value: self.value_text.clone(),
            bound: self.bound_text.clone(),
            verdict: self.kind.to_string(),
            message: self.message.clone(),
        }
    }
}

fn held_against_bounds(check: &Check, scale: &Scale, value: f64) -> Verdict {
    let reading = scale.read(value);
    let broken = scale.broken(&reading);
    Verdict {
        kind: if broken.is_none() { VerdictKind::Pass } else { VerdictKind::Fail },
        message: broken.map(|bound| message::broken(check, &reading, &bound)),
        value: Some(reading.gauge),
        value_text: Some(reading.text),
        bound_text: scale.bound_text(),
    }
}

fn no_data(check: &Check, scale: &Scale, text: &str) -> Verdict {
    let message = message::no_data(check, text);
    Verdict { kind: VerdictKind::NoData, ..error(scale, message) }
}

fn error(scale: &Scale, message: String) -> Verdict {
    Verdict {
        kind: VerdictKind::Error,
        message: Some(message),
        value: None,
        value_text: None,
        bound_text: scale.bound_text(),
    }
}

#[cfg(test)]
mod tests;
