//! `make differential`: the same scenarios with Flagger and with Serin, side by side on one cluster.
//!
//! It brings up a control plane of its own whose pods KWOK plays. Each scenario is a file in `scenarios/`, and is
//! played in a namespace for each operator, with a process of the operator for that namespace alone. What both did is
//! written down as lines of text and compared; a difference is covered by a rule of `intended.yaml`, which names a row
//! of `docs/differences.md`, or it makes the run fail.

mod args;
mod cluster;
mod difference;
mod intended;
mod normal;
mod operator;
mod play;
mod receiver;
mod report;
mod sandbox;
mod scenario;
mod side;
mod story;
mod transcript;

use std::{
    io::{Write, stdout},
    path::Path,
    process::ExitCode,
    time::Instant,
};

use anyhow::{Result, bail, ensure};
use clap::Parser;
use futures::{StreamExt, stream};
use tokio::signal::unix::{SignalKind, signal};

use crate::{
    args::Args,
    cluster::Cluster,
    intended::Intended,
    report::{Report, ScenarioResult},
    sandbox::Shared,
    scenario::Scenario,
    transcript::Transcript,
};

#[tokio::main]
async fn main() -> ExitCode {
    match run(&Args::parse()).await {
        Ok(report) if report.unexpected() == 0 => ExitCode::SUCCESS,
        Ok(_) => ExitCode::FAILURE,
        Err(error) => {
            let _ = writeln!(stdout(), "differential: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// Plays all scenarios, and removes the cluster whatever happened.
async fn run(args: &Args) -> Result<Report> {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let intended = Intended::load(&here.join("intended.yaml"), &here.join("../../docs/differences.md"))?;
    let scenarios = args.choose(scenario::load(&here.join("scenarios"))?);
    ensure!(!scenarios.is_empty(), "no scenario of that name");
    if args.again {
        return told(args, again(&scenarios, &intended)?, &intended);
    }
    let cluster = Cluster::up().await?;
    let played = tokio::select! {
        played = compare(args, &cluster, &scenarios, &intended) => played,
        interrupted = interrupted() => interrupted.and_then(|()| bail!("interrupted")),
    };
    let removed = cluster.down().await;
    let report = played?;
    removed?;
    told(args, report, &intended)
}

/// Compares what the last run has written.
fn again(scenarios: &[Scenario], intended: &Intended) -> Result<Report> {
    let folder = cluster::runs()?;
    let mut report = Report::default();
    for scenario in scenarios {
        let outcome = match play::written(&folder, scenario) {
            Ok(transcripts) => judged(scenario, &transcripts, intended),
            Err(error) => ScenarioResult::broken(&error),
        };
        writeln!(stdout(), "{}", outcome.tell(scenario, intended))?;
        report.add(outcome);
    }
    Ok(report)
}

/// Prints the end of the report.
fn told(args: &Args, mut report: Report, intended: &Intended) -> Result<Report> {
    if args.is_everything() {
        report.hold_rules(intended);
    }
    for rule in report.idle() {
        writeln!(stdout(), "UNEXPECTED: no scenario shows a difference for the rule {rule}")?;
    }
    writeln!(stdout(), "{}", report.summary(intended))?;
    writeln!(stdout(), "{report}")?;
    Ok(report)
}

async fn compare(
    args: &Args,
    cluster: &Cluster,
    scenarios: &[Scenario],
    intended: &Intended,
) -> Result<Report> {
    let shared = cluster.shared().await?;
    let mut outcomes = stream::iter(scenarios)
        .map(async |scenario| (scenario, outcome(&shared, scenario, intended).await))
        .buffer_unordered(args.parallel);
    let mut report = Report::default();
    while let Some((scenario, outcome)) = outcomes.next().await {
        writeln!(stdout(), "{}", outcome.tell(scenario, intended))?;
        report.add(outcome);
    }
    Ok(report)
}

async fn outcome(shared: &Shared, scenario: &Scenario, intended: &Intended) -> ScenarioResult {
    let began = Instant::now();
    let outcome = match play::both(shared, scenario, intended).await {
        Ok(transcripts) => judged(scenario, &transcripts, intended),
        Err(error) => ScenarioResult::broken(&error),
    };
    outcome.after(began.elapsed())
}

fn judged(scenario: &Scenario, [flagger, serin]: &[Transcript; 2], intended: &Intended) -> ScenarioResult {
    ScenarioResult::of(&scenario.name, &difference::between(flagger, serin), intended)
}

/// Ends with SIGINT or SIGTERM.
async fn interrupted() -> Result<()> {
    let mut terminate = signal(SignalKind::terminate())?;
    tokio::select! {
        _ = terminate.recv() => Ok(()),
        pressed = tokio::signal::ctrl_c() => Ok(pressed?),
    }
}
