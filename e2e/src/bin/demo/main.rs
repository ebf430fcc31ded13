//! `make demo`: a good version is promoted and a bad one is rolled back, on a real cluster, before your eyes.
//!
//! The cluster has to be there (`make cluster-up`); `ONCE=1` leaves out everything that needs a terminal.

mod glimpse;
mod screen;
mod stage;
mod story;

use std::process::ExitCode;

use anyhow::Result;

use crate::{screen::Screen, stage::Stage};

#[tokio::main]
async fn main() -> ExitCode {
    match run().await {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            Screen::open().say(&format!("demo: {error:#}"));
            ExitCode::FAILURE
        }
    }
}

/// Whether the good version was promoted and the bad one rolled back.
async fn run() -> Result<bool> {
    let mut screen = Screen::open();
    let stage = Stage::set(&mut screen).await?;
    let ending = story::tell(&stage, &mut screen).await?;
    screen.say(&stage.hints());
    screen.say(&ending.to_string());
    Ok(ending.is_happy())
}
