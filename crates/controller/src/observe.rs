//! From the caches to a snapshot. What the caches do not hold is read once.

pub(crate) mod orphans;
pub(crate) mod pods;

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use futures::{StreamExt, stream};
use serde_json::Value;
use serin_api::{Canary, CanaryStatus, canary::AutoscalerRef};
use serin_core::{
    Rollout, Seen,
    build::{
        configs::{ConfigKind, ConfigRef, config_refs, copy_name, uncopied},
        managed, scaler,
    },
    identity,
    observe::Answers,
    orphans as left,
    router::{self, Objects},
    snapshot::{SliceTally, Slices, Snapshot, TrackedConfig, Troubles},
    state::codec::names,
};

use crate::{
    cache::{Config, Count, Health, Link, Lookup, Origin, Packed, Store, Version},
    clock,
    cluster::Cluster,
    key::Key,
    kind::Kind,
};

/// Configs of one Canary that are read or copied at the same time.
pub(crate) const AT_ONCE: usize = 8;

/// Reads everything that the decision about a Canary may look at. `before` is what the same look saw before, if it did.
pub(crate) async fn snapshot(
    cluster: &Cluster,
    key: &Key,
    canary: &Arc<Canary>,
    rollout: &Rollout,
    tracking: bool,
    answers: Answers,
    before: Option<&Snapshot>,
) -> Snapshot {
    let object = async |kind, name: &str| object(cluster, kind, &key.sibling(name)).await;
    let kind = Kind::of_target(rollout.target_kind);
    let target = object(kind, &rollout.target).await;
    let primary = object(kind, &rollout.primary()).await;
    let configs = configs(cluster, key, &target, tracking).await;
    let scaler = rollout.spec.autoscaler_ref.as_ref();
    Snapshot {
        config_copies: copies(cluster, key, &target, &primary, &configs, before).await,
        primary,
        configs,
        apex_service: object(Kind::Service, &rollout.apex).await,
        primary_service: object(Kind::Service, &rollout.primary_service()).await,
        canary_service: object(Kind::Service, &rollout.canary_service()).await,
        scaler_source: match scaler {
            Some(reference) => scaler_object(cluster, key, reference, &reference.name).await,
            None => Seen::Absent,
        },
        scaler_primary: match scaler {
            Some(reference) => scaler_object(cluster, key, reference, &scaler::name(reference)).await,
            None => Seen::Absent,
        },
        routes: routes(cluster, rollout).await,
        route_refused: None,
        troubles: Troubles::default(),
        former_route: former_route(cluster, key, canary, rollout).await,
        slices: slices(cluster, key, rollout).await,
        orphans: orphans::read(cluster, key, canary, rollout).await,
        canary: Arc::clone(canary),
        target,
        now: clock::now(),
        answers,
        derived: Arc::default(),
    }
}

/// An autoscaler. Where the kind is not served there is none: a Canary can be deleted after KEDA is gone.
async fn scaler_object(
    cluster: &Cluster,
    key: &Key,
    reference: &AutoscalerRef,
    name: &str,
) -> Seen<Arc<Value>> {
    let kind = Kind::of_scaler(reference);
    let store = cluster.caches.objects(kind);
    if store.is_some_and(|store| matches!(store.health(), Health::NotServed(_))) {
        return Seen::Absent;
    }
    object(cluster, kind, &key.sibling(name)).await
}

/// An object from the caches, or from the cluster if nobody asked for it before.
pub(crate) async fn object(cluster: &Cluster, kind: Kind, key: &Key) -> Seen<Arc<Value>> {
    read(cluster, kind, key, Packed::unpack).await
}

/// Like [`object`], with the object decoded or otherwise read by `read`.
pub(crate) async fn read<T>(
    cluster: &Cluster,
    kind: Kind,
    key: &Key,
    read: impl FnOnce(&Packed) -> serde_json::Result<T>,
) -> Seen<T> {
    match packed(cluster, kind, key).await {
        Seen::Absent => Seen::Absent,
        Seen::Unknown(why) => Seen::Unknown(why),
        Seen::Present(packed) => match read(&packed) {
            Ok(value) => Seen::Present(value),
            Err(error) => Seen::Unknown(format!("{} {} cannot be read: {error}", kind.name(), key.name)),
        },
    }
}

