//! What a load found, as one line of JSON.

use std::{collections::BTreeMap, time::Duration};

use serde::Serialize;

use super::tally::Tally;

/// The result of a load.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct Report {
    /// The Canary it was for.
    pub(crate) canary: String,
    /// The address.
    pub(crate) url: String,
    /// Why it ended.
    pub(crate) ended: Ended,
    /// How long it took, in seconds.
    pub(crate) seconds: f64,
    /// Requests that got an answer or an error.
    pub(crate) requests: u64,
    /// Requests that were due and have no result: all places were taken, or the load was broken off.
    pub(crate) missed: u64,
    /// Requests per second that were reached.
    pub(crate) rate: f64,
    /// Answers, by class of status.
    pub(crate) statuses: BTreeMap<&'static str, u64>,
    /// Requests without an answer, by kind of error.
    pub(crate) errors: BTreeMap<&'static str, u64>,
    /// Latency of the answers.
    pub(crate) latency_ms: Latency,
}

/// Why a load ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Ended {
    /// All was sent and answered.
    Complete,
    /// The time limit of the load tester was reached.
    TimedOut,
    /// The load tester shuts down.
    Stopped,
}

/// Latencies in milliseconds.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub(crate) struct Latency {
    pub(crate) p50: f64,
    pub(crate) p95: f64,
    pub(crate) p99: f64,
    pub(crate) max: f64,
}

impl Report {
    /// The report on `tally` after `elapsed`, when `due` requests should have been sent.
    pub(crate) fn new(
        canary: &str,
        url: &str,
        ended: Ended,
        elapsed: Duration,
        due: Option<u64>,
        tally: &Tally,
    ) -> Self {
        let requests = tally.requests();
        Self {
            canary: canary.to_owned(),
            url: url.to_owned(),
            ended,
            seconds: rounded(elapsed.as_secs_f64()),
            requests,
            missed: due.map_or(0, |due| due.saturating_sub(requests)),
            rate: rounded(number(requests) / elapsed.as_secs_f64().max(f64::EPSILON)),
            statuses: tally.statuses.clone(),
            errors: tally.errors.clone(),
            latency_ms: Latency::of(tally),
        }
    }

    /// One line of JSON.
    pub(crate) fn json(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }
}

impl Latency {
    fn of(tally: &Tally) -> Self {
        let millis = |quantile| rounded(tally.latency(quantile).as_secs_f64() * 1000.0);
        Self { p50: millis(0.5), p95: millis(0.95), p99: millis(0.99), max: millis(1.0) }
    }
}

/// To three digits after the point.
fn rounded(value: f64) -> f64 {
    (value * 1000.0).round() / 1000.0
}

fn number(count: u64) -> f64 {
    f64::from(u32::try_from(count).unwrap_or(u32::MAX))
}
