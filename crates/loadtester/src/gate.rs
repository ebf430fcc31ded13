//! Gates that people open and close, and that webhooks ask about. They live in memory and are closed at first.

use std::{
    collections::BTreeSet,
    sync::{Mutex, MutexGuard, PoisonError},
};

/// The open gates, by name.
#[derive(Debug, Default)]
pub(crate) struct Gates(Mutex<BTreeSet<String>>);

impl Gates {
    pub(crate) fn open(&self, gate: String) {
        self.names().insert(gate);
    }

    pub(crate) fn close(&self, gate: &str) {
        self.names().remove(gate);
    }

    pub(crate) fn is_open(&self, gate: &str) -> bool {
        self.names().contains(gate)
    }

    fn names(&self) -> MutexGuard<'_, BTreeSet<String>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
