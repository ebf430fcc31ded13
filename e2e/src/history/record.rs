//! Following one kind.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use futures::{StreamExt, pin_mut};
use kube::{
    Api, ResourceExt,
    api::{ListParams, WatchEvent, WatchParams},
    core::DynamicObject,
};
use tokio::time::sleep;

use super::Version;
use crate::Kind;

/// How long to leave a server alone that does not serve the kind or does not answer.
const PAUSE: Duration = Duration::from_millis(250);

/// Where versions go.
pub(super) trait Sink: Send + Sync + 'static {
    /// Keeps a version of an object in this namespace.
    fn add(&self, namespace: &str, version: Version);
    /// A kind's record is complete from its first list on.
    fn listed(&self);
}

/// Records the kind for ever: lists once, then follows the watch. One that was cut is taken up where it was, and
/// only where the server does not know any more what came since, the objects are listed again.
pub(super) async fn follow(api: Api<DynamicObject>, kind: Kind, sink: Arc<impl Sink>) {
    let mut record = Record { api, kind, sink, living: BTreeMap::new() };
    let mut revision = record.first().await;
    record.sink.listed();
    loop {
        revision = match record.watch(revision).await {
            Some(next) => next,
            None => record.first().await,
        };
    }
}

struct Record<S> {
    api: Api<DynamicObject>,
    kind: Kind,
    sink: Arc<S>,
    /// Each object that was not seen to be deleted, by namespace and name.
    living: BTreeMap<(String, String), DynamicObject>,
}

impl<S: Sink> Record<S> {
    async fn first(&mut self) -> String {
        loop {
            if let Some(revision) = self.list().await {
                return revision;
            }
            sleep(PAUSE).await;
        }
    }

    async fn list(&mut self) -> Option<String> {
        let found = self.api.list(&ListParams::default()).await.ok()?;
        let revision = found.metadata.resource_version?;
        let mut before = std::mem::take(&mut self.living);
        for object in found.items {
            before.remove(&key(&object));
            self.add(object, false);
        }
        // They were deleted while nobody watched.
        for mut object in before.into_values() {
            object.metadata.resource_version = Some(revision.clone());
            self.add(object, true);
        }
        Some(revision)
    }

    /// Returns the revision to go on from, or nothing when the record has to start anew.
    async fn watch(&mut self, from: String) -> Option<String> {
        let stream = match self.api.watch(&WatchParams::default(), &from).await {
            // Such as 410: what came since is forgotten.
            Err(kube::Error::Api(_)) => {
                sleep(PAUSE).await;
                return None;
            }
            Err(_) => {
                sleep(PAUSE).await;
                return Some(from);
            }
            Ok(stream) => stream,
        };
        pin_mut!(stream);
        let mut last = from;
        while let Some(event) = stream.next().await {
            let (object, gone) = match event {
                Ok(WatchEvent::Added(object) | WatchEvent::Modified(object)) => (object, false),
                Ok(WatchEvent::Deleted(object)) => (object, true),
                Ok(WatchEvent::Bookmark(mark)) => {
                    last = mark.metadata.resource_version;
                    continue;
                }
                Ok(WatchEvent::Error(_)) => return None,
                Err(_) => {
                    sleep(PAUSE).await;
                    break;
                }
            };
            last = object.resource_version().unwrap_or(last);
            self.add(object, gone);
        }
        Some(last)
    }

    fn add(&mut self, object: DynamicObject, gone: bool) {
        let key = key(&object);
        if let Some(version) = Version::new(self.kind, object.clone(), gone) {
            self.sink.add(&key.0, version);
        }
        if gone {
            self.living.remove(&key);
        } else {
            self.living.insert(key, object);
        }
    }
}

fn key(object: &DynamicObject) -> (String, String) {
    (object.namespace().unwrap_or_default(), object.name_any())
}
