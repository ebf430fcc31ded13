//! The one binary of Serin.

mod args;
mod crds;
mod flags;
mod ignored;
mod operator;
mod probe;

use std::process::ExitCode;

use args::{Cli, Command};
use clap::Parser;
use serin_controller::telemetry::Encoding;
use tokio_util::sync::CancellationToken;

#[tokio::main]
async fn main() -> ExitCode {
    let cli = Cli::parse_from(flags::normalised(std::env::args_os()));
    match dispatch(cli.command).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            tracing::error!("{error:#}");
            ExitCode::FAILURE
        }
    }
}

async fn dispatch(command: Command) -> anyhow::Result<()> {
    match command {
        Command::Run(args) => operator::run(*args, stop_on_signal()).await,
        Command::Loadtester(config) => {
            let level = tracing::Level::from(config.log_level).to_string().to_lowercase();
            let console = config.zap_encoding == "console";
            let encoding = if console { Encoding::Console } else { Encoding::Json };
            serin_controller::telemetry::init(&level, encoding);
            Ok(serin_loadtester::run(config, stop_on_signal()).await?)
        }
        Command::Probe(args) => {
            serin_controller::telemetry::init("info", Encoding::Console);
            probe::run(&args).await
        }
        Command::Crds => {
            serin_controller::telemetry::init("info", serin_controller::telemetry::Encoding::Console);
            crds::print()
        }
    }
}

/// Cancelled by SIGTERM or SIGINT; a second signal ends the process at once.
fn stop_on_signal() -> CancellationToken {
    let stop = CancellationToken::new();
    let first = stop.clone();
    tokio::spawn(async move {
        signal().await;
        first.cancel();
        signal().await;
        std::process::exit(1);
    });
    stop
}

#[cfg(unix)]
async fn signal() {
    use tokio::signal::unix::{SignalKind, signal};
    let Ok(mut terminate) = signal(SignalKind::terminate()) else { return std::future::pending().await };
    tokio::select! {
        _ = terminate.recv() => {}
        _ = tokio::signal::ctrl_c() => {}
    }
}

#[cfg(not(unix))]
async fn signal() {
    if tokio::signal::ctrl_c().await.is_err() {
        std::future::pending().await
    }
}
