//! When pods that do not become ready were listed last.

use std::time::Duration;

use serin_core::snapshot::Troubles;
use tokio::time::Instant;

/// How long pods have to come up before anybody asks what keeps them.
const PATIENCE: Duration = Duration::from_secs(4);

/// The shortest and the longest time between two lists of the same pods.
const PAUSES: [Duration; 2] = [Duration::from_secs(5), Duration::from_secs(60)];

/// What was found when pods were listed last.
#[derive(Clone, Debug)]
pub(crate) struct Listed {
    /// When the workloads were first seen not to be ready.
    since: Instant,
    /// When their pods were listed.
    at: Option<Instant>,
    /// What keeps them.
    pub(crate) found: Troubles,
}

impl Listed {
    /// The workloads are seen not to be ready for the first time.
    pub(crate) fn begin() -> Self {
        Self { since: Instant::now(), at: None, found: Troubles::default() }
    }

    /// Whether it is time to list the pods.
    pub(crate) fn is_due(&self) -> bool {
        self.since.elapsed() >= PATIENCE && self.at.is_none_or(|at| at.elapsed() >= self.pause())
    }

    /// The pods were listed now.
    pub(crate) fn found(&mut self, found: Troubles) {
        self.found = found;
        self.at = Some(Instant::now());
    }

    /// How long the next list has to wait: what has kept pods for long keeps them longer.
    pub(crate) fn pause(&self) -> Duration {
        (self.since.elapsed() / 2).clamp(PAUSES[0], PAUSES[1])
    }
}
