//! What the benchmark can be told.

use std::{path::PathBuf, time::Duration};

use clap::Parser;

use crate::side::{Rival, Side};

/// Rolls out many canaries at once on a control plane of its own with fake pods, and measures the operator.
#[derive(Clone, Debug, Parser)]
#[command(name = "serin-bench")]
pub(crate) struct Args {
    /// How many canaries; the cluster's pod addresses limit them.
    #[arg(long, default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..=2000))]
    pub(crate) canaries: u32,
    /// For how many seconds requests are counted while nothing happens.
    #[arg(long, default_value_t = 60)]
    pub(crate) idle: u64,
    /// Measure another operator after Serin, in the same way, and print the ratios.
    #[arg(long)]
    pub(crate) versus: Option<Rival>,
    /// A program with its arguments that runs beside the operator with the same rights and is measured, too; may be
    /// named several times. The operator then takes part in a leader election.
    #[arg(long, value_name = "COMMAND")]
    pub(crate) beside: Vec<String>,
    /// File of figures that takes up the result, for README and documentation.
    #[arg(long)]
    pub(crate) figures: Option<PathBuf>,
    /// The operator's binary.
    #[arg(long, default_value = "target/image/serin")]
    pub(crate) operator: PathBuf,
    /// Folder of the cluster's state, the operator's log and the result.
    #[arg(long, default_value = "target/bench")]
    pub(crate) folder: PathBuf,
}

impl Args {
    /// How long the idle operator is watched.
    pub(crate) fn idle(&self) -> Duration {
        Duration::from_secs(self.idle)
    }

    /// How long pods of all canaries may take, on a slow and busy machine. Flagger asks the API
    /// server no more often than its client lets it, 100 times a second.
    pub(crate) fn patience(&self, side: Side) -> Duration {
        let each = match side {
            Side::Serin => Duration::from_millis(1500),
            Side::Flagger => Duration::from_secs(4),
        };
        Duration::from_secs(120) + each * self.canaries
    }
}
