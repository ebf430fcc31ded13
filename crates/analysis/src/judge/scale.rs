//! The unit in which a check compares and prints its value and bounds.

use crate::builtin::Observer;
use crate::checks::{Check, CheckKind};
use crate::criterion::{Bounds, Criterion};
use crate::go_fmt;

/// A check's unit and bounds.
pub(super) struct Scale {
    unit: Unit,
    bounds: Bounds,
}

#[derive(Clone, Copy)]
enum Unit {
    /// Compared and printed as it is, with a percent sign.
    Percent,
    /// Values and bounds are cut to whole milliseconds before they are compared.
    Duration(Observer),
    /// The query's own.
    Own,
}

/// A value in a check's unit.
pub(super) struct Reading {
    /// What is held against the bounds.
    compared: f64,
    /// What the gauge shows.
    pub(super) gauge: f64,
    /// For `status.checks`.
    pub(super) text: String,
    /// For the event.
    pub(super) event_text: String,
}

/// A bound that a value breaks, as events print it.
pub(super) struct Broken {
    /// `<` or `>`
    pub(super) sign: char,
    /// The bound with its unit.
    pub(super) bound: String,
}

impl Scale {
    pub(super) fn of(check: &Check) -> Self {
        let unit = match check.kind {
            CheckKind::SuccessRate(_) => Unit::Percent,
            CheckKind::Duration(observer) => Unit::Duration(observer),
            CheckKind::Inline | CheckKind::Template => Unit::Own,
        };
        let Criterion::Within(bounds) = check.criterion;
        Self { unit, bounds }
    }

    pub(super) fn read(&self, value: f64) -> Reading {
        let rounded = go_fmt::two_decimals(value);
        match self.unit {
            Unit::Percent => {
                let text = format!("{rounded}%");
                Reading { compared: value, gauge: value, event_text: text.clone(), text }
            }
            Unit::Duration(observer) => {
                let milliseconds = observer.milliseconds(value);
                let text = go_fmt::milliseconds(milliseconds);
                let compared = as_float(milliseconds);
                Reading { compared, gauge: compared / 1000.0, event_text: text.clone(), text }
            }
            Unit::Own => {
                Reading { compared: value, gauge: value, text: go_fmt::short(value), event_text: rounded }
            }
        }
    }

    /// The first bound that the value breaks.
    pub(super) fn broken(&self, reading: &Reading) -> Option<Broken> {
        let broken = |sign, bound| Broken { sign, bound: self.bound(bound) };
        let low = self.bounds.min.filter(|min| reading.compared < self.compared(*min));
        let high = self.bounds.max.filter(|max| reading.compared > self.compared(*max));
        low.map(|min| broken('<', min)).or_else(|| high.map(|max| broken('>', max)))
    }

    /// All bounds, such as `>= 1, <= 500ms`.
    pub(super) fn bound_text(&self) -> Option<String> {
        let min = self.bounds.min.map(|min| format!(">= {}", self.bound(min)));
        let max = self.bounds.max.map(|max| format!("<= {}", self.bound(max)));
        let bounds: Vec<_> = min.into_iter().chain(max).collect();
        (!bounds.is_empty()).then(|| bounds.join(", "))
    }

    fn bound(&self, bound: f64) -> String {
        match self.unit {
            Unit::Percent => format!("{}%", go_fmt::float(bound)),
            Unit::Duration(_) => go_fmt::milliseconds(whole(bound)),
            Unit::Own => go_fmt::float(bound),
        }
    }

    fn compared(&self, bound: f64) -> f64 {
        match self.unit {
            Unit::Duration(_) => as_float(whole(bound)),
            Unit::Percent | Unit::Own => bound,
        }
    }
}

#[expect(clippy::cast_possible_truncation, reason = "bounds of durations are whole milliseconds")]
fn whole(bound: f64) -> i64 {
    bound as i64
}

#[expect(clippy::cast_precision_loss, reason = "exact for 285,000 years")]
fn as_float(milliseconds: i64) -> f64 {
    milliseconds as f64
}
