//! What was seen, and questions about it.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Instant,
};

use kube::{ResourceExt, core::DynamicObject};
use serde_json::Value;
use serin_api::Canary;

use crate::Kind;

/// One version of one object.
#[derive(Clone, Debug)]
pub struct Version {
    /// The resource version. One cluster hands them out from one counter, so they order all objects.
    pub revision: u64,
    /// What it is.
    pub kind: Kind,
    /// Its name.
    pub name: String,
    /// Whether this version is its end.
    pub gone: bool,
    /// All of it.
    pub object: Value,
    /// When the test saw it.
    pub seen: Instant,
}

impl Version {
    /// From what the API server sent; nothing when it has no usable resource version.
    pub fn new(kind: Kind, object: DynamicObject, gone: bool) -> Option<Self> {
        let revision = object.resource_version()?.parse().ok()?;
        let name = object.name_any();
        let object = serde_json::to_value(object).ok()?;
        Some(Self { revision, kind, name, gone, object, seen: Instant::now() })
    }
}

/// An event as a person reads it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EventLine {
    /// `Normal` or `Warning`.
    pub level: String,
    /// Its text.
    pub message: String,
}

/// Versions in the order in which they were seen.
#[derive(Clone, Debug, Default)]
pub struct Versions(Vec<Version>);

impl Versions {
    pub(super) fn add(&mut self, version: Version) {
        self.0.push(version);
    }

    /// Asks the probe after each version that came since the last call, as if they had come one by one; the first
    /// call asks it once, about all there is. What is found ends it. `seen` is where the next call goes on.
    pub(super) fn replay<T>(
        &mut self,
        seen: &mut Option<usize>,
        mut probe: impl FnMut(&Self) -> Option<T>,
    ) -> Option<T> {
        let Some(from) = seen.replace(self.0.len()) else { return probe(self) };
        let mut found = None;
        for version in self.0.split_off(from) {
            self.0.push(version);
            found = found.or_else(|| probe(self));
        }
        found
    }

    /// Whether these objects of a kind are recorded in these revisions or later ones, and those that are not among
    /// them as gone, unless they came after this moment.
    pub(super) fn covers(&self, kind: Kind, known: &BTreeMap<String, u64>, moment: u64) -> bool {
        let newest = |name: &str| self.of(kind, name).map(|version| version.revision).max();
        let recorded = known.iter().all(|(name, revision)| newest(name) >= Some(*revision));
        let mut last = BTreeMap::new();
        last.extend(self.0.iter().filter(|version| version.kind == kind).map(|v| (v.name.as_str(), v)));
        let left = last.values().filter(|version| !version.gone && version.revision <= moment);
        recorded && left.into_iter().all(|version| known.contains_key(&version.name))
    }

    /// How many there are.
    pub fn count(&self) -> usize {
        self.0.len()
    }

    /// Those that were seen after the first so many.
    pub fn after(&self, count: usize) -> &[Version] {
        self.0.get(count..).unwrap_or_default()
    }

    /// All of them, in the order in which they were seen.
    pub fn iter(&self) -> impl Iterator<Item = &Version> {
        self.0.iter()
    }

    /// All of them, in the order in which the cluster made them.
    pub fn in_order(&self) -> Vec<&Version> {
        let mut sorted: Vec<_> = self.0.iter().collect();
        sorted.sort_by_key(|version| version.revision);
        sorted.dedup_by_key(|version| (version.revision, version.kind, version.name.clone()));
        sorted
    }

    /// Every version of one object, oldest first.
    pub fn of<'a>(&'a self, kind: Kind, name: &'a str) -> impl DoubleEndedIterator<Item = &'a Version> {
        self.0.iter().filter(move |version| version.kind == kind && version.name == name)
    }

    /// The object as it is now; nothing when it does not exist.
    pub fn now<'a>(&'a self, kind: Kind, name: &'a str) -> Option<&'a Value> {
        let last = self.of(kind, name).next_back()?;
        (!last.gone).then_some(&last.object)
    }

