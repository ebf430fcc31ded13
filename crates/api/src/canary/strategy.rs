//! The kinds of release that an analysis can describe.

use std::fmt;

use super::CanaryAnalysis;

/// How a new revision gets its traffic; the label `deployment_strategy` of Flagger's metrics.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Strategy {
    /// The weight rises step by step.
    Canary,
    /// Requests that match go to the canary for a number of rounds.
    AbTesting,
    /// The canary is checked for a number of rounds, then gets everything.
    BlueGreen,
}

impl Strategy {
    /// The spelling in metrics.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Canary => "canary",
            Self::AbTesting => "ab-testing",
            Self::BlueGreen => "blue-green",
        }
    }
}

impl fmt::Display for Strategy {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(self.as_str())
    }
}

impl CanaryAnalysis {
    /// Rounds of checks make an A/B test when there is something to match, else a blue/green release. Without rounds
    /// the weight decides.
    pub fn strategy(&self) -> Strategy {
        match (self.iterations.unwrap_or_default() > 0, self.match_.is_empty()) {
            (false, _) => Strategy::Canary,
            (true, false) => Strategy::AbTesting,
            (true, true) => Strategy::BlueGreen,
        }
    }
}
