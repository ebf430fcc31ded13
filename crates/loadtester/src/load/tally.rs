//! Counts what a load met.

use std::{collections::BTreeMap, time::Duration};

use hdrhistogram::Histogram;

/// The longest latency told apart.
const LONGEST: Duration = Duration::from_secs(3600);

/// What a load has met so far.
#[derive(Debug)]
pub(crate) struct Tally {
    /// Answers, by class of status.
    pub(crate) statuses: BTreeMap<&'static str, u64>,
    /// Requests without an answer, by kind of error.
    pub(crate) errors: BTreeMap<&'static str, u64>,
    /// Latencies of the answers in microseconds; absent when there is no memory for them.
    latencies: Option<Histogram<u64>>,
}

impl Tally {
    pub(crate) fn new() -> Self {
        let latencies = Histogram::new_with_bounds(1, micros(LONGEST), 3).ok();
        Self { statuses: BTreeMap::new(), errors: BTreeMap::new(), latencies }
    }

    pub(crate) fn record(&mut self, result: Result<&'static str, &'static str>, latency: Duration) {
        match result {
            Ok(class) => {
                *self.statuses.entry(class).or_default() += 1;
                if let Some(latencies) = &mut self.latencies {
                    latencies.saturating_record(micros(latency));
                }
            }
            Err(kind) => *self.errors.entry(kind).or_default() += 1,
        }
    }

    /// How many requests ended.
    pub(crate) fn requests(&self) -> u64 {
        self.statuses.values().chain(self.errors.values()).sum()
    }

    /// The latency that `quantile` (0 to 1) of the answers did not exceed; zero without answers.
    pub(crate) fn latency(&self, quantile: f64) -> Duration {
        let micros = self.latencies.as_ref().map_or(0, |latencies| latencies.value_at_quantile(quantile));
        Duration::from_micros(micros)
    }
}

fn micros(duration: Duration) -> u64 {
    u64::try_from(duration.as_micros()).unwrap_or(u64::MAX)
}
