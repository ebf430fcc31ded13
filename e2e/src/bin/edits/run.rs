//! Sequences side by side, and what came of all of them.

use std::{collections::BTreeMap, fmt, time::Instant};

use anyhow::{Context, Result};
use futures::{StreamExt, stream};
use serin_e2e::{
    Cluster, Scene,
    edits::{self, SequenceResult, judge::Cause},
    install,
};

use crate::{options::Options, say};

/// Sequences at a time.
const SIDE_BY_SIDE: usize = 4;

/// What came of all sequences.
#[derive(Default)]
pub(crate) struct Total {
    sequences: u64,
    edits: u64,
    refused: u64,
    requests: u64,
    lost: u64,
    excused: BTreeMap<Cause, u64>,
    stuck: u64,
    foreign: u64,
    violations: u64,
    unplayed: u64,
}

impl Total {
    /// Whether nothing was wrong with any.
    pub(crate) fn is_good(&self) -> bool {
        let wrong = [self.lost, self.stuck, self.foreign, self.violations, self.unplayed];
        self.sequences > 0 && wrong.iter().all(|count| *count == 0)
    }

    /// What the last line does not say.
    pub(crate) fn details(&self) -> String {
        let excused: Vec<String> =
            self.excused.iter().map(|(cause, count)| format!("{cause:?} {count}")).collect();
        let (refused, violations, unplayed) = (self.refused, self.violations, self.unplayed);
        format!(
            "refused edits: {refused}; failed requests whose cause the user declared: [{}]; other violations: \
             {violations}; sequences that could not be played: {unplayed}",
            excused.join(", ")
        )
    }

    fn add(&mut self, outcome: &SequenceResult) {
        self.sequences += 1;
        self.edits += outcome.edits;
        self.refused += outcome.refused;
        self.requests += outcome.requests;
        self.lost += outcome.lost;
        for (cause, count) in &outcome.excused {
            *self.excused.entry(*cause).or_default() += count;
        }
        self.stuck += u64::from(outcome.stuck);
        self.foreign += outcome.foreign;
        self.violations += outcome.violations;
    }
}

impl fmt::Display for Total {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { sequences, edits, requests, lost, stuck, foreign, .. } = self;
        write!(
            formatter,
            "edits: {sequences} sequences, {edits} edits, {requests} requests, {lost} lost, {stuck} stuck, {foreign} foreign"
        )
    }
}

/// Plays what is asked for.
pub(crate) async fn all(options: &Options) -> Result<Total> {
    let cluster = Cluster::connect().await?;
    install::once(&cluster).await.context("installing what the sequences share")?;
    let (begin, last) = (Instant::now(), options.seed.saturating_add(options.sequences));
    let seeds = (options.seed..last).take_while(|_| begin.elapsed() < options.span);
    let play = |seed| one(&cluster, seed, options.edits);
    let mut outcomes = stream::iter(seeds).map(play).buffer_unordered(SIDE_BY_SIDE);
    let mut total = Total::default();
    while let Some(outcome) = outcomes.next().await {
        match outcome {
            Some(outcome) => total.add(&outcome),
            None => total.unplayed += 1,
        }
    }
    Ok(total)
}

/// Nothing when it could not be played.
async fn one(cluster: &Cluster, seed: u64, edits: u64) -> Option<SequenceResult> {
    let again = format!("make edits SEED={seed} N=1 T={edits}");
    say(&format!("seed {seed}: {again}"));
    let begin = Instant::now();
    let played = async {
        let scene = Scene::open(cluster.clone(), "edits").await?;
        let outcome = edits::play(&scene, seed, edits).await.with_context(|| scene.namespace.clone())?;
        // What went wrong is left to be looked at.
        if outcome.is_good() {
            scene.close().await?;
        }
        anyhow::Ok((scene.namespace.clone(), outcome))
    };
    match played.await {
        Ok((namespace, outcome)) => {
            let word = if outcome.is_good() { "good" } else { "BAD" };
            let seconds = begin.elapsed().as_secs();
            say(&format!(
                "seed {seed}: {word} after {seconds} s in {namespace}\n{}",
                outcome.account.trim_end()
            ));
            if !outcome.is_good() {
                say(&format!("seed {seed}: again by {again}"));
            }
            Some(outcome)
        }
        Err(error) => {
            say(&format!("seed {seed} could not be played: {error:#}; again by {again}"));
            None
        }
    }
}
