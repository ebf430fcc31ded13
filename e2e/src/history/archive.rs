//! The histories of many namespaces, from one watch for each kind.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use anyhow::{Result, ensure};
use kube::{Api, Client};
use tokio::{sync::watch, task::JoinSet, time::timeout};

use super::{History, Shared, Version, record};
use crate::Kind;

/// A running record of all namespaces that a history was asked for. Dropping it ends the record.
pub struct Archive {
    rooms: Arc<Rooms>,
    kinds: usize,
    _tasks: JoinSet<()>,
}

#[derive(Default)]
struct Rooms {
    by_namespace: Mutex<BTreeMap<String, Arc<Shared>>>,
    listed: watch::Sender<usize>,
}

impl Archive {
    /// Starts to record these kinds.
    pub fn start(client: &Client, kinds: &[Kind]) -> Self {
        let rooms = Arc::new(Rooms::default());
        let mut tasks = JoinSet::new();
        for kind in kinds {
            let api = Api::all_with(client.clone(), &kind.resource());
            tasks.spawn(record::follow(api, *kind, Arc::clone(&rooms)));
        }
        Self { rooms, kinds: kinds.len(), _tasks: tasks }
    }

    /// Waits until every kind is followed: from then on no version is missed.
    ///
    /// # Errors
    /// The cluster does not serve one of the kinds.
    pub async fn listening(&self, limit: Duration) -> Result<()> {
        let mut listed = self.rooms.listed.subscribe();
        let all = listed.wait_for(|count| *count == self.kinds);
        ensure!(matches!(timeout(limit, all).await, Ok(Ok(_))), "not every recorded kind is served");
        Ok(())
    }

    /// The history of a namespace from now on: ask for it before the namespace is made.
    pub fn history(&self, namespace: &str) -> History {
        let shared = self.rooms.open(namespace);
        History { changed: shared.changed.subscribe(), shared, sources: Vec::new(), _tasks: JoinSet::new() }
    }
}

impl Rooms {
    fn open(&self, namespace: &str) -> Arc<Shared> {
        let mut rooms = self.by_namespace.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(rooms.entry(namespace.to_owned()).or_default())
    }
}

impl record::Sink for Rooms {
    fn add(&self, namespace: &str, version: Version) {
        let rooms = self.by_namespace.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(room) = rooms.get(namespace) {
            room.add(version);
        }
    }

    fn listed(&self) {
        self.listed.send_modify(|count| *count += 1);
    }
}
