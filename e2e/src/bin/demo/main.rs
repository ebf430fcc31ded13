//! `make demo`: a good version is promoted and a bad one is rolled back, on a real cluster, before your eyes.
//!
//! The cluster has to be there (`make cluster-up`); `ONCE=1` leaves out everything that needs a terminal.

mod glimpse;
mod screen;
mod setup;
mod story;

use std::process::ExitCode;

use anyhow::Result;

use crate::{screen::Screen, setup::Demo};

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
    let demo = Demo::set(&mut screen).await?;
    let ending = story::tell(&demo, &mut screen).await?;
    screen.say(&demo.hints());
    screen.say(&ending.to_string());
    Ok(ending.is_happy())
}
