//! Every version of every object in a namespace, and waiting on them.
//!
//! A history starts before the test does anything, so nothing that happens goes unseen. Waits look at what was
//! seen so far and are asked again with every new version: no polling, and no race with what is already past.

mod archive;
mod record;
mod versions;

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use anyhow::{Result, bail, ensure};
use kube::{Api, Client};
use tokio::{sync::watch, task::JoinSet, time::timeout};

pub use archive::Archive;
pub use versions::{EventLine, Version, Versions};

use crate::Kind;

/// The kinds that are recorded.
pub const RECORDED: [Kind; 9] = [
    Kind::CANARY,
    Kind::ROUTE,
    Kind::DEPLOYMENT,
    Kind::DAEMON_SET,
    Kind::SERVICE,
    Kind::SLICE,
    Kind::AUTOSCALER,
    Kind::POD,
    Kind::EVENT,
];

/// A running record of a namespace. Dropping it ends the record.
pub struct History {
    shared: Arc<Shared>,
    changed: watch::Receiver<u64>,
    _tasks: JoinSet<()>,
}

#[derive(Default)]
struct Shared {
    versions: Mutex<Versions>,
    /// Counts what was added.
    changed: watch::Sender<u64>,
    /// Counts the kinds whose record is complete from its first list on.
    listed: watch::Sender<usize>,
}

impl History {
    /// Starts to record the namespace. Returns at once; objects that exist already are seen too.
    pub fn start(client: &Client, namespace: &str) -> Self {
        let shared = Arc::new(Shared::default());
        let mut tasks = JoinSet::new();
        for kind in RECORDED {
            let api = Api::namespaced_with(client.clone(), namespace, &kind.resource());
            tasks.spawn(record::follow(api, kind, Arc::clone(&shared)));
        }
        Self { changed: shared.changed.subscribe(), shared, _tasks: tasks }
    }

    /// Waits until every kind is followed: from then on no version is missed.
    ///
    /// # Errors
    /// The cluster does not serve one of the kinds.
    pub async fn listening(&self, limit: Duration) -> Result<()> {
        let mut listed = self.shared.listed.subscribe();
        let all = listed.wait_for(|count| *count == RECORDED.len());
        ensure!(matches!(timeout(limit, all).await, Ok(Ok(_))), "not every kind of {RECORDED:?} is served");
        Ok(())
    }

    /// What was seen so far.
    pub fn versions(&self) -> Versions {
        self.shared.lock().clone()
    }

    /// Answers a question about what was seen so far, without copying it.
    pub fn look<T>(&self, question: impl FnOnce(&Versions) -> T) -> T {
        question(&self.shared.lock())
    }

    /// Waits until the probe finds something.
    ///
    /// # Errors
    /// It found nothing within the limit; the error says what was waited for.
    pub async fn until<T>(
        &self,
        what: &str,
        limit: Duration,
        mut probe: impl FnMut(&Versions) -> Option<T>,
    ) -> Result<T> {
        let mut changed = self.changed.clone();
        let found = async {
            loop {
                changed.mark_unchanged();
                if let Some(found) = self.look(&mut probe) {
                    return Some(found);
                }
                changed.changed().await.ok()?;
            }
        };
        match timeout(limit, found).await {
            Ok(Some(found)) => Ok(found),
            Ok(None) => bail!("the record ended while waiting for {what}"),
            Err(_) => bail!("waited {} s for {what}", limit.as_secs()),
        }
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Versions> {
        self.versions.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn add(&self, version: Version) {
        self.lock().add(version);
        self.changed.send_modify(|count| *count += 1);
    }
}

impl record::Sink for Shared {
    fn add(&self, _namespace: &str, version: Version) {
        self.add(version);
    }

    fn listed(&self) {
        self.listed.send_modify(|count| *count += 1);
    }
}
