//! What is kept about each Canary between two looks at it. Losing it does no harm.

mod listed;

pub(crate) use listed::Listed;

use std::{
    collections::{BTreeMap, HashMap},
    sync::{Arc, Mutex},
    time::Duration,
};

use chrono::{DateTime, Utc};
use serin_api::{Canary, CanaryStatus};
use serin_core::news::Part;

use tokio::time::Instant;

use crate::{
    key::Key,
    lock::lock,
    options::{BACKOFF_MAX, BACKOFF_MIN},
    stalled::Stall,
    status::Unstored,
};

/// Notes about Canaries.
#[derive(Default)]
pub(crate) struct Memory {
    notes: Mutex<HashMap<Key, Notes>>,
}

#[derive(Clone, Debug, Default)]
struct Notes {
    /// Whether it was read afresh since this replica began to act.
    fresh: bool,
    /// Since when it waits for what is being loaded.
    loading: Option<Instant>,
    /// Failures in a row.
    failures: u32,
    /// The fault of the last action that failed, while it lasts.
    fault: Option<Stall>,
    /// Why the API server does not take the route in its new shape, of which generation of the Canary, and since when.
    refused_route: Option<(Option<i64>, Instant, String)>,
    /// The Canary as it was when its spec was valid last.
    valid: Option<Arc<Canary>>,
    /// What keeps the pods of workloads that are not ready.
    listed: Option<Listed>,
    /// The last fault that an event told of.
    told: Option<String>,
    /// Corrections that may still be made at once.
    corrections: Allowance,
    /// What the API server does not have of the status that was decided last.
    unstored: Option<Box<Unstored>>,
    /// Whether the status in the cluster is ours.
    claim: Claim,
    /// Names for the metrics of a Canary that is gone.
    labels: Labels,
    /// The news of its status that are being told (`false`) or have been (`true`).
    news: BTreeMap<Told, bool>,
    /// How the last alert of this replica fared.
    alerted: Alerted,
    /// Alerts that failed, and no event has told yet.
    unsaid: Vec<String>,
}

/// Most alerts that failed which wait for their events.
const UNSAID: usize = 8;

/// How the last alert about a Canary fared.
#[derive(Clone, Debug, Default)]
pub(crate) enum Alerted {
    /// This replica has sent no alert.
    #[default]
    Unknown,
    /// All receivers took the last alert.
    Delivered,
    /// A receiver did not take the last alert, for this reason.
    Failed(Stall),
}

/// What became of a status that this replica wrote in full.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Claim {
    /// This replica wrote no status in this term.
    #[default]
    None,
    /// The status is ours as far as is known.
    Held,
    /// Another operator took the status, and users were told.
    Lost,
}

/// A part of the news of a Canary.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Told {
    /// The time that names the news.
    pub(crate) at: DateTime<Utc>,
    /// What of it.
    pub(crate) part: Part,
}

/// How often objects of a Canary are corrected: many times in a row, then once in a while. Whoever undoes
/// each correction would otherwise keep both sides and the API server busy.
#[derive(Clone, Copy, Debug)]
struct Allowance {
    left: u32,
    since: Instant,
}

impl Allowance {
    const MOST: u32 = 20;
    const PERIOD: Duration = Duration::from_secs(15);

    fn take(&mut self, now: Instant) -> bool {
        let periods = (now - self.since).as_secs() / Self::PERIOD.as_secs();
        if periods > 0 {
            let earned = u32::try_from(periods).unwrap_or(Self::MOST);
            self.left = self.left.saturating_add(earned).min(Self::MOST);
            self.since = now;
        }
        let granted = self.left > 0;
        self.left = self.left.saturating_sub(1);
        granted
    }
}

impl Default for Allowance {
    fn default() -> Self {
        Self { left: Self::MOST, since: Instant::now() }
    }
}

/// The labels by which the exported metrics of a Canary are found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Labels {
    /// The target's name.
    pub(crate) target: String,
    /// Names of its metrics.
    pub(crate) metrics: Vec<String>,
}

impl Memory {
    fn with<T>(&self, key: &Key, look: impl FnOnce(&mut Notes) -> T) -> T {
        look(lock(&self.notes).entry(key.clone()).or_default())
    }

    /// Begins a term. Another replica may have acted, so every Canary has to be read afresh.
    pub(crate) fn begin_term(&self) {
        for notes in lock(&self.notes).values_mut() {
            notes.fresh = false;
            notes.alerted = Alerted::Unknown;
            notes.claim = Claim::None;
            // Whoever was telling these may have been stopped in the middle.
            notes.news.retain(|_, told| *told);
        }
    }