async fn packed(cluster: &Cluster, kind: Kind, key: &Key) -> Seen<Arc<Packed>> {
    let Some(store) = cluster.caches.objects(kind) else {
        return Seen::Unknown(format!("{} is not watched", kind.name()));
    };
    let listed = cluster.watches(&key.namespace) && store.health() != Health::Starting;
    let found = if listed { store.get(key) } else { Lookup::Unresolved };
    match found {
        Lookup::Present(packed) => Seen::Present(packed),
        Lookup::Absent => Seen::Absent,
        Lookup::Unknown(why) => Seen::Unknown(why),
        Lookup::Unresolved => match cluster.get(kind, key).await {
            Ok(Some(value)) => Seen::Present(Arc::new(Packed::from(&value))),
            Ok(None) => Seen::Absent,
            Err(error) => Seen::Unknown(error.to_string()),
        },
    }
}

/// What the router looks at. A kind that can be done without is looked at only as far as it may be read.
async fn routes(cluster: &Cluster, rollout: &Rollout) -> Objects {
    let mut found = Objects::new();
    for reference in router::objects(rollout) {
        let kind = Kind::Routed(reference.kind);
        let health = cluster.caches.objects(kind).map(Store::health);
        if reference.kind.spared.is_none() || matches!(health, Some(Health::Synced)) {
            let key = Key::new(reference.namespace.as_str(), reference.name.as_str());
            found.insert(reference, object(cluster, kind, &key).await);
        }
    }
    found
}

/// The route of a name that was in use before. Nothing watches it; there is none most of the time.
async fn former_route(cluster: &Cluster, key: &Key, canary: &Canary, rollout: &Rollout) -> Seen<Arc<Value>> {
    let status = canary.status.as_ref();
    let former = |status: &CanaryStatus| identity::former_route(rollout, &names(status), &status.leftovers);
    let entry = status.and_then(former);
    let Some(route) = entry.as_deref().and_then(router::of_entry) else { return Seen::Absent };
    let kind = Kind::Routed(route.kind);
    if matches!(cluster.caches.objects(kind).map(Store::health), Some(Health::NotServed(_))) {
        return Seen::Absent;
    }
    match cluster.get(kind, &key.sibling(route.name)).await {
        Ok(None) => Seen::Absent,
        Ok(Some(found)) if !left::ours(rollout, &found) && !taken_over(&found) => Seen::Absent,
        Ok(Some(found)) => Seen::Present(found),
        Err(error) => Seen::Unknown(error.to_string()),
    }
}

/// Whether Serin wrote a route that it did not make.
fn taken_over(route: &Value) -> bool {
    let entries = route.pointer("/metadata/managedFields").and_then(Value::as_array);
    entries
        .into_iter()
        .flatten()
        .any(|entry| entry.get("manager").is_some_and(|manager| manager == managed::SERIN))
}

async fn slices(cluster: &Cluster, key: &Key, rollout: &Rollout) -> Slices {
    Slices {
        primary: endpoints(cluster, &key.sibling(rollout.primary_service())).await,
        canary: endpoints(cluster, &key.sibling(rollout.canary_service())).await,
    }
}

async fn endpoints(cluster: &Cluster, service: &Key) -> Seen<Vec<SliceTally>> {
    let store = &cluster.caches.endpoints;
    if store.count(service) == Count::Unresolved
        && let Err(error) = cluster.resolve_endpoints(service).await
    {
        return Seen::Unknown(error.to_string());
    }
    match store.count(service) {
        Count::Known(slices) => Seen::Present(slices),
        Count::Spared => Seen::Absent,
        Count::Unknown(why) => Seen::Unknown(why),
        Count::Unresolved => Seen::Unknown(format!("the endpoints of {service} are not known")),
    }
}

