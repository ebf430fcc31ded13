//! Removing what was generated under names that are not in use any more.

use serde_json::Value;
use serin_core::{
    orphans::{Orphan, OrphanKind, objects, ours, route as route_of, used_by},
    router,
};

use super::{ActionError, Executor};
use crate::observe::orphans::kind;

impl Executor<'_> {
    /// Removes the route of an entry, or when there is none what else is left.
    pub(super) async fn remove_orphans(&self, entry: &str) -> Result<(), ActionError> {
        let left: Vec<_> = objects(self.rollout, entry)
            .into_iter()
            .filter_map(|object| Some((self.removable(&object)?, object)))
            .collect();
        let is_route = |(_, object): &&(&Value, Orphan)| matches!(object.kind, OrphanKind::Route(_));
        if let Some((live, route)) = left.iter().find(is_route) {
            // A route goes when no request matches it any more. One that cannot be read goes as it is.
            let router = route_of(entry).and_then(router::of_entry).map(|route| route.router);
            return match router.and_then(|router| router.retire(self.rollout, live)) {
                Some(write) => self.write_all(&[write]).await,
                None => self.remove(route, live).await,
            };
        }
        for (live, object) in left {
            self.remove(&object, live).await?;
        }
        Ok(())
    }

    /// The object as it was decided on, if it may go.
    fn removable(&self, object: &Orphan) -> Option<&Value> {
        let live = self.seen.orphans.get(object)?.object()?;
        let primary = self.seen.primary.object()?;
        (ours(self.rollout, live) && !used_by(primary, object)).then_some(live)
    }

    async fn remove(&self, object: &Orphan, live: &Value) -> Result<(), ActionError> {
        let (kind, key) = (kind(object), self.key.sibling(object.name.as_str()));
        let answer = self.cluster.delete(kind, &key, live).await;
        let name = format!("{} {}.{}", kind.name(), key.name, key.namespace);
        answer.map_err(|source| ActionError::api(|said| format!("deleting {name} failed: {said}"), source))
    }
}
