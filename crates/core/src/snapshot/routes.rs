//! The route, by the eyes and hands of its router.

use serde_json::Value;
use serin_api::CanaryStatus;

use super::Snapshot;
use crate::{
    Rollout, Routing, Seen,
    affinity::Cookies,
    build::BuildError,
    identity,
    observe::Route,
    router::{self, Scene, Write},
    settings::Settings,
    state::codec,
};

impl Snapshot {
    /// The object that splits the traffic, if it is there.
    pub fn live_route(&self, rollout: &Rollout) -> Option<&Value> {
        self.routes.get(&router::route(rollout)?)?.object()
    }

    pub(super) fn route(&self, rollout: &Rollout, settings: &Settings) -> Result<Seen<Route>, BuildError> {
        let live = self.live_route(rollout).filter(|_| !rollout.deleting);
        if live.and_then(|live| router::of(rollout).conflict(rollout, live)).is_some() {
            return Ok(Seen::Unknown("it is somebody else's".to_owned()));
        }
        let cookies = self.canary.status.as_ref().map(Cookies::of).unwrap_or_default();
        self.with_scene(rollout, settings, &cookies, |scene| router::of(rollout).read(scene))
    }

    /// What has to be written for an intent, with the cookies of the status that was decided.
    ///
    /// # Errors
    /// When the objects contradict the Canary.
    pub fn route_writes(
        &self,
        rollout: &Rollout,
        settings: &Settings,
        cookies: &Cookies,
        intent: Routing,
    ) -> Result<Vec<Write>, BuildError> {
        self.with_scene(rollout, settings, cookies, |scene| router::of(rollout).build(scene, intent))
    }

    /// The next step on the way to what was there before the Canary.
    ///
    /// # Errors
    /// When the objects contradict the Canary.
    pub fn revert_writes(&self, rollout: &Rollout, settings: &Settings) -> Result<Vec<Write>, BuildError> {
        let apex = self.apex_service.object();
        let cookies = Cookies::default();
        self.with_scene(rollout, settings, &cookies, |scene| router::of(rollout).revert(scene, apex))
    }

    /// What sends the traffic of the route of a former name to its primary.
    pub fn release_write(&self, entry: &str) -> Option<Write> {
        let route = router::of_entry(entry)?;
        route.router.release(self.former_route.object()?)
    }

    /// Whether the route of a former name gives the canary a share.
    pub(super) fn former_route_shares(&self, rollout: &Rollout) -> Seen<bool> {
        let former =
            |status: &CanaryStatus| identity::former_route(rollout, &codec::names(status), &status.leftovers);
        let entry = self.canary.status.as_ref().and_then(former);
        let route = entry.as_deref().and_then(router::of_entry);
        let shares = |live: &Value| route.is_some_and(|route| route.router.shares(live));
        self.former_route.as_ref().map(|live| shares(live))
    }

    fn with_scene<T>(
        &self,
        rollout: &Rollout,
        settings: &Settings,
        cookies: &Cookies,
        ask: impl FnOnce(&Scene<'_>) -> T,
    ) -> T {
        // A selector that says nothing is told elsewhere; the route can be read without.
        let selector = self.selector(rollout, settings).ok().flatten();
        ask(&Scene {
            rollout,
            selector: selector.as_ref(),
            cookies,
            objects: &self.routes,
            refused: self.route_refused.as_deref(),
        })
    }
}
