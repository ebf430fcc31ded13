//! Watches every rollout's objects, and what their versions say.

mod sights;

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use anyhow::{Result, bail};
use futures::StreamExt;
use k8s_openapi::api::{apps::v1::Deployment, discovery::v1::EndpointSlice};
use kube::{
    Api, Client, Resource, ResourceExt,
    core::{ApiResource, DynamicObject, GroupVersionKind},
    runtime::{
        WatchStreamExt,
        watcher::{self, Event},
    },
};
use serin_api::Canary;
use tokio::{sync::watch, task::JoinSet, time::timeout};

use crate::{
    timeline::{Sight, Timeline},
    workload::NAME,
};

/// Timelines by namespace.
pub(crate) type Timelines = BTreeMap<String, Timeline>;

/// All rollouts so far; the record goes on as long as this is kept.
pub(crate) struct Record {
    shared: Arc<Shared>,
    _watching: JoinSet<()>,
}

#[derive(Default)]
struct Shared {
    timelines: Mutex<Timelines>,
    changed: watch::Sender<u64>,
}

impl Record {
    /// Starts to watch the objects of these namespaces.
    pub(crate) fn start(client: &Client, namespaces: &[String]) -> Self {
        let timelines = namespaces.iter().map(|name| (name.clone(), Timeline::default())).collect();
        let shared = Arc::new(Shared { timelines: Mutex::new(timelines), ..Shared::default() });
        let mut watching = JoinSet::new();
        let all = watcher::Config::default();
        let canaries: Api<Canary> = Api::all(client.clone());
        watching.spawn(follow(canaries, all.clone(), Arc::clone(&shared), sights::canary));
        let gvk = GroupVersionKind::gvk("gateway.networking.k8s.io", "v1", "HTTPRoute");
        let routes = ApiResource::from_gvk_with_plural(&gvk, "httproutes");
        let routes: Api<DynamicObject> = Api::all_with(client.clone(), &routes);
        watching.spawn(follow(routes, all.clone(), Arc::clone(&shared), sights::route));
        let deployments: Api<Deployment> = Api::all(client.clone());
        watching.spawn(follow(deployments, all.clone(), Arc::clone(&shared), sights::deployment));
        let slices: Api<EndpointSlice> = Api::all(client.clone());
        let canarys = all.labels(&format!("kubernetes.io/service-name={NAME}-canary"));
        watching.spawn(follow(slices, canarys, Arc::clone(&shared), |slice| Some(sights::endpoints(slice))));
        Self { shared, _watching: watching }
    }

    /// The target's change is about to be sent.
    pub(crate) fn change(&self, namespace: &str) {
        if let Some(timeline) = self.shared.lock().get_mut(namespace) {
            timeline.change(Instant::now());
        }
    }

    /// What was seen so far.
    pub(crate) fn timelines(&self) -> Timelines {
        self.shared.lock().clone()
    }

    /// Waits until this holds for every rollout.
    ///
    /// # Errors
    /// It does not within the limit; the error names some for which it does not.
    pub(crate) async fn until_all(
        &self,
        what: &str,
        limit: Duration,
        holds: impl Fn(&Timeline) -> bool,
    ) -> Result<()> {
        let mut changed = self.shared.changed.subscribe();
        let waiting = changed.wait_for(|_| self.shared.lock().values().all(&holds));
        if matches!(timeout(limit, waiting).await, Ok(Ok(_))) {
            return Ok(());
        }
        let timelines = self.timelines();
        let others: Vec<_> = timelines.iter().filter(|(_, timeline)| !holds(timeline)).collect();
        let some =
            others.iter().take(3).map(|(name, timeline)| format!("\n  {name}: {}", timeline.standing()));
        let some: String = some.collect();
        let (late, all, seconds) = (others.len(), timelines.len(), limit.as_secs());
        bail!("{late} of {all} canaries are not {what} after {seconds} s, such as{some}");
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Timelines> {
        self.timelines.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn see(&self, namespace: &str, sight: Sight) {
        let at = Instant::now();
        if let Some(timeline) = self.lock().get_mut(namespace) {
            timeline.see(at, sight);
        }
        self.changed.send_modify(|count| *count += 1);
    }
}

async fn follow<K>(api: Api<K>, config: watcher::Config, shared: Arc<Shared>, sight: fn(&K) -> Option<Sight>)
where
    K: Resource + Clone + std::fmt::Debug + serde::de::DeserializeOwned + Send + 'static,
{
    let mut events = std::pin::pin!(watcher::watcher(api, config).default_backoff());
    while let Some(event) = events.next().await {
        // After an error the watch begins anew by itself.
        let Ok(Event::Apply(object) | Event::InitApply(object)) = event else { continue };
        if let (Some(namespace), Some(sight)) = (object.namespace(), sight(&object)) {
            shared.see(&namespace, sight);
        }
    }
}
