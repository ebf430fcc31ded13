//! Every version of every object in a namespace, and waiting on them.
//!
//! A history starts before the test does anything, so nothing that happens goes unseen. Waits look at what was
//! seen so far and are asked again after every single new version, however many came at once: no polling, no state
//! that was too short to be seen, and no race with what is already past.

mod archive;
mod record;
mod versions;

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use anyhow::{Result, bail, ensure};
use kube::{Api, Client, ResourceExt, api::ListParams, core::DynamicObject};
use tokio::{sync::watch, task::JoinSet, time::timeout};

pub use archive::Archive;
pub use versions::{EventLine, Version, Versions};

use crate::Kind;

/// The kinds that are recorded.
pub const RECORDED: [Kind; 11] = [
    Kind::CANARY,
    Kind::ROUTE,
    Kind::DEPLOYMENT,
    Kind::DAEMON_SET,
    Kind::SERVICE,
    Kind::SLICE,
    Kind::AUTOSCALER,
    Kind::CONFIG_MAP,
    Kind::SECRET,
    Kind::POD,
    Kind::EVENT,
];

/// A running record of a namespace. Dropping it ends the record.
pub struct History {
    shared: Arc<Shared>,
    changed: watch::Receiver<u64>,
    /// Where the record comes from; nothing in the history of an [`Archive`].
    sources: Vec<(Kind, Api<DynamicObject>)>,
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
        let source = |kind: Kind| Api::namespaced_with(client.clone(), namespace, &kind.resource());
        let sources = RECORDED.map(|kind| (kind, source(kind)));
        let mut tasks = JoinSet::new();
        for (kind, api) in sources.clone() {
            tasks.spawn(record::follow(api, kind, Arc::clone(&shared)));
        }
        Self { changed: shared.changed.subscribe(), shared, sources: sources.into(), _tasks: tasks }
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

    /// Waits until everything is recorded that the cluster knows by now. Each kind has a watch of its own, and one may
    /// be behind another: what a status tells of is known, but perhaps not recorded.
    ///
    /// # Errors
    /// The cluster does not answer, or the record does not come up to it in time.
    pub async fn catch_up(&self, limit: Duration) -> Result<()> {
        for (kind, api) in &self.sources {
            let list = match api.list(&ListParams::default()).await {
                // The kind was taken away, and its objects with it.
                Err(kube::Error::Api(status)) if status.code == 404 => continue,
                list => list?,
            };
            let revision = |text: Option<String>| text.and_then(|text| text.parse::<u64>().ok()).unwrap_or(0);
            let objects =
                list.items.iter().map(|object| (object.name_any(), revision(object.resource_version())));
            let known: BTreeMap<String, u64> = objects.collect();
            let moment = revision(list.metadata.resource_version);
            let what = format!("the record of each {} to catch up", kind.name);
            self.until(&what, limit, |versions| versions.covers(*kind, &known, moment).then_some(())).await?;
        }
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

    /// Waits until the probe finds something in what was seen so far, or after any of the versions that come then.
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
        let mut seen = None;
        let found = async {
            loop {
                changed.mark_unchanged();
                if let Some(found) = self.shared.lock().replay(&mut seen, &mut probe) {
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
