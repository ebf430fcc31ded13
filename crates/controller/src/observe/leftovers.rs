//! Objects under names that a Canary does not use any more. They are read, as nothing watches them; there are
//! none most of the time.

use std::{collections::BTreeMap, sync::Arc};

use serde_json::Value;
use serin_api::Canary;
use serin_core::{
    Rollout, Seen,
    build::scaler::ScalerKind,
    leftovers::{Leftover, LeftoverKind, objects},
};

use super::kind as config_kind;
use crate::{cache::Health, cluster::Cluster, key::Key, kind::Kind};

pub(super) async fn read(
    cluster: &Cluster,
    key: &Key,
    canary: &Canary,
    rollout: &Rollout,
) -> BTreeMap<Leftover, Seen<Arc<Value>>> {
    let entries = canary.status.iter().flat_map(|status| &status.leftovers);
    let mut found = BTreeMap::new();
    for leftover in entries.flat_map(|entry| objects(rollout, entry)) {
        let seen = one(cluster, key, &leftover).await;
        found.insert(leftover, seen);
    }
    found
}

/// The kind of a leftover.
pub(crate) fn kind(leftover: &Leftover) -> Kind {
    match leftover.kind {
        LeftoverKind::Route(kind) => Kind::Routed(kind),
        LeftoverKind::Service => Kind::Service,
        LeftoverKind::Config(config) => config_kind(config),
        LeftoverKind::Workload(kind) => Kind::of_target(kind),
        LeftoverKind::Scaler(ScalerKind::Horizontal) => Kind::Autoscaler,
        LeftoverKind::Scaler(ScalerKind::Keda) => Kind::ScaledObject,
    }
}

async fn one(cluster: &Cluster, canary: &Key, leftover: &Leftover) -> Seen<Arc<Value>> {
    let (kind, key) = (kind(leftover), canary.sibling(leftover.name.as_str()));
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
