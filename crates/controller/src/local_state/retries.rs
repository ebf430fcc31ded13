//! How long to wait after failures in a row.

use std::time::Duration;

use crate::options::{BACKOFF_MAX, BACKOFF_MIN};

/// Failures in a row.
#[derive(Debug, Default)]
pub(crate) struct Retries {
    failures: u32,
}

impl Retries {
    /// Counts a failure. Returns how long to wait before the next attempt: 1 s, doubled each time,
    /// at most 60 s, and up to a quarter more so that many Canaries do not come at once.
    pub(crate) fn failed(&mut self) -> Duration {
        self.failures = self.failures.saturating_add(1);
        let wait = BACKOFF_MIN.saturating_mul(1 << (self.failures - 1).min(10)).min(BACKOFF_MAX);
        wait + wait.mul_f64(f64::from(rand::random::<u8>()) / 1024.0)
    }

    /// Failures in a row so far.
    pub(crate) fn failures(&self) -> u32 {
        self.failures
    }

    /// Resets the count of failures.
    pub(crate) fn succeeded(&mut self) {
        self.failures = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_wait_doubles_up_to_a_minute_and_starts_over_after_a_success() {
        let mut retries = Retries::default();
        let waits: Vec<u64> = (0..9).map(|_| retries.failed().as_secs()).collect();
        assert!(waits[0] == 1 && waits[1] == 2 && [4, 5].contains(&waits[2]), "{waits:?}");
        assert!(waits.iter().all(|wait| (1..=75).contains(wait)) && waits[8] >= 60, "{waits:?}");
        retries.succeeded();
        assert_eq!(retries.failed().as_secs(), 1);
    }
}
