//! `kubectl serin`: commands to rollouts from the command line.
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a command that people read")]

mod args;
mod cluster;
mod message;

use std::process::ExitCode;

use args::{Cli, Command, Target};
use clap::{CommandFactory, Parser};
use cluster::{Cluster, ClusterError};
use message::{Message, line};
use serin_core::command::Verb;

/// The operator did not answer in time.
const NO_ANSWER: u8 = 2;

#[tokio::main]
async fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            // The code 2 of clap means something else here.
            let failed = error.use_stderr();
            drop(error.print());
            return if failed { ExitCode::FAILURE } else { ExitCode::SUCCESS };
        }
    };
    match run(&cli).await {
        Ok(code) => code,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn run(cli: &Cli) -> Result<ExitCode, ClusterError> {
    if let Some((verb, target)) = cli.command.verb() {
        return give(&Cluster::connect(&cli.connection).await?, verb, target).await;
    }
    match &cli.command {
        Command::Completion { shell } => {
            clap_complete::generate(*shell, &mut Cli::command(), "kubectl-serin", &mut std::io::stdout());
        }
        _ => println!("kubectl-serin {}", env!("CARGO_PKG_VERSION")),
    }
    Ok(ExitCode::SUCCESS)
}

/// Gives a command and prints what came of it.
async fn give(cluster: &Cluster, verb: Verb, target: &Target) -> Result<ExitCode, ClusterError> {
    let name = target.name.as_str();
    let canary = cluster.canary(name).await?;
    let revision = match &target.revision {
        Some(revision) => revision.clone(),
        None => cluster.revision(&canary).await?,
    };
    let id = uuid::Builder::from_random_bytes(rand::random()).into_uuid().to_string();
    let (reason, by) = (target.reason.clone(), cluster.user().await);
    let message = Message { id, verb, revision, reason, by };
    cluster.give(&canary, &message).await?;
    if !target.wait {
        println!("canary/{name} {} written for revision {}", verb.name(), message.revision);
        return Ok(ExitCode::SUCCESS);
    }
    let answered = cluster.answered(name, &message).await?;
    let Some(record) = answered.as_ref().and_then(|canary| message.answer(canary)) else {
        eprintln!("canary/{name} {} written, and not answered in 10 s: does the operator run?", verb.name());
        return Ok(ExitCode::from(NO_ANSWER));
    };
    let (said, refused) = line(name, verb, record);
    println!("{said}");
    Ok(if refused { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}
