//! Removing what was generated under names that are not in use any more.

use serde_json::Value;
use serin_api::HttpRoute;
use serin_core::build::{
    leftovers::{Leftover, LeftoverKind, objects, ours, used_by},
    route::retired,
};

use super::{ActionError, Hands};
use crate::observe::leftovers::kind;

impl Hands<'_> {
    /// Removes the route of an entry, or when there is none what else is left.
    pub(super) async fn remove_leftovers(&self, entry: &str) -> Result<(), ActionError> {
        let left: Vec<_> = objects(self.rollout, entry)
            .into_iter()
            .filter_map(|object| Some((self.removable(&object)?, object)))
            .collect();
        let is_route = |(_, object): &&(&Value, Leftover)| object.kind == LeftoverKind::Route;
        if let Some((live, route)) = left.iter().find(is_route) {
            return match self.retirement(live) {
                Some(patch) => self.retire(route, &patch).await,
                None => self.remove(route, live).await,
            };
        }
        for (live, object) in left {
            self.remove(&object, live).await?;
        }
        Ok(())
    }

    /// The object as it was decided on, if it may go.
    fn removable(&self, object: &Leftover) -> Option<&Value> {
        let live = self.seen.leftovers.get(object)?.object()?;
        let primary = self.seen.primary.object()?;
        (ours(self.rollout, live) && !used_by(primary, object)).then_some(live)
    }

    /// A route goes when no request matches it any more. One that cannot be read goes as it is.
    fn retirement(&self, live: &Value) -> Option<Value> {
        let route: HttpRoute = serde_json::from_value(live.clone()).ok()?;
        retired(self.rollout, &route)
    }

    async fn retire(&self, object: &Leftover, patch: &Value) -> Result<(), ActionError> {
        let (kind, key) = (kind(object), self.key.sibling(object.name.as_str()));
        let answer = self.cluster.merge(kind, &key, patch).await;
        let name = format!("{} {}.{}", kind.name(), key.name, key.namespace);
        let text = |said: &str| format!("taking {name} out of service failed: {said}");
        answer.map(drop).map_err(|source| ActionError::api(text, source))
    }

    async fn remove(&self, object: &Leftover, live: &Value) -> Result<(), ActionError> {
        let (kind, key) = (kind(object), self.key.sibling(object.name.as_str()));
        let answer = self.cluster.delete(kind, &key, live).await;
        let name = format!("{} {}.{}", kind.name(), key.name, key.namespace);
        answer.map_err(|source| ActionError::api(|said| format!("deleting {name} failed: {said}"), source))
    }
}