    /// Notes what the API server does not have of a status. Returns whether something was missing before.
    pub(crate) fn set_unstored(&self, key: &Key, unstored: Option<Box<Unstored>>) -> bool {
        self.with(key, |notes| std::mem::replace(&mut notes.unstored, unstored).is_some())
    }

    /// The status with what the API server does not have of it; `None` when it is complete, or another's.
    pub(crate) fn restored(&self, key: &Key, observed: Option<&CanaryStatus>) -> Option<CanaryStatus> {
        self.with(key, |notes| notes.unstored.as_ref()?.restore(observed))
    }

    /// The status that the API server has in the place of this one.
    pub(crate) fn stored(&self, key: &Key, decided: Option<&CanaryStatus>) -> Option<CanaryStatus> {
        self.with(key, |notes| {
            let unstored = notes.unstored.as_ref().filter(|unstored| Some(unstored.decided()) == decided);
            unstored.map_or_else(|| decided.cloned(), |unstored| unstored.stored().cloned())
        })
    }

    /// Notes that the status in the cluster is ours, unless another operator took it in this term.
    pub(crate) fn claim(&self, key: &Key) {
        self.with(key, |notes| {
            if notes.claim == Claim::None {
                notes.claim = Claim::Held;
            }
        });
    }

    /// Whether the status in the cluster is ours, as far as is known.
    pub(crate) fn claims(&self, key: &Key) -> bool {
        self.with(key, |notes| notes.claim == Claim::Held)
    }

    /// Notes that another operator took the status. Users are told of it once in a term.
    pub(crate) fn lose_claim(&self, key: &Key) {
        self.with(key, |notes| notes.claim = Claim::Lost);
    }

    /// Whether the Canary was read afresh in this term.
    pub(crate) fn is_fresh(&self, key: &Key) -> bool {
        self.with(key, |notes| notes.fresh)
    }

    /// Notes that the Canary was read afresh in this term.
    pub(crate) fn set_fresh(&self, key: &Key) {
        self.with(key, |notes| notes.fresh = true);
    }

    /// Notes whether the Canary waits for something that is being loaded. Returns for how long it
    /// has.
    pub(crate) fn loading(&self, key: &Key, waits: bool) -> Option<Duration> {
        self.with(key, |notes| {
            notes.loading = waits.then(|| notes.loading.unwrap_or_else(Instant::now));
            notes.loading.map(|since| since.elapsed())
        })
    }

    /// Counts a failure. Returns how long to wait before the next attempt: 1 s, doubled each time, at most
    /// 60 s, and up to a quarter more so that many Canaries do not come at once.
    pub(crate) fn failed(&self, key: &Key) -> Duration {
        let failures = self.with(key, |notes| {
            notes.failures = notes.failures.saturating_add(1);
            notes.failures
        });
        let wait = BACKOFF_MIN.saturating_mul(1 << (failures - 1).min(10)).min(BACKOFF_MAX);
        wait + wait.mul_f64(f64::from(rand::random::<u8>()) / 1024.0)
    }

    /// Failures in a row so far.
    pub(crate) fn failures(&self, key: &Key) -> u32 {
        self.with(key, |notes| notes.failures)
    }

    /// Resets the count of failures.
    pub(crate) fn succeeded(&self, key: &Key) {
        self.with(key, |notes| notes.failures = 0);
    }

    /// Returns what the last list of pods showed; `None` when all workloads were ready since.
    pub(crate) fn listed(&self, key: &Key) -> Option<Listed> {
        self.with(key, |notes| notes.listed.clone())
    }

    /// Keeps what a list of pods showed; `None` forgets it.
    pub(crate) fn set_listed(&self, key: &Key, listed: Option<Listed>) {
        self.with(key, |notes| notes.listed = listed);
    }

    /// Keeps this Canary as the last one whose spec is valid.
    pub(crate) fn keep_valid(&self, key: &Key, canary: &Arc<Canary>) {
        self.with(key, |notes| notes.valid = Some(Arc::clone(canary)));
    }

    /// Returns the last valid Canary, if it has this uid.
    pub(crate) fn valid(&self, key: &Key, uid: Option<&str>) -> Option<Arc<Canary>> {
        let valid = self.with(key, |notes| notes.valid.clone())?;
        (valid.metadata.uid.as_deref() == uid).then_some(valid)
    }

    /// Notes why the API server refuses the route that this generation of the Canary asks for.
    pub(crate) fn refuse_route(&self, key: &Key, generation: Option<i64>, why: String) {
        self.with(key, |notes| notes.refused_route = Some((generation, Instant::now(), why)));
    }

