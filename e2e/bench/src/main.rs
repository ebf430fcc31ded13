//! `make bench N=200 VS=flagger`: what many rollouts at once cost, and how late they are, beside
//! Flagger's.
//!
//! It brings up a control plane of its own whose pods KWOK plays, runs the operator as a process of this
//! machine with the rights that `deploy/` gives it, watches it idle, changes every target at once, and prints a
//! table and one line of JSON. Only a rollout that does not succeed makes it fail; figures never do.

mod args;
mod beside;
mod child;
mod cluster;
mod exposition;
mod figures;
mod flows;
mod operator;
mod probe;
mod proc;
mod progress;
mod prometheus;
mod quantiles;
mod requests;
mod run;
mod side;
mod summary;
mod table;
mod timeline;
mod watch;
mod workload;

use std::{
    io::{Write, stdout},
    process::ExitCode,
};

use anyhow::{Result, bail};
use clap::Parser;
use figures::Figures;
use tokio::signal::unix::{SignalKind, signal};

use crate::{
    args::Args,
    cluster::BenchCluster,
    progress::Progress,
    side::Side,
    summary::{Runs, compared, keep},
};

#[tokio::main]
async fn main() -> ExitCode {
    let progress = Progress::start();
    match bench(&Args::parse(), progress).await {
        Ok(runs) if runs.values().all(Figures::all_succeeded) => ExitCode::SUCCESS,
        Ok(_) => ExitCode::FAILURE,
        Err(error) => {
            progress.say(format!("{error:#}"));
            ExitCode::FAILURE
        }
    }
}

/// Measures, prints, and removes the cluster whatever happened.
async fn bench(args: &Args, progress: Progress) -> Result<Runs> {
    let cluster = BenchCluster::new(&args.folder)?;
    let measured = tokio::select! {
        measured = in_turn(args, &cluster, progress) => measured,
        interrupted = interrupted() => interrupted.and_then(|()| bail!("interrupted")),
    };
    progress.say("removing the cluster");
    let removed = cluster.down().await;
    let runs = measured?;
    let json = serde_json::to_string(&runs)?;
    for name in Side::ALL.map(Side::name) {
        if let Some(figures) = runs.get(name) {
            write!(stdout(), "\n{name}: {}\n", table::render(figures))?;
        }
    }
    if let Some(compared) = compared(&runs) {
        write!(stdout(), "\n{compared}\n")?;
    }
    write!(stdout(), "\n{json}\n")?;
    std::fs::write(cluster.file("result.json"), json)?;
    if let Some(file) = &args.figures {
        keep(file, args.canaries, &runs)?;
    }
    removed?;
    Ok(runs)
}

/// One operator after the other, each on a control plane of its own that nobody used before.
async fn in_turn(args: &Args, cluster: &BenchCluster, progress: Progress) -> Result<Runs> {
    let sides = if args.versus.is_some() { Side::ALL.to_vec() } else { vec![Side::Serin] };
    for side in &sides {
        // What has to be built must not be built in between.
        run::program(args, *side).await?;
    }
    let mut runs = Runs::new();
    for side in sides {
        runs.insert(side.name(), run::run(args, side, cluster, progress).await?);
    }
    Ok(runs)
}

/// Ends with SIGINT or SIGTERM.
async fn interrupted() -> Result<()> {
    let mut terminate = signal(SignalKind::terminate())?;
    tokio::select! {
        _ = terminate.recv() => Ok(()),
        pressed = tokio::signal::ctrl_c() => Ok(pressed?),
    }
}
