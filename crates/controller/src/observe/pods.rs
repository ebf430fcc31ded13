//! Pods that do not become ready: why, in the words of the cluster.
//!
//! Pods are not watched. Those of a workload that has not been ready for a while are listed, now and then.

use std::time::Duration;

use serin_core::{
    Rollout,
    readiness::trouble,
    snapshot::{Snapshot, Troubles},
};

use crate::{cluster::Cluster, context::Context, key::Key, local_state::Listed};

/// What keeps the pods of the target and of the primary, and when to look again, if they are not ready.
pub(crate) async fn troubles(
    ctx: &Context,
    cluster: &Cluster,
    key: &Key,
    rollout: &Rollout,
    seen: &Snapshot,
) -> (Troubles, Option<Duration>) {
    let [target, primary] = seen.unready(rollout);
    if target.is_none() && primary.is_none() {
        *ctx.local.of(key).pods() = None;
        return (Troubles::default(), None);
    }
    let listed = ctx.local.of(key).pods().clone();
    let mut listed = listed.unwrap_or_else(Listed::begin);
    if listed.is_due() {
        let before = listed.found.clone();
        let found = Troubles {
            target: list(cluster, key, target, before.target).await,
            primary: list(cluster, key, primary, before.primary).await,
        };
        listed.found(found);
    }
    let (found, pause) = (listed.found.clone(), listed.pause());
    *ctx.local.of(key).pods() = Some(listed);
    (found, Some(pause))
}

/// What keeps pods that are not ready. A container that ends again and again runs between two ends: what was found before
/// stands until something else is found, for a reason that comes and goes would put off every deadline. What cannot be
/// listed, as under a role without the right, is in no known trouble.
async fn list(
    cluster: &Cluster,
    key: &Key,
    labels: Option<std::collections::BTreeMap<String, String>>,
    before: Option<String>,
) -> Option<String> {
    let labels = labels.filter(|labels| !labels.is_empty())?;
    let selector: Vec<String> = labels.iter().map(|(label, value)| format!("{label}={value}")).collect();
    match cluster.pods(&key.namespace, &selector.join(",")).await {
        Ok(pods) => trouble(&pods).or(before),
        Err(error) => {
            tracing::debug!(canary = %key, %error, "pods cannot be listed");
            before
        }
    }
}
