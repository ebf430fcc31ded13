//! Pods that do not become ready: why, in the words of the cluster.
//!
//! Pods are not watched. Those of a workload that has not been ready for a while are listed, now and then.

use std::time::Duration;

use serin_core::{
    Rollout,
    readiness::trouble,
    snapshot::{Snapshot, Troubles},
};
use tokio::time::Instant;

use crate::{cluster::Cluster, context::Context, key::Key};

/// How long pods have to come up before anybody asks what keeps them.
const PATIENCE: Duration = Duration::from_secs(4);

/// The shortest and the longest time between two lists of the same pods.
const PAUSES: [Duration; 2] = [Duration::from_secs(5), Duration::from_secs(60)];

/// What was found when pods were listed last.
#[derive(Clone, Debug)]
pub(crate) struct Listed {
    /// When the workloads were first seen not to be ready.
    since: Instant,
    /// When their pods were listed.
    at: Option<Instant>,
    found: Troubles,
}

impl Listed {
    fn is_due(&self) -> bool {
        self.since.elapsed() >= PATIENCE && self.at.is_none_or(|at| at.elapsed() >= self.pause())
    }

    /// What has kept pods for long keeps them longer.
    fn pause(&self) -> Duration {
        (self.since.elapsed() / 2).clamp(PAUSES[0], PAUSES[1])
    }
}

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
        ctx.memory.set_listed(key, None);
        return (Troubles::default(), None);
    }
    let new = || Listed { since: Instant::now(), at: None, found: Troubles::default() };
    let mut listed = ctx.memory.listed(key).unwrap_or_else(new);
    if listed.is_due() {
        listed.found = Troubles {
            target: list(cluster, key, target, listed.found.target.take()).await,
            primary: list(cluster, key, primary, listed.found.primary.take()).await,
        };
        listed.at = Some(Instant::now());
    }
    let (found, pause) = (listed.found.clone(), listed.pause());
    ctx.memory.set_listed(key, Some(listed));
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
