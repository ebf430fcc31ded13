//! What the environment asks for.

use std::{
    env,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use anyhow::{Context, Result};

/// Edits of a sequence that nobody counted.
const EDITS: u64 = 6;

/// How long sequences begin that nobody counted.
const SPAN: u64 = 600;

/// What is to be played.
pub(crate) struct Options {
    /// The seed of the first sequence.
    pub(crate) seed: u64,
    /// How many sequences.
    pub(crate) sequences: u64,
    /// Edits of each.
    pub(crate) edits: u64,
    /// After this long no sequence begins.
    pub(crate) span: Duration,
}

impl Options {
    /// From `SEED`, `N`, `T` and `SECONDS`. A seed alone is one sequence.
    pub(crate) fn from_env() -> Result<Self> {
        let seed = number("SEED")?;
        let sequences = number("N")?.unwrap_or(if seed.is_some() { 1 } else { u64::MAX });
        let span =
            number("SECONDS")?.unwrap_or(if sequences == u64::MAX { SPAN } else { u64::from(u32::MAX) });
        let edits = number("T")?.unwrap_or(EDITS);
        let clock = SystemTime::now().duration_since(UNIX_EPOCH)?.as_secs();
        Ok(Self { seed: seed.unwrap_or(clock), sequences, edits, span: Duration::from_secs(span) })
    }
}

fn number(name: &str) -> Result<Option<u64>> {
    let Some(text) = env::var(name).ok().filter(|text| !text.is_empty()) else { return Ok(None) };
    text.parse().map(Some).with_context(|| format!("{name}={text} is no number"))
}
