//! What Serin remembers of the cluster: only what the Canaries name, pruned to what is read.

mod canaries;
mod endpoints;
mod event_handlers;
mod links;
mod packed;
mod store;
mod version;

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    sync::Mutex,
};

use serin_api::Canary;
use serin_core::{
    router::{self, ObjectKind},
    snapshot::TrackedConfig,
    validate::Settings,
};
use serin_providers::Credentials;
use tokio::sync::watch;

pub(crate) use crate::health::Health;
pub(crate) use canaries::CanaryEntry;
pub(crate) use endpoints::{Count, Endpoints, SERVICE_LABEL};
pub(crate) use event_handlers::{CanaryHandler, ConfigHandler, EndpointHandler, ObjectHandler};
use links::links;
pub(crate) use links::{Link, target_kind};
pub(crate) use packed::Packed;
pub(crate) use store::{Keep, Lookup, Origin, Store};
pub(crate) use version::Version;

use crate::{key::Key, kind::Kind, lock::lock};

/// The kinds of which whole objects are kept, but for those of the routers.
const OBJECT_KINDS: [Kind; 6] = [
    Kind::MetricTemplate,
    Kind::Deployment,
    Kind::DaemonSet,
    Kind::Service,
    Kind::Autoscaler,
    Kind::ScaledObject,
];

/// The kinds of which whole objects are kept.
pub(crate) fn object_kinds() -> impl Iterator<Item = Kind> {
    OBJECT_KINDS.into_iter().chain(router::kinds().into_iter().map(Kind::Routed))
}

/// Everything that is watched.
pub(crate) struct Caches {
    /// The Canaries.
    pub(crate) canaries: Store<CanaryEntry>,
    /// Ready endpoints by Service.
    pub(crate) endpoints: Endpoints,
    /// ConfigMaps: their checksums.
    config_maps: Store<Config>,
    /// Secrets: their checksums.
    secrets: Store<Config>,
    /// Secrets of metric templates: their data.
    pub(crate) credentials: Store<Credential>,
    templates: Store<Packed>,
    deployments: Store<Packed>,
    daemon_sets: Store<Packed>,
    services: Store<Packed>,
    /// By kind of the routers' objects.
    routed: BTreeMap<&'static ObjectKind, Store<Packed>>,
    autoscalers: Store<Packed>,
    scaled_objects: Store<Packed>,
    links: Mutex<HashMap<Key, Links>>,
    /// The kinds of which a Canary ever named an object.
    wanted: watch::Sender<BTreeSet<Kind>>,
    /// `-mesh-provider`: what Canaries without a provider depend on.
    mesh_provider: String,
}

/// What is kept of a ConfigMap or Secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Config {
    /// The object changed; its content is not read yet.
    Changed,
    /// What matters of it.
    Known(TrackedConfig),
}

/// What is kept of a metric template's Secret. Its `Debug` text names the keys only.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Credential {
    /// The Secret changed; its content is not read yet.
    Changed,
    /// Its data.
    Known(Credentials),
}

#[derive(Default)]
struct Links {
    /// From the Canary's own fields.
    named: BTreeSet<Link>,
    /// From the target's pod template.
    configs: BTreeSet<Link>,
    /// The Secrets of its metric templates.
    credentials: BTreeSet<Key>,
}

impl Caches {
    /// Empty caches of an operator with this `-mesh-provider`.
    pub(crate) fn new(mesh_provider: &str) -> Self {
        Self {
            canaries: Store::new(Keep::All),
            endpoints: Endpoints::new(),
            config_maps: Store::new(Keep::Wanted),
            secrets: Store::new(Keep::Wanted),
            credentials: Store::new(Keep::Wanted),
            templates: Store::new(Keep::Wanted),
            deployments: Store::new(Keep::Wanted),
            daemon_sets: Store::new(Keep::Wanted),
            services: Store::new(Keep::Wanted),
            routed: router::kinds().into_iter().map(|kind| (kind, Store::new(Keep::Wanted))).collect(),
            autoscalers: Store::new(Keep::Wanted),
            scaled_objects: Store::new(Keep::Wanted),
            links: Mutex::default(),
            wanted: watch::Sender::default(),
            mesh_provider: mesh_provider.to_owned(),
        }
    }

    /// The store of a kind whose whole objects are kept.
    pub(crate) fn objects(&self, kind: Kind) -> Option<&Store<Packed>> {
        match kind {
            Kind::MetricTemplate => Some(&self.templates),
            Kind::Deployment => Some(&self.deployments),
            Kind::DaemonSet => Some(&self.daemon_sets),
            Kind::Service => Some(&self.services),
            Kind::Routed(kind) => self.routed.get(kind),
            Kind::Autoscaler => Some(&self.autoscalers),
            Kind::ScaledObject => Some(&self.scaled_objects),
            Kind::Canary | Kind::AlertProvider | Kind::EndpointSlice | Kind::ConfigMap | Kind::Secret => None,
        }
    }

    /// The store of ConfigMaps or Secrets.
    pub(crate) fn configs(&self, kind: Kind) -> Option<&Store<Config>> {
        match kind {
            Kind::ConfigMap => Some(&self.config_maps),
            Kind::Secret => Some(&self.secrets),
            _ => None,
        }
    }

