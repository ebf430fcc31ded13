//! What this replica keeps about each Canary between two reconciles. Losing it does no harm.

mod corrections;
mod deliveries;
mod faults;
mod labels;
mod pods;
mod reads;
mod retries;
mod route_refusal;
mod status;

pub(crate) use corrections::Corrections;
pub(crate) use deliveries::Delivered;
pub(crate) use faults::Faults;
pub(crate) use labels::Labels;
pub(crate) use pods::Listed;
pub(crate) use reads::Reads;
pub(crate) use retries::Retries;
pub(crate) use route_refusal::RouteRefusal;
pub(crate) use status::OwnStatus;

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard},
};

use serin_core::snapshot::Derived;

use crate::{key::Key, lock::lock};

/// What is kept, by Canary.
#[derive(Default)]
pub(crate) struct LocalState {
    canaries: Mutex<HashMap<Key, Arc<CanaryState>>>,
}

/// What is kept about one Canary. Each part has a lock of its own.
#[derive(Default)]
pub(crate) struct CanaryState {
    reads: Mutex<Reads>,
    retries: Mutex<Retries>,
    faults: Mutex<Faults>,
    route_refusal: Mutex<RouteRefusal>,
    pods: Mutex<Option<Listed>>,
    corrections: Mutex<Corrections>,
    status: Mutex<OwnStatus>,
    labels: Mutex<Labels>,
    deliveries: Mutex<Delivered>,
    derived: Arc<Derived>,
}

impl LocalState {
    /// Returns what is kept about a Canary.
    pub(crate) fn of(&self, key: &Key) -> Arc<CanaryState> {
        Arc::clone(lock(&self.canaries).entry(key.clone()).or_default())
    }

    /// Begins a term. Another replica may have acted, so every Canary has to be read afresh.
    pub(crate) fn begin_term(&self) {
        for canary in lock(&self.canaries).values() {
            canary.reads().begin_term();
            canary.status().begin_term();
            canary.deliveries().begin_term();
        }
    }

    /// Returns the Canaries with deliveries, whose status may still list them.
    pub(crate) fn with_deliveries(&self) -> Vec<Key> {
        let canaries = lock(&self.canaries);
        let some = canaries.iter().filter(|(_, canary)| !canary.deliveries().is_empty());
        some.map(|(key, _)| key.clone()).collect()
    }

    /// Forgets a Canary. Returns the labels of its metrics.
    pub(crate) fn forget(&self, key: &Key) -> Option<Labels> {
        let canary = lock(&self.canaries).remove(key)?;
        Some(canary.labels().clone())
    }
}

impl CanaryState {
    /// What was read of it.
    pub(crate) fn reads(&self) -> MutexGuard<'_, Reads> {
        lock(&self.reads)
    }

    /// Its failures in a row.
    pub(crate) fn retries(&self) -> MutexGuard<'_, Retries> {
        lock(&self.retries)
    }

    /// What keeps its actions from being carried out.
    pub(crate) fn faults(&self) -> MutexGuard<'_, Faults> {
        lock(&self.faults)
    }

    /// Why the API server does not take its route.
    pub(crate) fn route_refusal(&self) -> MutexGuard<'_, RouteRefusal> {
        lock(&self.route_refusal)
    }

    /// What the last list of its pods showed; `None` when all workloads were ready since.
    pub(crate) fn pods(&self) -> MutexGuard<'_, Option<Listed>> {
        lock(&self.pods)
    }

    /// The corrections of its objects that may still be made.
    pub(crate) fn corrections(&self) -> MutexGuard<'_, Corrections> {
        lock(&self.corrections)
    }

    /// What is known of the status that this replica wrote.
    pub(crate) fn status(&self) -> MutexGuard<'_, OwnStatus> {
        lock(&self.status)
    }

    /// The labels of its metrics.
    pub(crate) fn labels(&self) -> MutexGuard<'_, Labels> {
        lock(&self.labels)
    }

    /// What was computed from its objects.
    pub(crate) fn derived(&self) -> Arc<Derived> {
        Arc::clone(&self.derived)
    }

    /// What people were told about it.
    pub(crate) fn deliveries(&self) -> MutexGuard<'_, Delivered> {
        lock(&self.deliveries)
    }
}

#[cfg(test)]
mod tests {
    use serin_api::CanaryStatus;

    use super::*;

    #[test]
    fn a_new_term_reads_everything_afresh_and_claims_nothing() {
        let (local, key) = (LocalState::default(), Key::new("test", "app"));
        local.of(&key).reads().set_fresh();
        local.of(&key).status().claim();
        assert!(local.of(&key).reads().is_fresh() && local.of(&key).status().is_ours());
        local.begin_term();
        assert!(!local.of(&key).reads().is_fresh() && !local.of(&key).status().is_ours());
    }

    #[test]
    fn what_ends_after_its_canary_is_gone_is_not_kept() {
        let (local, key) = (LocalState::default(), Key::new("test", "app"));
        let gone = local.of(&key);
        assert!(local.forget(&key).is_some() && local.forget(&key).is_none());
        gone.deliveries().note_alert(None);
        assert!(local.of(&key).deliveries().last_alert().is_none());
        assert_eq!(local.of(&key).status().stored(None::<&CanaryStatus>), None);
    }
}
