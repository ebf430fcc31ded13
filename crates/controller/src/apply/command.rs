//! The annotation with a command, which goes when the command was dealt with.

use serde_json::json;
use serin_api::canary::COMMAND;

use super::ActionError;
use crate::{cache::Lookup, cluster::Cluster, error::Category, key::Key, kind::Kind};

/// Removes the annotation while it is this one. Nothing else of the Canary may have changed
/// meanwhile: a newer command must not be lost.
///
/// # Errors
/// When the API server refuses it; with 409 when somebody was faster.
pub(crate) async fn remove(cluster: &Cluster, key: &Key, text: &str) -> Result<(), ActionError> {
    let Lookup::Present(latest) = cluster.caches.canaries.get(key) else { return Ok(()) };
    let metadata = &latest.canary.metadata;
    let present = metadata.annotations.as_ref().and_then(|annotations| annotations.get(COMMAND));
    if present.is_none_or(|present| present != text) {
        return Ok(());
    }
    let patch = json!({
        "metadata": { "resourceVersion": metadata.resource_version, "annotations": { COMMAND: null } }
    });
    match cluster.merge(Kind::Canary, key, &patch).await {
        Ok(_) => Ok(()),
        Err(error) if error.category() == Category::NotFound => Ok(()),
        Err(source) => Err(ActionError::api(|said| format!("removing the command failed: {said}"), source)),
    }
}
