//! Random edits of a release under traffic: what people may do to its objects, drawn from what the API server takes.
//!
//! A sequence is drawn from a seed before it begins, so a seed repeats its draws; how far a rollout is when an edit
//! comes depends on the cluster. What is asserted:
//!
//! 1. no request fails while a side can serve, unless the user declared the cause ([`judge::Cause`]);
//! 2. with the user's manifests applied again, the declared state is reached in time;
//! 3. what is generated then is what was generated for the same manifests at first;
//! 4. what is foreign stays as it is, and the safety invariants hold.

mod dice;
mod edit;
mod fields;
pub mod judge;
mod moment;
mod normal;
mod schema;
mod sequence;
mod shape;

use anyhow::Result;

use crate::Scene;

pub use schema::Field;
pub use sequence::SequenceResult;

/// The fields of a Canary as the schema has them.
///
/// # Errors
/// The definition cannot be read.
pub fn fields() -> Result<Vec<Field>> {
    schema::canary()
}

/// Those of them that are never edited, because no value of theirs means anything on the test's cluster.
pub fn undrawn(fields: &[Field]) -> Vec<&str> {
    fields::undrawn(fields)
}

/// Plays the sequence of a seed with so many edits.
///
/// # Errors
/// The cluster does not answer, or the release is not initialised in time.
pub async fn play(scene: &Scene, seed: u64, edits: u64) -> Result<SequenceResult> {
    sequence::play(scene, &fields()?, seed, edits).await
}
