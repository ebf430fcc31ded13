//! What one request may cost.

use std::time::Duration;

/// What one request may cost.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// From connecting to the last byte of the answer, redirects included. Providers that take longer in Flagger get
    /// a multiple of it.
    pub timeout: Duration,
    /// Bytes of an answer.
    pub body: usize,
}

impl Default for Limits {
    /// Five seconds, as Flagger, and 8 MiB.
    fn default() -> Self {
        Self { timeout: Duration::from_secs(5), body: 8 << 20 }
    }
}
