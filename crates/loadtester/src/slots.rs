//! Who may run: a bound on all tasks, and no background task twice at once.

use std::{
    collections::BTreeSet,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

/// Places for running tasks.
#[derive(Debug)]
pub(crate) struct Slots {
    limit: usize,
    taken: Mutex<Taken>,
}

#[derive(Debug, Default)]
struct Taken {
    count: usize,
    keys: BTreeSet<String>,
}

/// Why there is no place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NoSlot {
    /// The same task is running.
    Running,
    /// As many tasks as allowed are running.
    Full,
}

/// A place, free again when dropped.
#[derive(Debug)]
pub(crate) struct Slot {
    slots: Arc<Slots>,
    key: Option<String>,
}

impl Slots {
    pub(crate) fn new(limit: usize) -> Arc<Self> {
        Arc::new(Self { limit, taken: Mutex::default() })
    }

    /// Takes a place. Of tasks with the same `key` only one gets in; without a key any number does.
    pub(crate) fn take(self: &Arc<Self>, key: Option<String>) -> Result<Slot, NoSlot> {
        let mut taken = self.taken();
        if key.as_ref().is_some_and(|key| taken.keys.contains(key)) {
            return Err(NoSlot::Running);
        }
        if taken.count >= self.limit {
            return Err(NoSlot::Full);
        }
        taken.count += 1;
        taken.keys.extend(key.clone());
        Ok(Slot { slots: Arc::clone(self), key })
    }

    fn taken(&self) -> MutexGuard<'_, Taken> {
        self.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        let mut taken = self.slots.taken();
        taken.count -= 1;
        if let Some(key) = &self.key {
            taken.keys.remove(key);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_taken_until_its_slot_is_dropped() {
        let slots = Slots::new(9);
        let slot = slots.take(Some("a".to_owned())).unwrap();
        assert_eq!(slots.take(Some("a".to_owned())).unwrap_err(), NoSlot::Running);
        assert!(slots.take(Some("b".to_owned())).is_ok());
        drop(slot);
        assert!(slots.take(Some("a".to_owned())).is_ok());
    }

    #[test]
    fn the_limit_counts_all_tasks() {
        let slots = Slots::new(2);
        let first = slots.take(None).unwrap();
        let _second = slots.take(Some("a".to_owned())).unwrap();
        assert_eq!(slots.take(None).unwrap_err(), NoSlot::Full);
        drop(first);
        assert!(slots.take(None).is_ok());
    }
}
