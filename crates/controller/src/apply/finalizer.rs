//! The finalizer that holds a Canary's deletion until its target has taken over.

use serde_json::json;
use serin_core::keys::FINALIZER;

use super::ActionError;
use crate::{cache::Lookup, cluster::Cluster, error::Category, key::Key, kind::Kind};

/// Adds or removes the finalizer.
///
/// # Errors
/// When the API server refuses it.
pub(crate) async fn set(cluster: &Cluster, key: &Key, wanted: bool) -> Result<(), ActionError> {
    let Lookup::Present(latest) = cluster.caches.canaries.get(key) else { return Ok(()) };
    let metadata = &latest.canary.metadata;
    let mut finalizers = metadata.finalizers.clone().unwrap_or_default();
    finalizers.retain(|finalizer| finalizer != FINALIZER);
    if wanted {
        finalizers.push(FINALIZER.to_owned());
    }
    // The list is replaced as a whole: somebody else's finalizer must not be lost.
    let patch = json!({
        "metadata": { "resourceVersion": metadata.resource_version, "finalizers": finalizers }
    });
    match cluster.merge(Kind::Canary, key, &patch).await {
        Ok(_) => Ok(()),
        Err(error) if !wanted && error.category() == Category::NotFound => Ok(()),
        Err(source) => Err(ActionError::api(|said| format!("setting the finalizer failed: {said}"), source)),
    }
}
