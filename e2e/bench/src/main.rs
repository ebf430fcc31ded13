//! `make bench N=200`: what many rollouts at once cost, and how late they are.
//!
//! It brings up a control plane of its own whose pods KWOK plays, runs the operator as a process of this
//! machine with the rights that `deploy/` gives it, watches it idle, changes every target at once, and prints a
//! table and one line of JSON. Only a rollout that does not succeed makes it fail; figures never do.

mod args;
mod child;
mod exposition;
mod figures;
mod flows;
mod ground;
mod operator;
mod probe;
mod proc;
mod progress;
mod prometheus;
mod quantiles;
mod requests;
mod run;
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
use tokio::signal::unix::{SignalKind, signal};

use crate::{args::Args, figures::Figures, ground::Ground, progress::Progress};

#[tokio::main]
async fn main() -> ExitCode {
    let progress = Progress::start();
    match bench(&Args::parse(), progress).await {
        Ok(figures) if figures.all_succeeded() => ExitCode::SUCCESS,
        Ok(_) => ExitCode::FAILURE,
        Err(error) => {
            progress.say(format!("{error:#}"));
            ExitCode::FAILURE
        }
    }
}

/// Measures, prints, and removes the cluster whatever happened.
async fn bench(args: &Args, progress: Progress) -> Result<Figures> {
    let ground = Ground::new(&args.folder)?;
    let measured = tokio::select! {
        measured = run::run(args, &ground, progress) => measured,
        interrupted = interrupted() => interrupted.and_then(|()| bail!("interrupted")),
    };
    progress.say("removing the cluster");
    let removed = ground.down().await;
    let figures = measured?;
    let json = serde_json::to_string(&figures)?;
    write!(stdout(), "\n{}\n{json}\n", table::render(&figures))?;
    std::fs::write(ground.file("result.json"), json)?;
    removed?;
    Ok(figures)
}

/// Ends with SIGINT or SIGTERM.
async fn interrupted() -> Result<()> {
    let mut terminate = signal(SignalKind::terminate())?;
    tokio::select! {
        _ = terminate.recv() => Ok(()),
        pressed = tokio::signal::ctrl_c() => Ok(pressed?),
    }
}
