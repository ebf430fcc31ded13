//! Objects under names that a Canary does not use any more. They are read, as nothing watches them; there are
//! none most of the time.

use std::{collections::BTreeMap, sync::Arc};

use serde_json::Value;
use serin_api::Canary;
use serin_core::{
    Rollout, Seen,
    build::scaler::ScalerKind,
    orphans::{Orphan, OrphanKind, objects},
};

use super::kind as config_kind;
use crate::{cache::Health, cluster::Cluster, key::Key, kind::Kind};

pub(super) async fn read(
    cluster: &Cluster,
    key: &Key,
    canary: &Canary,
    rollout: &Rollout,
) -> BTreeMap<Orphan, Seen<Arc<Value>>> {
    let entries = canary.status.iter().flat_map(|status| &status.leftovers);
    let mut found = BTreeMap::new();
    for orphan in entries.flat_map(|entry| objects(rollout, entry)) {
        let seen = one(cluster, key, &orphan).await;
        found.insert(orphan, seen);
    }
    found
}

/// The kind of a orphan.
pub(crate) fn kind(orphan: &Orphan) -> Kind {
    match orphan.kind {
        OrphanKind::Route(kind) => Kind::Routed(kind),
        OrphanKind::Service => Kind::Service,
        OrphanKind::Config(config) => config_kind(config),
        OrphanKind::Workload(kind) => Kind::of_target(kind),
        OrphanKind::Scaler(ScalerKind::Horizontal) => Kind::Autoscaler,
        OrphanKind::Scaler(ScalerKind::Keda) => Kind::ScaledObject,
    }
}

async fn one(cluster: &Cluster, canary: &Key, orphan: &Orphan) -> Seen<Arc<Value>> {
    let (kind, key) = (kind(orphan), canary.sibling(orphan.name.as_str()));
    let store = cluster.caches.objects(kind);
    if store.is_some_and(|store| matches!(store.health(), Health::NotServed(_))) {
        return Seen::Absent;
    }
    match cluster.get(kind, &key).await {
        Ok(Some(value)) => Seen::Present(value),
        Ok(None) => Seen::Absent,
        Err(error) => Seen::Unknown(error.to_string()),
    }
}