/// What matters of the configs that the target names; only changed ones are read.
async fn configs(
    cluster: &Cluster,
    canary: &Key,
    target: &Seen<Arc<Value>>,
    tracking: bool,
) -> BTreeMap<String, Seen<TrackedConfig>> {
    let refs = match target {
        Seen::Present(target) if tracking => config_refs(target),
        Seen::Absent | Seen::Present(_) => Vec::new(),
        // What is not known now is not forgotten either.
        Seen::Unknown(_) => return BTreeMap::new(),
    };
    let links: BTreeSet<Link> = refs.iter().map(|reference| link(canary, reference)).collect();
    cluster.caches.link_configs(canary, &links);
    let reads = refs.into_iter().map(async |reference| {
        let seen = config(cluster, reference.kind, &link(canary, &reference)).await;
        (reference.key(), seen)
    });
    let reads: Vec<_> = reads.collect();
    stream::iter(reads).buffered(AT_ONCE).collect().await
}

/// What has the names of copies that the primary does not use yet. At rest it uses all of them, and nothing is read; in
/// one look each is read once, as a copy is only written over what was read just then.
async fn copies(
    cluster: &Cluster,
    canary: &Key,
    target: &Seen<Arc<Value>>,
    primary: &Seen<Arc<Value>>,
    configs: &BTreeMap<String, Seen<TrackedConfig>>,
    before: Option<&Snapshot>,
) -> BTreeMap<String, Seen<Arc<Value>>> {
    let refs = match (target, primary) {
        (Seen::Present(target), Seen::Present(_) | Seen::Absent) => uncopied(target, primary.object()),
        _ => Vec::new(),
    };
    let copied = |reference: &ConfigRef| {
        configs.get(&reference.key()).and_then(Seen::present).is_some_and(|config| !config.ignored)
    };
    let reads = refs.into_iter().filter(copied).map(async |reference| {
        let known = before.and_then(|before| before.config_copies.get(&reference.key()));
        if let Some(seen @ (Seen::Present(_) | Seen::Absent)) = known {
            return (reference.key(), seen.clone());
        }
        let key = canary.sibling(copy_name(&reference.name));
        let seen = match cluster.metadata(self::kind(reference.kind), &key).await {
            Ok(Some(object)) => Seen::Present(object),
            Ok(None) => Seen::Absent,
            Err(error) => Seen::Unknown(error.to_string()),
        };
        (reference.key(), seen)
    });
    let reads: Vec<_> = reads.collect();
    stream::iter(reads).buffered(AT_ONCE).collect().await
}

pub(crate) fn link(canary: &Key, reference: &ConfigRef) -> Link {
    Link { kind: kind(reference.kind), key: canary.sibling(reference.name.as_str()) }
}

pub(crate) fn kind(config: ConfigKind) -> Kind {
    match config {
        ConfigKind::ConfigMap => Kind::ConfigMap,
        ConfigKind::Secret => Kind::Secret,
    }
}

async fn config(cluster: &Cluster, kind: ConfigKind, link: &Link) -> Seen<TrackedConfig> {
    let Some(store) = cluster.caches.configs(link.kind) else {
        return Seen::Unknown(format!("{} is not watched", link.kind.name()));
    };
    match store.get(&link.key) {
        Lookup::Unknown(why) => return Seen::Unknown(why),
        Lookup::Absent => return Seen::Absent,
        Lookup::Present(config) => {
            if let Config::Known(config) = config.as_ref() {
                return Seen::Present(config.clone());
            }
        }
        Lookup::Unresolved => {}
    }
    match cluster.get(link.kind, &link.key).await {
        Ok(None) => {
            store.missing(&link.key);
            Seen::Absent
        }
        Ok(Some(value)) => {
            let config = TrackedConfig::of(kind, &value);
            let version = Version::parse(value.pointer("/metadata/resourceVersion").and_then(Value::as_str));
            store.offer(&link.key, version, Config::Known(config.clone()), Origin::Answer);
            Seen::Present(config)
        }
        Err(error) => Seen::Unknown(error.to_string()),
    }
}
