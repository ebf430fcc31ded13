//! One kind's objects, as watched and as written by us.

use std::{
    collections::{BTreeSet, HashMap, HashSet},
    sync::{Arc, RwLock},
};

use tokio::sync::watch;

use super::{Health, Version};
use crate::{
    key::Key,
    lock::{read, write},
};

/// Which objects a store keeps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Keep {
    /// Every object of the kind.
    All,
    /// Only those that a Canary names; the others cost nothing.
    Wanted,
}

/// Where an object came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Origin {
    /// The watch.
    Watch,
    /// The answer to a read or a write of ours, which may be ahead of the watch.
    Answer,
}

/// What a store knows of an object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Lookup<T> {
    /// The kind cannot be read, and why.
    Unknown(String),
    /// Nobody asked for it before: it has to be fetched once.
    Unresolved,
    /// The object does not exist.
    Absent,
    /// The object, which exists.
    Present(Arc<T>),
}

/// The objects of one kind.
///
/// What we read or write ourselves goes in at once, so that the next decision sees it before the watch
/// does; what the watch delivers later is ignored while it is older.
pub(crate) struct Store<T> {
    keep: Keep,
    inner: RwLock<Inner<T>>,
    /// Whether the first list is complete, or is known not to come.
    started: watch::Sender<bool>,
}

struct Inner<T> {
    health: Health,
    slots: HashMap<Key, Slot<T>>,
    listing: Option<Listing>,
}

struct Slot<T> {
    state: State<T>,
    /// The Canaries to wake when it changes.
    interested: BTreeSet<Key>,
}

enum State<T> {
    Unresolved,
    /// Gone since this version.
    Absent(Version),
    Present(Version, Arc<T>),
}

/// A list in progress; it may be older than answers that arrive meanwhile.
#[derive(Default)]
struct Listing {
    seen: HashSet<Key>,
    /// Answered or wanted since the list began: the list tells nothing of them.
    ahead: HashSet<Key>,
}

impl<T> Store<T> {
    /// An empty store that has not been listed yet.
    pub(crate) fn new(keep: Keep) -> Self {
        let inner = Inner { health: Health::Starting, slots: HashMap::new(), listing: None };
        Self { keep, inner: RwLock::new(inner), started: watch::Sender::default() }
    }

    /// Whether the kind can be read.
    pub(crate) fn health(&self) -> Health {
        read(&self.inner).health.clone()
    }

    /// Waits until the first list is complete, or is known not to come.
    pub(crate) async fn until_started(&self) {
        // The sender lives as long as `self`, so that waiting cannot fail.
        let _ = self.started.subscribe().wait_for(|started| *started).await;
    }

    /// Records that the kind cannot be read. Returns the Canaries to wake.
    pub(crate) fn fail(&self, health: Health) -> Vec<Key> {
        let mut inner = write(&self.inner);
        inner.listing = None;
        if inner.health == health {
            return Vec::new();
        }
        self.started.send_replace(health != Health::Starting);
        inner.health = health;
        inner.all_interested()
    }

    /// Registers that the Canary `by` depends on an object.
    pub(crate) fn want(&self, key: &Key, by: &Key) {
        let inner = &mut *write(&self.inner);
        let known = inner.slots.contains_key(key);
        if let (false, Some(listing)) = (known, &mut inner.listing) {
            listing.ahead.insert(key.clone());
        }
        inner.slot(key).interested.insert(by.clone());
    }

    /// The Canary `by` depends on the object no more.
    pub(crate) fn unwant(&self, key: &Key, by: &Key) {
        let mut inner = write(&self.inner);
        let Some(slot) = inner.slots.get_mut(key) else { return };
        slot.interested.remove(by);
        let idle = slot.interested.is_empty();
        if idle && (self.keep == Keep::Wanted || !matches!(slot.state, State::Present(..))) {
            inner.slots.remove(key);
        }
    }

    /// Whether an object would be kept.
    pub(crate) fn wants(&self, key: &Key) -> bool {
        self.keep == Keep::All || read(&self.inner).slots.contains_key(key)
    }

    /// The Canaries that depend on an object.
    pub(crate) fn interested(&self, key: &Key) -> Vec<Key> {
        read(&self.inner).slots.get(key).map(Slot::woken).unwrap_or_default()
    }

    /// What is known of an object.
    pub(crate) fn get(&self, key: &Key) -> Lookup<T> {
        let inner = read(&self.inner);
        if let Some(why) = inner.health.trouble() {
            return Lookup::Unknown(why);
        }
        match inner.slots.get(key).map(|slot| &slot.state) {
            Some(State::Present(_, value)) => Lookup::Present(Arc::clone(value)),
            Some(State::Absent(_)) => Lookup::Absent,
            None | Some(State::Unresolved) if self.keep == Keep::All => Lookup::Absent,
            Some(State::Unresolved) | None => Lookup::Unresolved,
        }
    }

