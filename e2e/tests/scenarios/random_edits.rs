//! Random edits of a release under traffic, as `make edits` plays them, from seeds that are always the same.

use anyhow::ensure;
use serin_e2e::{
    edits,
    scene::{TestResult, unwatched},
};

/// Edits in each sequence.
const EDITS: u64 = 4;

fn play(seed: u64) -> TestResult {
    unwatched(&format!("random-edits-{seed}"), async |scene| {
        let outcome = edits::play(scene, seed, EDITS).await?;
        ensure!(outcome.is_good(), "make edits SEED={seed} N=1 T={EDITS}\n{}", outcome.account);
        println!("seed {seed}: {} edits, {} requests", outcome.edits, outcome.requests);
        Ok(())
    })
}

#[test]
fn nothing_is_lost_by_the_edits_of_seed_1() -> TestResult {
    play(1)
}

#[test]
fn nothing_is_lost_by_the_edits_of_seed_2() -> TestResult {
    play(2)
}

#[test]
fn nothing_is_lost_by_the_edits_of_seed_3() -> TestResult {
    play(3)
}

#[test]
fn nothing_is_lost_by_the_edits_of_seed_4() -> TestResult {
    play(4)
}