    /// Returns why the API server refused the route of this generation. It is forgotten after 60 s,
    /// so that the server is asked again.
    pub(crate) fn refused_route(&self, key: &Key, generation: Option<i64>) -> Option<String> {
        self.with(key, |notes| {
            let (of, at, why) = notes.refused_route.as_ref()?;
            let believed = *of == generation && at.elapsed() < BACKOFF_MAX;
            believed.then(|| why.clone())
        })
    }

    /// Returns the fault that keeps the last action from being carried out.
    pub(crate) fn fault(&self, key: &Key) -> Option<Stall> {
        self.with(key, |notes| notes.fault.clone())
    }

    /// Keeps the fault of an action; `None` forgets it.
    pub(crate) fn set_fault(&self, key: &Key, fault: Option<Stall>) {
        self.with(key, |notes| notes.fault = fault);
    }

    /// Returns whether an event has to tell of this fault. Each text is told once until another one
    /// comes.
    pub(crate) fn tell(&self, key: &Key, text: &str) -> bool {
        self.with(key, |notes| {
            let new = notes.told.as_deref() != Some(text);
            notes.told = Some(text.to_owned());
            new
        })
    }

    /// Notes that the last fault is over, so that an event tells of it should it come again.
    pub(crate) fn recovered(&self, key: &Key) {
        self.with(key, |notes| notes.told = None);
    }

    /// Whether an object may be corrected again.
    pub(crate) fn may_correct(&self, key: &Key) -> bool {
        self.with(key, |notes| notes.corrections.take(Instant::now()))
    }

    /// Keeps the labels of the Canary's metrics. Returns the former ones if they were others.
    pub(crate) fn relabel(&self, key: &Key, labels: Labels) -> Option<Labels> {
        self.with(key, |notes| {
            let old = std::mem::replace(&mut notes.labels, labels);
            (old != notes.labels && !old.target.is_empty()).then_some(old)
        })
    }

    /// Claims the delivery of `told`. Returns `false` if somebody else has claimed it; after
    /// `true`, the caller has to call [`Self::end_telling`].
    pub(crate) fn begin_telling(&self, key: &Key, told: Told) -> bool {
        self.with(key, |notes| {
            let begun = notes.news.contains_key(&told);
            notes.news.entry(told).or_default();
            !begun
        })
    }

    /// Ends a delivery that [`Self::begin_telling`] claimed: `done`, or to be tried again.
    pub(crate) fn end_telling(&self, key: &Key, told: Told, done: bool) {
        if let Some(notes) = lock(&self.notes).get_mut(key) {
            if done {
                notes.news.insert(told, true);
            } else {
                notes.news.remove(&told);
            }
        }
    }

    /// Returns whether `told` was delivered.
    pub(crate) fn is_told(&self, key: &Key, told: Told) -> bool {
        self.with(key, |notes| notes.news.get(&told).copied().unwrap_or_default())
    }

    /// Forgets what the status does not list any more.
    pub(crate) fn keep_told(&self, key: &Key, listed: impl Fn(&Told) -> bool) {
        self.with(key, |notes| notes.news.retain(|told, _| listed(told)));
    }

    /// Notes how the last alert fared: `failure` says why a receiver did not take it.
    pub(crate) fn note_alert(&self, key: &Key, failure: Option<Stall>) {
        if let Some(notes) = lock(&self.notes).get_mut(key) {
            if let Some(failure) = failure.as_ref().filter(|_| notes.unsaid.len() < UNSAID) {
                notes.unsaid.push(failure.message.clone());
            }
            notes.alerted = failure.map_or(Alerted::Delivered, Alerted::Failed);
        }
    }

    /// Returns how the last alert fared.
    pub(crate) fn alerted(&self, key: &Key) -> Alerted {
        self.with(key, |notes| notes.alerted.clone())
    }

    /// Takes the messages of alerts that failed since the last call.
    pub(crate) fn take_unsaid(&self, key: &Key) -> Vec<String> {
        self.with(key, |notes| std::mem::take(&mut notes.unsaid))
    }

    /// Returns the Canaries with deliveries, whose status may still list them.
    pub(crate) fn tellers(&self) -> Vec<Key> {
        let notes = lock(&self.notes);
        notes.iter().filter(|(_, notes)| !notes.news.is_empty()).map(|(key, _)| key.clone()).collect()
    }

    /// Forgets a Canary. Returns the labels of its metrics.
    pub(crate) fn forget(&self, key: &Key) -> Option<Labels> {
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
    async fn corrections_that_are_undone_again_and_again_become_rare() {
        let (memory, key) = (Memory::default(), Key::new("test", "app"));
        let made = (0..100).filter(|_| memory.may_correct(&key)).count();
        assert_eq!(made, 20);
        tokio::time::advance(Duration::from_secs(31)).await;
        assert!(memory.may_correct(&key) && memory.may_correct(&key) && !memory.may_correct(&key));
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