    /// Every object present.
    pub(crate) fn all(&self) -> Vec<(Key, Arc<T>)> {
        let inner = read(&self.inner);
        let present = inner.slots.iter().filter_map(|(key, slot)| match &slot.state {
            State::Present(_, value) => Some((key.clone(), Arc::clone(value))),
            State::Unresolved | State::Absent(_) => None,
        });
        present.collect()
    }

    /// Takes in an object unless what is known is newer. Returns the Canaries to wake; nobody has to wake
    /// for an answer that only tells more of a version that is known.
    pub(crate) fn offer(&self, key: &Key, version: Version, value: impl Into<T>, origin: Origin) -> Vec<Key> {
        let mut inner = write(&self.inner);
        if self.keep == Keep::Wanted && !inner.slots.contains_key(key) {
            return Vec::new();
        }
        if let (Origin::Answer, Some(listing)) = (origin, &mut inner.listing) {
            listing.ahead.insert(key.clone());
        }
        let slot = inner.slot(key);
        let newer = slot.superseded_by(version);
        if newer || origin == Origin::Answer && slot.has(version) {
            slot.state = State::Present(version, Arc::new(value.into()));
        }
        if newer { slot.woken() } else { Vec::new() }
    }

    /// Records that an object was deleted at `version`. Returns the Canaries to wake.
    pub(crate) fn gone(&self, key: &Key, version: Version) -> Vec<Key> {
        let mut inner = write(&self.inner);
        let Some(slot) = inner.slots.get_mut(key) else { return Vec::new() };
        if !slot.superseded_by(version) {
            return Vec::new();
        }
        slot.state = State::Absent(version);
        slot.woken()
    }

    /// Records that a read found nothing; an object that appeared meanwhile stays.
    pub(crate) fn missing(&self, key: &Key) {
        let mut inner = write(&self.inner);
        if let Some(slot) = inner.slots.get_mut(key)
            && matches!(slot.state, State::Unresolved)
        {
            slot.state = State::Absent(Version::OLDEST);
        }
    }

    /// A list of all objects begins.
    pub(crate) fn list_begins(&self) {
        write(&self.inner).listing = Some(Listing::default());
    }

    /// Takes in a listed object. Returns the Canaries to wake.
    ///
    /// The list is the truth even if its versions went backwards, as after a restored backup.
    pub(crate) fn listed(&self, key: &Key, version: Version, value: impl Into<T>) -> Vec<Key> {
        let mut inner = write(&self.inner);
        if self.keep == Keep::Wanted && !inner.slots.contains_key(key) {
            return Vec::new();
        }
        let ahead = inner.listing.as_mut().is_some_and(|listing| {
            listing.seen.insert(key.clone());
            listing.ahead.contains(key)
        });
        let slot = inner.slot(key);
        if slot.has(version) || ahead && !slot.superseded_by(version) {
            return Vec::new();
        }
        slot.state = State::Present(version, Arc::new(value.into()));
        slot.woken()
    }

    /// The list is complete: what it did not name is gone. Returns the Canaries to wake.
    pub(crate) fn list_ends(&self) -> Vec<Key> {
        let mut inner = write(&self.inner);
        let listing = inner.listing.take().unwrap_or_default();
        let mut woken = Vec::new();
        for (key, slot) in &mut inner.slots {
            if listing.seen.contains(key) {
                continue;
            }
            let unsure = listing.ahead.contains(key);
            let state = if unsure { State::Unresolved } else { State::Absent(Version::OLDEST) };
            if matches!(std::mem::replace(&mut slot.state, state), State::Present(..)) {
                woken.extend(slot.woken());
            }
        }
        if inner.health != Health::Synced {
            inner.health = Health::Synced;
            self.started.send_replace(true);
            woken = inner.all_interested();
        }
        if self.keep == Keep::All {
            inner.slots.retain(|_, slot| !slot.idle());
        }
        woken
    }
}

impl<T> Inner<T> {
    fn slot(&mut self, key: &Key) -> &mut Slot<T> {
        let empty = || Slot { state: State::Unresolved, interested: BTreeSet::new() };
        self.slots.entry(key.clone()).or_insert_with(empty)
    }

    fn all_interested(&self) -> Vec<Key> {
        let all: BTreeSet<_> = self.slots.values().flat_map(Slot::woken).collect();
        all.into_iter().collect()
    }
}

impl<T> Slot<T> {
    fn superseded_by(&self, version: Version) -> bool {
        match &self.state {
            State::Unresolved => true,
            State::Absent(known) | State::Present(known, _) => version.supersedes(*known),
        }
    }

    fn has(&self, version: Version) -> bool {
        matches!(self.state, State::Present(known, _) if known == version)
    }

    /// The Canaries to wake when it changed.
    fn woken(&self) -> Vec<Key> {
        self.interested.iter().cloned().collect()
    }

    /// Whether only the memory of its deletion is left.
    fn idle(&self) -> bool {
        self.interested.is_empty() && !matches!(self.state, State::Present(..))
    }
}

#[cfg(test)]
#[path = "store_tests.rs"]
mod tests;
