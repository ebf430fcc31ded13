//! Where a state comes to rest once nothing goes wrong any more.

use std::{
    collections::BTreeSet,
    hash::{DefaultHasher, Hash, Hasher},
    sync::{Mutex, PoisonError},
};

use serin_api::Phase;
use serin_sim::Pods;

use crate::{
    cluster::Cluster,
    lifecycle::{Answer, Lifecycle, State},
};

/// More than the longest way takes.
const STEPS: usize = 300;

/// States that are known to come to rest, by their hash: most ways lead over the same ones.
#[derive(Default)]
pub(crate) struct Rests(Mutex<BTreeSet<u64>>);

impl Rests {
    fn know(&self, way: &[u64]) -> bool {
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        way.last().is_some_and(|last| known.contains(last))
    }

    fn learn(&self, way: Vec<u64>) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).extend(way);
    }
}

impl Lifecycle {
    /// From here on without faults, with checks that pass and gates that are open: does it come to rest, with
    /// everything told and all traffic on one side?
    pub(crate) fn comes_to_rest(&self, state: &State) -> bool {
        let mut state = state.clone();
        let mut way = Vec::new();
        for _ in 0..STEPS {
            way.push(hash(&state));
            if self.rests.know(&way) {
                break;
            }
            if !self.go_on(&mut state) {
                if !is_at_rest(&state) {
                    return false;
                }
                break;
            }
        }
        let rests = way.len() < STEPS;
        if rests {
            self.rests.learn(way);
        }
        rests
    }

    /// `false` when nothing is left to do, and time changes nothing.
    fn go_on(&self, state: &mut State) -> bool {
        if !state.pending.is_empty() {
            self.act(state);
            return true;
        }
        if state.outbox.has_untold() {
            Self::tell(state);
            return true;
        }
        let before = (state.cluster.clone(), state.outbox.clone());
        self.decide(state, Answer::Pass);
        let idle = state.pending.is_empty() && before == (state.cluster.clone(), state.outbox.clone());
        !idle || recover(&mut state.cluster)
    }
}

/// Of the past, nothing matters to what comes.
fn hash(state: &State) -> u64 {
    let mut hasher = DefaultHasher::new();
    (&state.cluster, &state.pending, &state.outbox).hash(&mut hasher);
    hasher.finish()
}

fn is_at_rest(state: &State) -> bool {
    let cluster = &state.cluster;
    if cluster.life.deleting {
        return cluster.life.gone;
    }
    let ended = matches!(cluster.phase, Phase::Initialized | Phase::Succeeded | Phase::Failed);
    state.outbox.is_done() && ended && is_settled(cluster)
}

/// Whether the workloads are what the phase says: after a success what the user asks for serves, and nothing else runs.
fn is_settled(cluster: &Cluster) -> bool {
    let (revision, up, _) = cluster.target;
    let promoted = cluster.primary.is_some_and(|(primary, _)| primary == revision);
    !matches!(cluster.phase, Phase::Initialized | Phase::Succeeded) || promoted && !up
}

/// Pods that are starting come up; then time passes. `false` when neither changes anything.
fn recover(cluster: &mut Cluster) -> bool {
    let before = cluster.clone();
    if cluster.target.1 && cluster.target.2 == Pods::Starting {
        cluster.target.2 = Pods::Ready;
    }
    if let Some((_, pods @ Pods::Starting)) = &mut cluster.primary {
        *pods = Pods::Ready;
    }
    if *cluster == before {
        cluster.tick();
    }
    *cluster != before
}
