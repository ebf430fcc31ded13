//! Taking traffic back from a version that is not judged any more, as its Canary became invalid.

use serin_api::{Canary, Phase};
use serin_core::{
    Routing, Seen,
    build::route::{reweighted, shares},
};

use super::Look;
use crate::{
    cache::{Count, Packed},
    error::ApiError,
    kind::Kind,
    observe,
};

impl Look<'_> {
    /// Sends the traffic of a rollout to the primary, if that can serve. Returns whether there was anything to send.
    ///
    /// # Errors
    /// When the route cannot be written.
    pub(super) async fn retreat(&self, canary: &Canary) -> Result<bool, ApiError> {
        let Some(status) = canary.status.as_ref() else { return Ok(false) };
        if !matches!(status.phase, Phase::Progressing | Phase::WaitingPromotion) {
            return Ok(false);
        }
        let named = canary.spec.apex_name();
        let name = status.route_name.as_deref().unwrap_or(named);
        if name.is_empty() || !self.serves(&format!("{name}-primary")).await {
            return Ok(false);
        }
        let key = self.key.sibling(name);
        let route = observe::read(&self.cluster, Kind::HttpRoute, &key, Packed::read).await;
        let Seen::Present(route) = route else { return Ok(false) };
        if !shares(&route) {
            return Ok(false);
        }
        let Some(patch) = reweighted(Routing::PRIMARY, &route) else { return Ok(false) };
        self.cluster.merge(Kind::HttpRoute, &key, &patch).await?;
        tracing::info!(canary = %self.key, "traffic taken back from a version that nobody judges");
        Ok(true)
    }

    async fn serves(&self, service: &str) -> bool {
        let (store, key) = (&self.cluster.caches.endpoints, self.key.sibling(service));
        if store.count(&key) == Count::Unresolved && self.cluster.resolve_endpoints(&key).await.is_err() {
            return false;
        }
        match store.count(&key) {
            Count::Known(slices) => slices.iter().any(|slice| slice.ready.values().any(|ready| *ready > 0)),
            Count::Spared => true,
            Count::Unknown(_) | Count::Unresolved => false,
        }
    }
}
