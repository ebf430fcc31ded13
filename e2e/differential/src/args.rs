//! What the suite can be told.

use clap::Parser;

use crate::scenario::Scenario;

/// Runs scenarios with Flagger and with Serin, and compares what both do.
#[derive(Clone, Debug, Parser)]
#[command(name = "serin-differential")]
pub(crate) struct Args {
    /// Only the scenarios that run with all tests.
    #[arg(long)]
    fast: bool,
    /// How many scenarios are played at a time; most of the time they wait.
    #[arg(long, default_value_t = 24)]
    pub(crate) parallel: usize,
    /// Play nothing, and compare once more what the last run has written: for work on the rules.
    #[arg(long)]
    pub(crate) again: bool,
    /// Only the scenarios whose names contain one of these.
    names: Vec<String>,
}

impl Args {
    /// The scenarios to play.
    pub(crate) fn choose(&self, all: Vec<Scenario>) -> Vec<Scenario> {
        let named = |scenario: &Scenario| {
            self.names.is_empty() || self.names.iter().any(|name| scenario.name.contains(name.as_str()))
        };
        all.into_iter().filter(|scenario| named(scenario) && (scenario.fast || !self.fast)).collect()
    }

    /// Whether all are played.
    pub(crate) fn is_everything(&self) -> bool {
        !self.fast && self.names.is_empty()
    }
}
