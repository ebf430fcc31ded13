//! What is kept of the EndpointSlices of each Service: counts.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    sync::RwLock,
};

use kube::ResourceExt;
use serin_core::snapshot::SliceTally;
use tokio::sync::watch;

use super::Health;
use crate::{
    key::Key,
    lock::{read, write},
    watch::Slice,
};

/// Names the Service that a slice belongs to.
pub(crate) const SERVICE_LABEL: &str = "kubernetes.io/service-name";

/// What is known of a Service's endpoints.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Count {
    /// EndpointSlices cannot be read, for this reason.
    Unknown(String),
    /// The operator may not read EndpointSlices; the status of the workload is used instead.
    Spared,
    /// Nobody asked for them before: they have to be listed once.
    Unresolved,
    /// The endpoints, by slice.
    Known(Vec<SliceTally>),
}

/// The endpoints of the Services that Canaries name.
pub(crate) struct Endpoints {
    inner: RwLock<Inner>,
    /// Whether the first list is complete, or is known not to come.
    started: watch::Sender<bool>,
}

struct Inner {
    health: Health,
    services: HashMap<Key, Service>,
}

#[derive(Default)]
struct Service {
    resolved: bool,
    /// By slice.
    slices: BTreeMap<String, SliceTally>,
    /// What a list in progress has named.
    listed: Option<BTreeMap<String, SliceTally>>,
    interested: BTreeSet<Key>,
}

impl Endpoints {
    /// Returns a cache that knows nothing yet.
    pub(crate) fn new() -> Self {
        Self {
            inner: RwLock::new(Inner { health: Health::Starting, services: HashMap::new() }),
            started: watch::Sender::default(),
        }
    }

    /// Whether EndpointSlices can be read.
    pub(crate) fn health(&self) -> Health {
        read(&self.inner).health.clone()
    }

    /// Waits until the first list is complete, or is known not to come.
    pub(crate) async fn until_started(&self) {
        // The sender lives as long as `self`, so that waiting cannot fail.
        let _ = self.started.subscribe().wait_for(|started| *started).await;
    }

    /// Records that they cannot be read. Returns the Canaries to wake.
    pub(crate) fn fail(&self, health: Health) -> Vec<Key> {
        let mut inner = write(&self.inner);
        let changed = inner.health != health;
        self.started.send_replace(health != Health::Starting);
        inner.health = health;
        if changed { inner.all_interested() } else { Vec::new() }
    }

    /// Registers that the Canary `by` depends on a Service's endpoints.
    pub(crate) fn want(&self, service: &Key, by: &Key) {
        write(&self.inner).services.entry(service.clone()).or_default().interested.insert(by.clone());
    }

    /// The Canary `by` depends on them no more.
    pub(crate) fn unwant(&self, service: &Key, by: &Key) {
        let mut inner = write(&self.inner);
        let Some(entry) = inner.services.get_mut(service) else { return };
        entry.interested.remove(by);
        if entry.interested.is_empty() {
            inner.services.remove(service);
        }
    }

    /// How many endpoints a Service has.
    pub(crate) fn count(&self, service: &Key) -> Count {
        let inner = read(&self.inner);
        if matches!(inner.health, Health::Spared(_)) {
            return Count::Spared;
        }
        if let Some(why) = inner.health.trouble() {
            return Count::Unknown(why);
        }
        match inner.services.get(service) {
            Some(entry) if entry.resolved => Count::Known(entry.tallies()),
            _ => Count::Unresolved,
        }
    }

    /// Notes that a list of all slices begins.
    pub(crate) fn list_begins(&self) {
        for service in write(&self.inner).services.values_mut() {
            service.listed = Some(BTreeMap::new());
        }
    }

    /// Takes in a listed slice.
    pub(crate) fn listed(&self, slice: &Slice) {
        let mut inner = write(&self.inner);
        let service = service_of(slice).and_then(|key| inner.services.get_mut(&key));
        if let Some(listed) = service.and_then(|service| service.listed.as_mut()) {
            listed.insert(slice.name_any(), slice.tally());
        }
    }

