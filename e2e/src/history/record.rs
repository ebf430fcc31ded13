//! Following one kind.

use std::{sync::Arc, time::Duration};

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

/// Records the kind for ever: lists once, then follows the watch, and lists again only after it was cut.
pub(super) async fn follow(api: Api<DynamicObject>, kind: Kind, sink: Arc<impl Sink>) {
    let mut revision = first(&api, kind, &*sink).await;
    sink.listed();
    loop {
        revision = match watch(&api, kind, revision, &*sink).await {
            Some(next) => next,
            None => first(&api, kind, &*sink).await,
        };
    }
}

async fn first(api: &Api<DynamicObject>, kind: Kind, sink: &impl Sink) -> String {
    loop {
        if let Some(revision) = list(api, kind, sink).await {
            return revision;
        }
        sleep(PAUSE).await;
    }
}

async fn list(api: &Api<DynamicObject>, kind: Kind, sink: &impl Sink) -> Option<String> {
    let found = api.list(&ListParams::default()).await.ok()?;
    for object in found.items {
        add(sink, kind, object, false);
    }
    found.metadata.resource_version
}

/// Returns the revision to go on from, or nothing when the watch was cut and has to start anew.
async fn watch(api: &Api<DynamicObject>, kind: Kind, from: String, sink: &impl Sink) -> Option<String> {
    let stream = api.watch(&WatchParams::default(), &from).await.ok()?;
    pin_mut!(stream);
    let mut last = from;
    while let Some(event) = stream.next().await {
        let (object, gone) = match event.ok()? {
            WatchEvent::Added(object) | WatchEvent::Modified(object) => (object, false),
            WatchEvent::Deleted(object) => (object, true),
            WatchEvent::Bookmark(mark) => {
                last = mark.metadata.resource_version;
                continue;
            }
            WatchEvent::Error(_) => return None,
        };
        last = object.resource_version().unwrap_or(last);
        add(sink, kind, object, gone);
    }
    Some(last)
}

fn add(sink: &impl Sink, kind: Kind, object: DynamicObject, gone: bool) {
    let namespace = object.namespace().unwrap_or_default();
    if let Some(version) = Version::new(kind, object, gone) {
        sink.add(&namespace, version);
    }
}