    /// Waits until a Canary names an object of the kind: before that, nobody needs to watch it.
    pub(crate) async fn until_wanted(&self, kind: Kind) {
        // The sender lives as long as `self`, so that waiting cannot fail.
        let _ = self.wanted.subscribe().wait_for(|kinds| kinds.contains(&kind)).await;
    }

    /// Waits until the first list of the kind is complete, or is known not to come.
    pub(crate) async fn until_started(&self, kind: Kind) {
        match kind {
            Kind::Canary => self.canaries.until_started().await,
            Kind::EndpointSlice => self.endpoints.until_started().await,
            _ => match (self.objects(kind), self.configs(kind)) {
                (Some(store), _) => store.until_started().await,
                (None, Some(store)) => store.until_started().await,
                (None, None) => {}
            },
        }
    }

    /// The state of the watch of each kind that is watched.
    pub(crate) fn health(&self) -> Vec<(Kind, Health)> {
        let wanted = self.wanted.borrow().clone();
        let objects = object_kinds().filter(|kind| wanted.contains(kind));
        let objects = objects.filter_map(|kind| Some((kind, self.objects(kind)?.health())));
        let mut all = vec![
            (Kind::Canary, self.canaries.health()),
            (Kind::EndpointSlice, self.endpoints.health()),
            (Kind::ConfigMap, self.config_maps.health()),
            (Kind::Secret, self.secrets.health()),
        ];
        all.extend(objects);
        all
    }

    /// The objects that follow from the Canary's own fields, whether or not it is valid.
    pub(crate) fn links(&self, key: &Key, canary: &Canary) -> BTreeSet<Link> {
        links(key, canary, &self.mesh_provider)
    }

    /// The object that splits the Canary's traffic, if its provider has one.
    pub(crate) fn split(&self, key: &Key, canary: &Canary) -> Option<Link> {
        links::split(key, canary, &self.mesh_provider)
    }

    /// Makes `canary` depend on the objects that it names. Returns other Canaries that have to look again
    /// because they share an object which this one let go.
    pub(crate) fn link(&self, canary: &Key, named: &BTreeSet<Link>) -> Vec<Key> {
        let mut links = lock(&self.links);
        let old = std::mem::replace(&mut links.entry(canary.clone()).or_default().named, named.clone());
        drop(links);
        self.change(canary, &old, named)
    }

    /// Makes `canary` depend on the configs of its target.
    pub(crate) fn link_configs(&self, canary: &Key, configs: &BTreeSet<Link>) {
        let mut links = lock(&self.links);
        let Some(entry) = links.get_mut(canary) else { return };
        if entry.configs == *configs {
            return;
        }
        let old = std::mem::replace(&mut entry.configs, configs.clone());
        drop(links);
        self.change(canary, &old, configs);
    }

    /// Keeps the Secrets of the Canary's metric templates from here on, and lets others go. Unlike other objects, they
    /// wake nobody: a check uses what they hold when it is due.
    pub(crate) fn link_credentials(&self, canary: &Key, secrets: &BTreeSet<Key>) {
        let mut links = lock(&self.links);
        let Some(entry) = links.get_mut(canary) else { return };
        let old = std::mem::replace(&mut entry.credentials, secrets.clone());
        drop(links);
        secrets.difference(&old).for_each(|key| self.credentials.want(key, canary));
        old.difference(secrets).for_each(|key| self.credentials.unwant(key, canary));
    }

    /// Forgets a deleted Canary. Returns other Canaries that have to look again.
    pub(crate) fn unlink(&self, canary: &Key) -> Vec<Key> {
        let Some(old) = lock(&self.links).remove(canary) else { return Vec::new() };
        self.change(canary, &old.configs, &BTreeSet::new());
        old.credentials.iter().for_each(|key| self.credentials.unwant(key, canary));
        self.change(canary, &old.named, &BTreeSet::new())
    }

    fn change(&self, canary: &Key, old: &BTreeSet<Link>, new: &BTreeSet<Link>) -> Vec<Key> {
        new.difference(old).for_each(|link| self.want(link, canary));
        let let_go: Vec<_> = old.difference(new).collect();
        for link in &let_go {
            self.unwant(link, canary);
        }
        let targets = [Kind::Deployment, Kind::DaemonSet, Kind::Service];
        let targets = let_go.iter().filter(|link| targets.contains(&link.kind));
        let stores = targets.filter_map(|link| Some((self.objects(link.kind)?, link)));
        stores.flat_map(|(store, link)| store.interested(&link.key)).collect()
    }

    fn want(&self, link: &Link, canary: &Key) {
        self.wanted.send_if_modified(|kinds| kinds.insert(link.kind));
        if let Some(store) = self.objects(link.kind) {
            store.want(&link.key, canary);
        } else if let Some(store) = self.configs(link.kind) {
            store.want(&link.key, canary);
        } else {
            self.endpoints.want(&link.key, canary);
        }
    }

    fn unwant(&self, link: &Link, canary: &Key) {
        if let Some(store) = self.objects(link.kind) {
            store.unwant(&link.key, canary);
        } else if let Some(store) = self.configs(link.kind) {
            store.unwant(&link.key, canary);
        } else {
            self.endpoints.unwant(&link.key, canary);
        }
    }
}

impl Default for Caches {
    fn default() -> Self {
        Self::new(&Settings::default().mesh_provider)
    }
}