    /// Whether the object existed once and is deleted.
    pub fn is_gone(&self, kind: Kind, name: &str) -> bool {
        self.of(kind, name).next_back().is_some_and(|version| version.gone)
    }

    /// The Canary as it is now.
    pub fn canary(&self, name: &str) -> Option<Canary> {
        serde_json::from_value(self.now(Kind::CANARY, name)?.clone()).ok()
    }

    /// The objects of a kind as they are now.
    pub fn all_now(&self, kind: Kind) -> impl Iterator<Item = &Value> {
        let newest = move |version: &&Version| {
            let last = self.of(kind, &version.name).next_back();
            version.kind == kind && !version.gone && last.is_some_and(|last| std::ptr::eq(last, *version))
        };
        self.0.iter().filter(newest).map(|version| &version.object)
    }

    /// How many events on a Canary have a text that contains this one.
    pub fn count_events(&self, canary: &str, text: &str) -> usize {
        self.events(canary).iter().filter(|event| event.message.contains(text)).count()
    }

    /// The events on the Canary that has this name now, or had it last, in the order in which they were seen.
    pub fn events(&self, canary: &str) -> Vec<EventLine> {
        let Some(uid) = self.of(Kind::CANARY, canary).next_back().map(|last| &last.object["metadata"]["uid"])
        else {
            return Vec::new();
        };
        let mut seen = BTreeSet::new();
        let told = self.0.iter().filter(|version| {
            let on_canary = &version.object["involvedObject"]["uid"] == uid;
            version.kind == Kind::EVENT && on_canary && seen.insert(&version.name)
        });
        let text =
            |version: &Version, field: &str| version.object[field].as_str().unwrap_or_default().to_owned();
        told.map(|version| EventLine { level: text(version, "type"), message: text(version, "message") })
            .collect()
    }
}

impl FromIterator<Version> for Versions {
    fn from_iter<T: IntoIterator<Item = Version>>(versions: T) -> Self {
        Self(versions.into_iter().collect())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn version(revision: u64, name: &str, gone: bool) -> Version {
        let object = json!({"revision": revision});
        Version { revision, kind: Kind::POD, name: name.to_owned(), gone, object, seen: Instant::now() }
    }

    #[test]
    fn a_state_is_found_that_was_over_before_anybody_looked() {
        let mut versions: Versions = [version(1, "a", false)].into_iter().collect();
        let mut seen = None;
        let probe =
            |versions: &Versions| (versions.now(Kind::POD, "a")?["revision"] == 2).then(|| versions.count());
        assert_eq!(versions.replay(&mut seen, probe), None);
        for revision in [2, 3] {
            versions.add(version(revision, "a", false));
        }
        assert_eq!(versions.replay(&mut seen, probe), Some(2));
        assert_eq!((versions.count(), versions.replay(&mut seen, probe)), (3, None));
    }

    #[test]
    fn a_record_covers_what_it_has_in_the_same_or_a_later_version() {
        let record = |all: &[Version]| all.iter().cloned().collect::<Versions>();
        let known: BTreeMap<String, u64> = [("a".to_owned(), 5)].into();
        let a = version(5, "a", false);
        assert!(record(std::slice::from_ref(&a)).covers(Kind::POD, &known, 9));
        assert!(!record(&[version(4, "a", false)]).covers(Kind::POD, &known, 9), "it is behind");
        assert!(!record(&[]).covers(Kind::POD, &known, 9), "it lacks one");
        assert!(!record(&[a.clone(), version(3, "b", false)]).covers(Kind::POD, &known, 9), "b was deleted");
        assert!(record(&[a.clone(), version(3, "b", false), version(8, "b", true)]).covers(
            Kind::POD,
            &known,
            9
        ));
        assert!(record(&[a, version(10, "b", false)]).covers(Kind::POD, &known, 9), "b came later");
    }
}
