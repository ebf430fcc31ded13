//! Which replica acts.

use std::time::Duration;

use kube::Client;
use kube_lease_manager::{LeaseManager, LeaseManagerBuilder, LeaseManagerError};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use crate::{client::LastWrite, options::Election};

/// Between two attempts after a fault.
const RETRY: Duration = Duration::from_secs(2);
/// How often a leader looks at the clock.
const CHECK: Duration = Duration::from_secs(1);

/// Tells whether this replica may act, until it is dropped or `stop` is cancelled.
pub trait Leadership: Send {
    /// Runs the election. Sends `true` when this replica may act and `false` when it may not.
    fn run(self, stop: CancellationToken, leads: watch::Sender<bool>) -> impl Future<Output = ()> + Send;
}

/// There is only one replica.
pub struct Always;

impl Leadership for Always {
    async fn run(self, stop: CancellationToken, leads: watch::Sender<bool>) {
        leads.send_replace(true);
        stop.cancelled().await;
        leads.send_replace(false);
    }
}

/// The holder of a Lease acts.
///
/// A leader that cannot renew stops a while before its Lease expires, by its own clock: it may be cut off
/// from the API server while another replica is not.
pub struct LeaseElection {
    manager: LeaseManager,
    duration: Duration,
    renewed: LastWrite,
}

impl LeaseElection {
    /// Takes part in the election; `identity` tells the replicas apart.
    ///
    /// # Errors
    /// When the Lease can neither be read nor created.
    pub async fn join(
        client: Client,
        renewed: LastWrite,
        election: &Election,
        identity: &str,
    ) -> Result<Self, LeaseManagerError> {
        let seconds = election.duration.as_secs().max(4);
        // Renewed four times within its duration.
        let manager = LeaseManagerBuilder::new(client, &election.lease)
            .with_namespace(&election.namespace)
            .with_identity(identity)
            .with_duration(seconds)
            .with_grace(seconds - seconds / 4)
            .with_field_manager(format!("serin-{identity}"))
            .build()
            .await?;
        Ok(Self { manager, duration: Duration::from_secs(seconds), renewed })
    }

    /// Whether the Lease was renewed recently enough to be ours for some time to come.
    fn fresh(&self) -> bool {
        let margin = self.duration / 6;
        let valid = self.duration.saturating_sub(margin);
        self.renewed.get().is_some_and(|renewed| renewed.elapsed() < valid)
    }

    /// The next change of hands; `None` after a fault.
    async fn change(&self) -> Option<bool> {
        match self.manager.changed().await {
            Ok(holds) => Some(holds),
            Err(error) => {
                tracing::warn!(%error, "leader election failed, trying again");
                tokio::time::sleep(RETRY).await;
                None
            }
        }
    }

    async fn follow(&self, leads: &watch::Sender<bool>) {
        let mut holds = false;
        let mut check = tokio::time::interval(CHECK);
        let mut change = Box::pin(self.change());
        loop {
            tokio::select! {
                changed = &mut change => {
                    holds = changed.unwrap_or(holds);
                    change = Box::pin(self.change());
                }
                _ = check.tick() => {}
            }
            publish(leads, holds && self.fresh());
        }
    }
}

impl Leadership for LeaseElection {
    async fn run(self, stop: CancellationToken, leads: watch::Sender<bool>) {
        tokio::select! {
            () = stop.cancelled() => {}
            () = self.follow(&leads) => {}
        }
        leads.send_replace(false);
        if let Err(error) = self.manager.release().await {
            tracing::warn!(%error, "lease not released, it will expire");
        }
    }
}

fn publish(leads: &watch::Sender<bool>, now: bool) {
    let changed = leads.send_if_modified(|leads| std::mem::replace(leads, now) != now);
    match (changed, now) {
        (true, true) => tracing::info!("acting as elected leader"),
        (true, false) => tracing::warn!("leadership lost"),
        (false, _) => {}
    }
}
