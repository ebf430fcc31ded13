//! What is not loaded yet is waited for, not told: a kind is listed once a Canary names an object of it.

use std::time::Duration;

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

/// Whether a Canary has to wait for the first list of a kind that it needs. Others do not wait with it.
pub(super) fn awaits(ctx: &Context, key: &Key) -> bool {
    let starting = |(kind, health): (Kind, Health)| (health == Health::Starting).then_some(kind);
    let starting: Vec<Kind> = ctx.cluster.caches.health().into_iter().filter_map(starting).collect();
    let needed = !starting.is_empty() && {
        let rollout = rollout(ctx, key);
        rollout.is_some_and(|rollout| starting.iter().any(|kind| reconcile::needs(&rollout, *kind)))
    };
    ctx.local.of(key).reads().loading(needed).is_some_and(|waited| waited < PATIENCE)
}

/// The Canary, if it can be served at all.
fn rollout(ctx: &Context, key: &Key) -> Option<Rollout> {
    let Lookup::Present(entry) = ctx.cluster.caches.canaries.get(key) else { return None };
    validate(&entry.canary, &ctx.options.settings).ok()
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

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
        assert!(!awaits(&ctx, &judged));
        let templates = ctx.cluster.caches.objects(Kind::MetricTemplate).unwrap();
        templates.fail(Health::Starting);
        assert!(awaits(&ctx, &judged) && !awaits(&ctx, &plain));
        templates.list_begins();
        templates.list_ends();
        assert!(!awaits(&ctx, &judged));
    }

    #[tokio::test(start_paused = true)]
    async fn a_list_that_never_comes_is_not_waited_for_without_end() {
        let ctx = operator();
        ctx.cluster.caches.objects(Kind::MetricTemplate).unwrap().fail(Health::Starting);
        let key = Key::new("test", "judged");
        assert!(awaits(&ctx, &key));
        tokio::time::advance(PATIENCE).await;
        assert!(!awaits(&ctx, &key));
    }
}