    /// The list is complete. Returns the Canaries to wake.
    pub(crate) fn list_ends(&self) -> Vec<Key> {
        let mut inner = write(&self.inner);
        let mut woken = Vec::new();
        for service in inner.services.values_mut() {
            let Some(listed) = service.listed.take() else { continue };
            woken.extend(service.replace(listed));
        }
        if inner.health != Health::Synced {
            inner.health = Health::Synced;
            self.started.send_replace(true);
            woken = inner.all_interested();
        }
        woken
    }

    /// Takes in the slices of one Service, as read.
    pub(crate) fn resolve(&self, service: &Key, slices: &[Slice]) {
        let mut inner = write(&self.inner);
        let Some(entry) = inner.services.get_mut(service) else { return };
        if !entry.resolved {
            let mut read: BTreeMap<_, _> = slices.iter().map(|s| (s.name_any(), s.tally())).collect();
            // Events since the service was wanted are newer than the read, or the same.
            read.append(&mut entry.slices);
            entry.replace(read);
        }
    }

    /// Takes in a changed slice. Returns the Canaries to wake.
    pub(crate) fn applied(&self, slice: &Slice) -> Vec<Key> {
        self.change(slice, &slice.tally())
    }

    /// Removes a deleted slice. Returns the Canaries to wake.
    pub(crate) fn deleted(&self, slice: &Slice) -> Vec<Key> {
        self.change(slice, &SliceTally::default())
    }

    /// Only different counts are worth a decision.
    fn change(&self, slice: &Slice, tally: &SliceTally) -> Vec<Key> {
        let mut inner = write(&self.inner);
        let service = service_of(slice).and_then(|key| inner.services.get_mut(&key));
        let Some(service) = service else { return Vec::new() };
        let before = service.slices.insert(slice.name_any(), tally.clone());
        if before.unwrap_or_default() == *tally { Vec::new() } else { service.woken() }
    }
}

impl Default for Endpoints {
    fn default() -> Self {
        Self::new()
    }
}

impl Inner {
    fn all_interested(&self) -> Vec<Key> {
        let all: BTreeSet<_> = self.services.values().flat_map(Service::woken).collect();
        all.into_iter().collect()
    }
}

impl Service {
    fn tallies(&self) -> Vec<SliceTally> {
        let some = |tally: &&SliceTally| **tally != SliceTally::default();
        self.slices.values().filter(some).cloned().collect()
    }

    /// Deleted slices are forgotten here; between lists they stay as zeros, of which there are few.
    fn replace(&mut self, slices: BTreeMap<String, SliceTally>) -> Vec<Key> {
        self.resolved = true;
        let changed = self.slices != slices;
        self.slices = slices;
        if changed { self.woken() } else { Vec::new() }
    }

    fn woken(&self) -> Vec<Key> {
        self.interested.iter().cloned().collect()
    }
}

fn service_of(slice: &Slice) -> Option<Key> {
    let service = slice.labels().get(SERVICE_LABEL)?;
    Some(Key::new(slice.namespace().unwrap_or_default(), service.as_str()))
}

#[cfg(test)]
mod tests {
    use k8s_openapi::api::discovery::v1::{Endpoint, EndpointConditions, EndpointPort, EndpointSlice};
    use serde_json::json;

    use super::*;

    fn slice(name: &str, ready: &[Option<bool>]) -> Slice {
        let mut slice = EndpointSlice::default();
        slice.metadata.name = Some(name.to_owned());
        slice.metadata.namespace = Some("test".to_owned());
        slice.labels_mut().insert(SERVICE_LABEL.to_owned(), "app-canary".to_owned());
        let endpoint = |ready: &Option<bool>| Endpoint {
            addresses: vec!["10.0.0.1".to_owned()],
            conditions: Some(EndpointConditions { ready: *ready, ..EndpointConditions::default() }),
            ..Endpoint::default()
        };
        slice.endpoints = ready.iter().map(endpoint).collect();
        slice.ports = Some(vec![EndpointPort { port: Some(80), ..EndpointPort::default() }]);
        serde_json::from_value(serde_json::to_value(slice).unwrap()).unwrap()
    }

