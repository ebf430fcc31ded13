//! What is not loaded yet is waited for, not told: a kind is listed once a Canary names an object of it.

use std::{sync::Arc, time::Duration};

use serin_core::{Rollout, validate::validate};

use crate::{
    cache::{Health, Lookup},
    context::Context,
    key::Key,
    kind::Kind,
    reconcile,
};

/// How long a first list is waited for. After that objects are read one by one, and what cannot be read is told.
const PATIENCE: Duration = Duration::from_secs(10);

/// The first lists that a Canary waits for.
pub(super) struct Lists {
    kinds: Vec<Kind>,
    /// How long it still waits for them.
    pub(super) patience: Duration,
}

/// The first lists that a Canary has to wait for, if there are any. Others do not wait with it.
pub(super) fn awaited(ctx: &Context, key: &Key) -> Option<Lists> {
    let starting = |(kind, health): (Kind, Health)| (health == Health::Starting).then_some(kind);
    let mut kinds: Vec<Kind> = ctx.cluster.caches.health().into_iter().filter_map(starting).collect();
    if !kinds.is_empty() {
        let rollout = rollout(ctx, key);
        kinds.retain(|kind| rollout.as_ref().is_some_and(|rollout| reconcile::needs(rollout, *kind)));
    }
    let waited = ctx.local.of(key).reads().loading(!kinds.is_empty())?;
    let patience = PATIENCE.checked_sub(waited).filter(|left| !left.is_zero())?;
    Some(Lists { kinds, patience })
}

/// Wakes a Canary as soon as all these lists are there.
pub(super) fn wake_with(ctx: &Arc<Context>, key: &Key, lists: Lists) {
    let (ctx, key) = (Arc::clone(ctx), key.clone());
    let complete = async move {
        for kind in lists.kinds {
            ctx.cluster.caches.until_started(kind).await;
        }
        ctx.cluster.queue.wake(&key);
    };
    tokio::spawn(tokio::time::timeout(lists.patience, complete));
}

/// The Canary, if it can be served at all.
fn rollout(ctx: &Context, key: &Key) -> Option<Rollout> {
    let Lookup::Present(entry) = ctx.cluster.caches.canaries.get(key) else { return None };
    validate(&entry.canary, &ctx.options.settings).ok()
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};
    use tokio_util::sync::CancellationToken;

    use super::*;
    use crate::{
        cache::CanaryHandler,
        metrics::Metrics,
        testing::{FakeApi, options, sync},
        watch::EventHandler,
    };

    fn canary(name: &str, metrics: &Value) -> Value {
        json!({
            "apiVersion": "flagger.app/v1beta1", "kind": "Canary",
            "metadata": { "name": name, "namespace": "test", "uid": name, "resourceVersion": "1" },
            "spec": {
                "targetRef": { "apiVersion": "apps/v1", "kind": "Deployment", "name": name },
                "service": { "port": 80 },
                "analysis": { "interval": "10s", "threshold": 1, "iterations": 2, "metrics": metrics },
            },
        })
    }

    fn operator() -> Context {
        let (_, term) = tokio::sync::watch::channel(None);
        let metrics = Arc::new(Metrics::new("test", "kubernetes"));
        let ctx =
            Context::new(options(), FakeApi::default().client(), metrics, term, CancellationToken::new())
                .unwrap();
        sync(&ctx.cluster.caches);
        let (caches, queue) = (Arc::clone(&ctx.cluster.caches), Arc::clone(&ctx.cluster.queue));
        let handler = CanaryHandler { caches, queue };
        let templates = json!([{ "name": "errors", "templateRef": { "name": "errors" }, "thresholdRange": { "max": 1 } }]);
        handler.applied(serde_json::from_value(canary("judged", &templates)).unwrap());
        handler.applied(serde_json::from_value(canary("plain", &json!([]))).unwrap());
        ctx
    }

    #[tokio::test(start_paused = true)]
    async fn only_canaries_that_need_the_kind_wait_for_its_first_list() {
        let ctx = operator();
        let (judged, plain) = (Key::new("test", "judged"), Key::new("test", "plain"));
        assert!(awaited(&ctx, &judged).is_none());
        let templates = ctx.cluster.caches.objects(Kind::MetricTemplate).unwrap();
        templates.fail(Health::Starting);
        assert!(awaited(&ctx, &judged).is_some() && awaited(&ctx, &plain).is_none());
        templates.list_begins();
        templates.list_ends();
        assert!(awaited(&ctx, &judged).is_none());
    }

    #[tokio::test(start_paused = true)]
    async fn a_list_that_never_comes_is_not_waited_for_without_end() {
        let ctx = operator();
        ctx.cluster.caches.objects(Kind::MetricTemplate).unwrap().fail(Health::Starting);
        let key = Key::new("test", "judged");
        assert!(awaited(&ctx, &key).is_some());
        tokio::time::advance(PATIENCE).await;
        assert!(awaited(&ctx, &key).is_none());
    }

    #[tokio::test(start_paused = true)]
    async fn the_end_of_the_list_wakes_who_waits_for_it() {
        let ctx = Arc::new(operator());
        let key = Key::new("test", "judged");
        let templates = ctx.cluster.caches.objects(Kind::MetricTemplate).unwrap();
        templates.fail(Health::Starting);
        for name in ["judged", "plain"] {
            ctx.cluster.queue.forget(&Key::new("test", name));
        }
        wake_with(&ctx, &key, awaited(&ctx, &key).unwrap());
        let next = || tokio::time::timeout(PATIENCE / 2, ctx.cluster.queue.next());
        assert!(next().await.is_err());
        templates.list_begins();
        templates.list_ends();
        assert_eq!(next().await.ok(), Some(key));
    }
}
