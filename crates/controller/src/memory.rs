//! What is kept about each Canary between two looks at it. Losing it does no harm.

use std::{collections::HashMap, sync::Mutex, time::Duration};

use tokio::time::Instant;

use crate::{
    key::Key,
    lock::lock,
    options::{BACKOFF_MAX, BACKOFF_MIN},
    stalled::Stall,
};

/// Waits that end sooner are not told of.
const BRIEF: Duration = Duration::from_secs(3);

/// Notes about Canaries.
#[derive(Default)]
pub struct Memory {
    notes: Mutex<HashMap<Key, Notes>>,
}

#[derive(Clone, Debug, Default)]
struct Notes {
    /// Whether it was read afresh since this replica began to act.
    fresh: bool,
    /// Failures in a row.
    failures: u32,
    /// The fault of the last action that failed, while it lasts.
    fault: Option<Stall>,
    /// The last fault that an event told of.
    told: Option<String>,
    /// When it began to wait for something that is not worth telling yet.
    waiting: Option<Instant>,
    /// Names for the metrics of a Canary that is gone.
    labels: Labels,
}

/// What the exported metrics of a Canary are found by.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Labels {
    /// The target's name.
    pub target: String,
    /// Names of its metrics.
    pub metrics: Vec<String>,
}

impl Memory {
    fn with<T>(&self, key: &Key, look: impl FnOnce(&mut Notes) -> T) -> T {
        look(lock(&self.notes).entry(key.clone()).or_default())
    }

    /// Another replica may have acted: every Canary has to be read afresh.
    pub fn begin_term(&self) {
        lock(&self.notes).values_mut().for_each(|notes| notes.fresh = false);
    }

    /// Whether the Canary was read afresh in this term.
    pub fn is_fresh(&self, key: &Key) -> bool {
        self.with(key, |notes| notes.fresh)
    }

    /// It was.
    pub fn set_fresh(&self, key: &Key) {
        self.with(key, |notes| notes.fresh = true);
    }

    /// Counts a failure. Returns how long to wait before the next attempt: 1 s, doubled each time, at most
    /// 60 s, and up to a quarter more so that many Canaries do not come at once.
    pub fn failed(&self, key: &Key) -> Duration {
        let failures = self.with(key, |notes| {
            notes.failures = notes.failures.saturating_add(1);
            notes.failures
        });
        let wait = BACKOFF_MIN.saturating_mul(1 << (failures - 1).min(10)).min(BACKOFF_MAX);
        wait + wait.mul_f64(f64::from(rand::random::<u8>()) / 1024.0)
    }

    /// Failures in a row so far.
    pub fn failures(&self, key: &Key) -> u32 {
        self.with(key, |notes| notes.failures)
    }

    /// Nothing failed.
    pub fn succeeded(&self, key: &Key) {
        self.with(key, |notes| notes.failures = 0);
    }

    /// The fault that lasts.
    pub fn fault(&self, key: &Key) -> Option<Stall> {
        self.with(key, |notes| notes.fault.clone())
    }

    /// Keeps the fault of an action, or forgets it.
    pub fn set_fault(&self, key: &Key, fault: Option<Stall>) {
        self.with(key, |notes| notes.fault = fault);
    }

    /// Whether an event has to tell of this fault: each text once until another one comes.
    pub fn tell(&self, key: &Key, text: &str) -> bool {
        self.with(key, |notes| {
            let new = notes.told.as_deref() != Some(text);
            notes.told = Some(text.to_owned());
            new
        })
    }

    /// The last fault is over: should it come again, an event tells of it.
    pub fn recovered(&self, key: &Key) {
        self.with(key, |notes| notes.told = None);
    }

    /// Whether a wait is too short to tell of it; then until when.
    ///
    /// Pods that start and gateways that take a route pass through several waits within seconds. To write
    /// each of them would cost more requests than the rollout itself.
    pub fn brief_wait(&self, key: &Key) -> Option<Instant> {
        let now = Instant::now();
        let worth = self.with(key, |notes| *notes.waiting.get_or_insert(now)) + BRIEF;
        (now < worth).then_some(worth)
    }

    /// The wait was told of, or is over.
    pub fn waited(&self, key: &Key) {
        self.with(key, |notes| notes.waiting = None);
    }

    /// Keeps the labels of the Canary's metrics. Returns the former ones if they were others.
    pub fn relabel(&self, key: &Key, labels: Labels) -> Option<Labels> {
        self.with(key, |notes| {
            let old = std::mem::replace(&mut notes.labels, labels);
            (old != notes.labels && !old.target.is_empty()).then_some(old)
        })
    }

    /// Forgets a Canary. Returns the labels of its metrics.
    pub fn forget(&self, key: &Key) -> Option<Labels> {
        lock(&self.notes).remove(key).map(|notes| notes.labels)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_wait_doubles_up_to_a_minute_and_starts_over_after_a_success() {
        let (memory, key) = (Memory::default(), Key::new("test", "app"));
        let waits: Vec<u64> = (0..9).map(|_| memory.failed(&key).as_secs()).collect();
        assert!(waits[0] == 1 && waits[1] == 2 && [4, 5].contains(&waits[2]), "{waits:?}");
        assert!(waits.iter().all(|wait| (1..=75).contains(wait)) && waits[8] >= 60, "{waits:?}");
        memory.succeeded(&key);
        assert_eq!(memory.failed(&key).as_secs(), 1);
    }

    #[test]
    fn each_fault_is_told_once() {
        let (memory, key) = (Memory::default(), Key::new("test", "app"));
        assert!(memory.tell(&key, "a"));
        assert!(!memory.tell(&key, "a"));
        assert!(memory.tell(&key, "b"));
        memory.recovered(&key);
        assert!(memory.tell(&key, "b"));
    }

    #[tokio::test(start_paused = true)]
    async fn a_wait_is_told_of_when_it_lasts() {
        let (memory, key) = (Memory::default(), Key::new("test", "app"));
        let worth = memory.brief_wait(&key).unwrap();
        tokio::time::advance(Duration::from_secs(2)).await;
        assert_eq!(memory.brief_wait(&key), Some(worth));
        tokio::time::advance(Duration::from_secs(1)).await;
        assert_eq!(memory.brief_wait(&key), None);
        memory.waited(&key);
        assert!(memory.brief_wait(&key).is_some());
    }

    #[test]
    fn a_new_term_reads_everything_afresh() {
        let (memory, key) = (Memory::default(), Key::new("test", "app"));
        memory.set_fresh(&key);
        assert!(memory.is_fresh(&key));
        memory.begin_term();
        assert!(!memory.is_fresh(&key));
    }
}
