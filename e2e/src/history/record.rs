//! Following one kind.

use std::{sync::Arc, time::Duration};

use futures::{StreamExt, pin_mut};
use kube::{
    Api, Client, ResourceExt,
    api::{ListParams, WatchEvent, WatchParams},
    core::DynamicObject,
};
use tokio::time::sleep;

use super::{Shared, Version};
use crate::Kind;

/// How long to leave a server alone that does not serve the kind or does not answer.
const PAUSE: Duration = Duration::from_millis(250);

/// Records the kind for ever: lists once, then follows the watch, and lists again only after it was cut.
pub(super) async fn follow(client: Client, namespace: String, kind: Kind, shared: Arc<Shared>) {
    let api: Api<DynamicObject> = Api::namespaced_with(client, &namespace, &kind.resource());
    let mut revision = first(&api, kind, &shared).await;
    shared.listed.send_modify(|count| *count += 1);
    loop {
        revision = match watch(&api, kind, revision, &shared).await {
            Some(next) => next,
            None => first(&api, kind, &shared).await,
        };
    }
}

async fn first(api: &Api<DynamicObject>, kind: Kind, shared: &Shared) -> String {
    loop {
        if let Some(revision) = list(api, kind, shared).await {
            return revision;
        }
        sleep(PAUSE).await;
    }
}

async fn list(api: &Api<DynamicObject>, kind: Kind, shared: &Shared) -> Option<String> {
    let found = api.list(&ListParams::default()).await.ok()?;
    for object in found.items {
        add(shared, kind, object, false);
    }
    found.metadata.resource_version
}

/// Returns the revision to go on from, or nothing when the watch was cut and has to start anew.
async fn watch(api: &Api<DynamicObject>, kind: Kind, from: String, shared: &Shared) -> Option<String> {
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
        add(shared, kind, object, gone);
    }
    Some(last)
}

fn add(shared: &Shared, kind: Kind, object: DynamicObject, gone: bool) {
    if let Some(version) = Version::new(kind, object, gone) {
        shared.add(version);
    }
}
