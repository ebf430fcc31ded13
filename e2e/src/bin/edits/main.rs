//! `make edits`: random edits of releases under traffic, on the local cluster.
//!
//! `SEED` is that of the first sequence; the next has the next one. `N` is how many sequences are played, `T` how many
//! edits each has, and `SECONDS` after how long none begins any more.

mod options;
mod run;

use std::{
    io::{Write, stdout},
    process::ExitCode,
};

use anyhow::Result;
use serin_e2e::edits;

use crate::options::Options;

#[tokio::main]
async fn main() -> ExitCode {
    let outcome = match std::env::args().nth(1).as_deref() {
        Some("--list-fields") => list().map(|()| true),
        _ => played().await,
    };
    match outcome {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            say(&format!("edits: {error:#}"));
            ExitCode::FAILURE
        }
    }
}

async fn played() -> Result<bool> {
    let options = Options::from_env()?;
    let total = run::all(&options).await?;
    list()?;
    say(&total.details());
    say(&total.to_string());
    Ok(total.is_good())
}

/// Tells which fields are never edited.
fn list() -> Result<()> {
    let fields = edits::fields()?;
    let undrawn = edits::undrawn(&fields);
    let drawn = fields.len() - undrawn.len();
    say(&format!(
        "fields of the Canary: {drawn} are edited, {} are not: {}",
        undrawn.len(),
        undrawn.join(", ")
    ));
    Ok(())
}

fn say(line: &str) {
    // Nobody is left to read it.
    writeln!(stdout(), "{line}").ok();
}