    /// Ready endpoints and those that leave, over all slices with a port.
    fn counts(endpoints: &Endpoints, service: &Key) -> (u32, u32) {
        let Count::Known(slices) = endpoints.count(service) else { panic!("not known") };
        let with_port = slices.iter().filter(|slice| slice.ports.contains(""));
        let ready = with_port.flat_map(|slice| slice.ready.values()).sum();
        (ready, slices.iter().map(|slice| slice.leaving).sum())
    }

    fn ready(endpoints: &Endpoints) -> u32 {
        counts(endpoints, &service()).0
    }

    fn service() -> Key {
        Key::new("test", "app-canary")
    }

    fn canary() -> Key {
        Key::new("test", "app")
    }

    fn synced() -> Endpoints {
        let endpoints = Endpoints::new();
        endpoints.want(&service(), &canary());
        endpoints.list_begins();
        endpoints.listed(&slice("a", &[Some(true), Some(false), None]));
        endpoints.list_ends();
        endpoints
    }

    #[test]
    fn ready_endpoints_are_summed_over_slices() {
        let endpoints = synced();
        assert_eq!(ready(&endpoints), 2);
        assert_eq!(endpoints.applied(&slice("b", &[Some(true)])), [canary()]);
        assert_eq!(ready(&endpoints), 3);
        assert_eq!(endpoints.deleted(&slice("a", &[])), [canary()]);
        assert_eq!(ready(&endpoints), 1);
    }

    #[test]
    fn pods_that_are_being_deleted_are_counted_apart_until_they_are_gone() {
        let endpoints = synced();
        let endpoint =
            json!({"addresses": ["10.0.0.1"], "conditions": {"ready": false, "terminating": true}});
        let metadata = json!({"name": "b", "namespace": "test", "labels": {SERVICE_LABEL: "app-canary"}});
        let leaves = json!({"metadata": metadata, "endpoints": [endpoint]});
        let leaves: Slice = serde_json::from_value(leaves).unwrap();
        assert_eq!(endpoints.applied(&leaves), [canary()]);
        assert_eq!(counts(&endpoints, &service()), (2, 1));
        assert_eq!(endpoints.applied(&slice("b", &[])), [canary()]);
        assert_eq!(ready(&endpoints), 2);
    }

    #[test]
    fn a_change_that_leaves_the_sum_wakes_nobody() {
        let endpoints = synced();
        assert!(endpoints.applied(&slice("a", &[None, None])).is_empty());
    }

    #[test]
    fn a_new_list_forgets_slices_that_are_gone() {
        let endpoints = synced();
        endpoints.list_begins();
        assert_eq!(endpoints.list_ends(), [canary()]);
        assert_eq!(ready(&endpoints), 0);
    }

    #[test]
    fn services_that_are_wanted_late_have_to_be_resolved() {
        let endpoints = synced();
        let late = Key::new("test", "other-canary");
        endpoints.want(&late, &canary());
        assert_eq!(endpoints.count(&late), Count::Unresolved);
        endpoints.resolve(&late, &[]);
        assert_eq!(counts(&endpoints, &late), (0, 0));
    }

    #[test]
    fn without_a_right_to_them_nothing_is_counted_until_there_is_one() {
        let endpoints = synced();
        assert_eq!(endpoints.fail(Health::Spared("no right".to_owned())), [canary()]);
        assert_eq!(endpoints.count(&service()), Count::Spared);
        endpoints.list_begins();
        endpoints.listed(&slice("a", &[Some(true)]));
        assert_eq!(endpoints.list_ends(), [canary()]);
        assert_eq!(ready(&endpoints), 1);
    }

    #[test]
    fn events_that_overtake_the_read_are_kept() {
        let endpoints = synced();
        endpoints.unwant(&service(), &canary());
        endpoints.want(&service(), &canary());
        endpoints.applied(&slice("a", &[None, None]));
        endpoints.deleted(&slice("b", &[None]));
        endpoints.resolve(&service(), &[slice("a", &[]), slice("b", &[None]), slice("c", &[None])]);
        assert_eq!(ready(&endpoints), 3);
    }
}
