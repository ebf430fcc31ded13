//! What each watch fills.

use std::sync::Arc;

use kube::Resource;
use serde_json::Value;
use serin_core::build::managed;

use super::{Caches, CanaryEntry, Config, Credential, Health, Origin, Packed, Store, Version};
use crate::{
    key::Key,
    kind::Kind,
    queue::Queue,
    watch::{EventHandler, Named, Object, Slice},
};

fn version<K: Resource>(object: &K) -> Version {
    Version::parse(object.meta().resource_version.as_deref())
}

/// Takes in Canaries and keeps the links of each.
pub(crate) struct CanaryHandler {
    pub(crate) caches: Arc<Caches>,
    pub(crate) queue: Arc<Queue>,
}

impl CanaryHandler {
    fn prepare(&self, object: &Object) -> (Key, Version, CanaryEntry) {
        let (key, version) = (Key::of(object), version(object));
        let entry = CanaryEntry::decode(&object.value);
        self.queue.wake_all(&self.caches.link(&key, &self.caches.links(&key, &entry.canary)));
        self.caches.canaries.want(&key, &key);
        (key, version, entry)
    }
}

impl EventHandler<Object> for CanaryHandler {
    fn list_begins(&self) {
        self.caches.canaries.list_begins();
    }

    fn listed(&self, object: Object) {
        let (key, version, entry) = self.prepare(&object);
        self.queue.wake_all(&self.caches.canaries.listed(&key, version, entry));
    }

    fn list_ends(&self) {
        self.queue.wake_all(&self.caches.canaries.list_ends());
    }

    fn applied(&self, object: Object) {
        let (key, version, entry) = self.prepare(&object);
        self.queue.wake_all(&self.caches.canaries.offer(&key, version, entry, Origin::Watch));
    }

    fn deleted(&self, object: Object) {
        let key = Key::of(&object);
        self.queue.wake_all(&self.caches.canaries.gone(&key, version(&object)));
    }

    fn failed(&self, health: Health) {
        self.queue.wake_all(&self.caches.canaries.fail(health));
    }
}

/// Takes in whole objects that Canaries name.
pub(crate) struct ObjectHandler {
    pub(crate) kind: Kind,
    pub(crate) caches: Arc<Caches>,
    pub(crate) queue: Arc<Queue>,
}

impl ObjectHandler {
    fn with(&self, change: impl FnOnce(&Store<Packed>) -> Vec<Key>) {
        if let Some(store) = self.caches.objects(self.kind) {
            self.queue.wake_all(&change(store));
        }
    }

    fn take(&self, object: Object, change: impl FnOnce(&Store<Packed>, &Key, Version, Value) -> Vec<Key>) {
        let (key, version) = (Key::of(&object), version(&object));
        self.with(|store| {
            if !store.wants(&key) {
                return Vec::new();
            }
            let mut value = object.value;
            managed::trim(&mut value);
            change(store, &key, version, value)
        });
    }
}

impl EventHandler<Object> for ObjectHandler {
    fn list_begins(&self) {
        self.with(|store| {
            store.list_begins();
            Vec::new()
        });
    }

    fn listed(&self, object: Object) {
        self.take(object, Store::listed);
    }

    fn list_ends(&self) {
        self.with(Store::list_ends);
    }

    fn applied(&self, object: Object) {
        self.take(object, |store, key, version, value| store.offer(key, version, value, Origin::Watch));
    }

    fn deleted(&self, object: Object) {
        self.with(|store| store.gone(&Key::of(&object), version(&object)));
    }

    fn failed(&self, health: Health) {
        self.with(|store| store.fail(health));
    }
}

/// Takes in the versions of ConfigMaps or Secrets.
pub(crate) struct ConfigHandler {
    pub(crate) kind: Kind,
    pub(crate) caches: Arc<Caches>,
    pub(crate) queue: Arc<Queue>,
}

impl ConfigHandler {
    fn with(&self, change: impl FnOnce(&Store<Config>) -> Vec<Key>) {
        if let Some(store) = self.caches.configs(self.kind) {
            self.queue.wake_all(&change(store));
        }
    }

    fn with_credentials(&self, change: impl FnOnce(&Store<Credential>) -> Vec<Key>) {
        if self.kind == Kind::Secret {
            change(&self.caches.credentials);
        }
    }
}

impl<K> EventHandler<Named<K>> for ConfigHandler
where
    K: Resource<DynamicType = ()>,
{
    fn list_begins(&self) {
        self.with(|store| {
            store.list_begins();
            Vec::new()
        });
        self.with_credentials(|store| {
            store.list_begins();
            Vec::new()
        });
    }

    fn listed(&self, object: Named<K>) {
        let (key, version) = (Key::of(&object), version(&object));
        self.with(|store| store.listed(&key, version, Config::Changed));
        self.with_credentials(|store| store.listed(&key, version, Credential::Changed));
    }

    fn list_ends(&self) {
        self.with(Store::list_ends);
        self.with_credentials(Store::list_ends);
    }

    fn applied(&self, object: Named<K>) {
        let (key, version) = (Key::of(&object), version(&object));
        self.with(|store| store.offer(&key, version, Config::Changed, Origin::Watch));
        self.with_credentials(|store| store.offer(&key, version, Credential::Changed, Origin::Watch));
    }

    fn deleted(&self, object: Named<K>) {
        let (key, version) = (Key::of(&object), version(&object));
        self.with(|store| store.gone(&key, version));
        self.with_credentials(|store| store.gone(&key, version));
    }

    fn failed(&self, health: Health) {
        self.with(|store| store.fail(health.clone()));
        self.with_credentials(|store| store.fail(health));
    }
}

/// Takes in EndpointSlices.
pub(crate) struct EndpointHandler {
    pub(crate) caches: Arc<Caches>,
    pub(crate) queue: Arc<Queue>,
}

impl EventHandler<Slice> for EndpointHandler {
    fn list_begins(&self) {
        self.caches.endpoints.list_begins();
    }

    fn listed(&self, slice: Slice) {
        self.caches.endpoints.listed(&slice);
    }

    fn list_ends(&self) {
        self.queue.wake_all(&self.caches.endpoints.list_ends());
    }

    fn applied(&self, slice: Slice) {
        self.queue.wake_all(&self.caches.endpoints.applied(&slice));
    }

    fn deleted(&self, slice: Slice) {
        self.queue.wake_all(&self.caches.endpoints.deleted(&slice));
    }

    fn failed(&self, health: Health) {
        self.queue.wake_all(&self.caches.endpoints.fail(health));
    }
}
