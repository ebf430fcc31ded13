//! Taking traffic back from a version that is not judged any more, as its Canary became invalid.

use serin_api::{Canary, Phase};
use serin_core::{Seen, router};

use super::Reconcile;
use crate::{cache::Count, error::ApiError, kind::Kind, observe};

impl Reconcile<'_> {
    /// Sends the traffic of a rollout to the primary, if that can serve. Returns whether there was anything to send.
    ///
    /// # Errors
    /// When the route cannot be written.
    pub(super) async fn retreat(&self, canary: &Canary) -> Result<bool, ApiError> {
        let Some(status) = canary.status.as_ref() else { return Ok(false) };
        if !matches!(status.phase, Phase::Progressing | Phase::WaitingPromotion) {
            return Ok(false);
        }
        let services = status.service_name.as_deref().unwrap_or_else(|| canary.spec.apex_name());
        let entry = status.route_name.as_deref().unwrap_or(services);
        let Some(route) = router::of_entry(entry) else { return Ok(false) };
        if !self.serves(&format!("{services}-primary")).await {
            return Ok(false);
        }
        let (kind, key) = (Kind::Routed(route.kind), self.key.sibling(route.name));
        let Seen::Present(live) = observe::object(&self.cluster, kind, &key).await else { return Ok(false) };
        if !route.router.shares(&live) {
            return Ok(false);
        }
        let Some(write) = route.router.release(&live) else { return Ok(false) };
        self.cluster.merge(kind, &key, &write.body).await?;
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
