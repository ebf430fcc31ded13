//! From a check's outcome to its verdict, in Flagger's words.

mod message;
mod scale;

use std::fmt;

use serin_api::canary::CheckStatus;

use crate::checks::Check;
use crate::measure::Value;
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
    /// The value tells nothing yet. One that breaks a bound, but may be made of the traffic of
    /// an earlier revision, does not count.
    Inconclusive,
    /// There is no value, usually for lack of traffic.
    NoData,
    /// The value could not be had.
    Error,
}

impl VerdictKind {
    /// Whether it is a failed check.
    pub fn fails(self) -> bool {
        matches!(self, Self::Fail | Self::NoData | Self::Error)
    }
}

impl fmt::Display for VerdictKind {
    /// As in `status.checks`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Pass => "Pass",
            Self::Fail => "Fail",
            Self::Inconclusive => "Held",
            Self::NoData => "NoData",
            Self::Error => "Error",
        })
    }
}

/// Judges the outcome of a check. Bounds are inclusive; a value that is no number counts as no value.
pub fn judge(check: &Check, outcome: &Outcome) -> Verdict {
    let scale = Scale::of(check);
    match outcome {
        Outcome::Value(value) => match decisive(&scale, value) {
            Some(number) => held_against_bounds(check, &scale, number),
            None => no_data(check, &scale, NO_VALUES),
        },
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
        Self { kind: VerdictKind::Inconclusive, message, ..self }
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

/// The first number of a value that breaks a bound, else the newest one; `None` when it has no
/// number.
fn decisive(scale: &Scale, value: &Value) -> Option<f64> {
    let breaks = |number: &f64| scale.broken(&scale.read(*number)).is_some();
    value.numbers().find(breaks).or_else(|| value.numbers().next_back())
}

fn held_against_bounds(check: &Check, scale: &Scale, number: f64) -> Verdict {
    let reading = scale.read(number);
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
