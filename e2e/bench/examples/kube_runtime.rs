//! The job of a replica of Serin that stands by, done with kube's runtime: reflectors hold what
//! is watched, and a controller says which Canary to look at. `serin-bench --beside` runs it.
//! It finds the cluster as `kubectl` does, and serves its counts on `-port=<port>`. The kinds are
//! those that Serin watches in the benchmark. See `docs/decisions/0011-own-runtime.md`.

use std::collections::BTreeMap;
use std::fmt::Debug;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use anyhow::{Context, Result};
use axum::{Router, http, routing::get};
use futures::{Stream, StreamExt, TryStreamExt, future, stream, stream::BoxStream};
use k8s_openapi::api::core::v1::{ConfigMap, Secret};
use k8s_openapi::api::discovery::v1::EndpointSlice;
use kube::api::{ApiResource, DynamicObject, GroupVersionKind, PartialObjectMeta};
use kube::client::{Body, ClientBuilder};
use kube::runtime::controller::{self, Action, applier};
use kube::runtime::reflector::{ObjectRef, Store, store::Writer};
use kube::runtime::{Predicate, PredicateConfig, WatchStreamExt, predicates, watcher};
use kube::{Api, Client, Config, Resource, ResourceExt};
use serde::de::DeserializeOwned;
use serin_api::Canary;
use tower::util::MapRequestLayer;

/// Serin's.
const CONCURRENCY: u16 = 64;
const DEBOUNCE: Duration = Duration::from_millis(50);
type Refs = Vec<ObjectRef<Canary>>;

#[derive(Default)]
struct Counts {
    /// By labels.
    requests: Mutex<BTreeMap<String, u64>>,
    reconciles: AtomicU64,
}

#[tokio::main]
async fn main() -> Result<()> {
    let port = std::env::args().find_map(|arg| arg.strip_prefix("-port=")?.parse::<u16>().ok());
    let address = ("127.0.0.1", port.context("-port=<port>")?);
    let listener = tokio::net::TcpListener::bind(address).await?;
    let counts = Arc::new(Counts::default());
    let served = Arc::clone(&counts);
    let router = Router::new().route("/metrics", get(move || future::ready(served.text())));
    let client = client(&counts).await?;
    tokio::select! {
        served = axum::serve(listener, router) => Ok(served?),
        () = work(client, counts) => Ok(()),
    }
}

async fn client(counts: &Arc<Counts>) -> Result<Client> {
    let (config, counts) = (Config::infer().await?, Arc::clone(counts));
    let counted = MapRequestLayer::new(move |request: http::Request<Body>| {
        counts.request(request.uri());
        request
    });
    Ok(ClientBuilder::try_from(config)?.with_layer(&counted).build())
}

/// Watches everything and counts the reconciles that follow. `Controller` is the same machinery,
/// but only kube's unstable features let one watch feed both a store and a `Controller`.
async fn work(client: Client, counts: Arc<Counts>) {
    let [deployment, service] = [("apps", "Deployment"), ("", "Service")].map(resource);
    let group = "gateway.networking.k8s.io";
    let [route, gateway] = ["HTTPRoute", "Gateway"].map(|kind| resource((group, kind)));
    let (canary_writer, deployment_writer) = (Writer::new(()), Writer::new(deployment.clone()));
    let (store, deployments) = (canary_writer.as_reader(), deployment_writer.as_reader());
    let targets = Targets { canaries: store.clone(), deployments };
    let [gateways, configs] = [targets.clone(), targets.clone()];
    let whole = |resource: &ApiResource| Api::<DynamicObject>::all_with(client.clone(), resource);
    let spec = predicates::generation.combine(predicates::annotations);
    let (spec, slim) = (spec.combine(predicates::finalizers), PredicateConfig::default);
    let canaries = watched(Api::<Canary>::all(client.clone()), canary_writer);
    let slices = watched(Api::<EndpointSlice>::all(client.clone()), Writer::new(()));
    let config_maps = Api::<PartialObjectMeta<ConfigMap>>::all(client.clone());
    let secrets = Api::<PartialObjectMeta<Secret>>::all(client.clone());
    let queue = stream::select_all([
        trigger(canaries.predicate_filter(spec, slim()), |c| vec![ObjectRef::from_obj(c)]),
        trigger(watched(whole(&deployment), deployment_writer), by_name),
        trigger(watched(whole(&service), Writer::new(service)), by_name),
        trigger(watched(whole(&route), Writer::new(route)), by_name),
        trigger(watched(whole(&gateway), Writer::new(gateway)), move |g| gateways.of_gateway(g)),
        trigger(slices.predicate_filter(|slice: &EndpointSlice| Some(readiness(slice)), slim()), by_service),
        trigger(watched(config_maps, Writer::new(())), move |c| configs.of_config(c)),
        trigger(watched(secrets, Writer::new(())), move |s| targets.of_config(s)),
    ]);
    let queue = queue.map_ok(|refs| stream::iter(refs).map(Ok::<_, watcher::Error>)).try_flatten();
    let reconcile = |_, counts: Arc<Counts>| {
        counts.reconciles.fetch_add(1, Relaxed);
        future::ready(Ok::<_, watcher::Error>(Action::await_change()))
    };
    let retry = |_, _: &watcher::Error, _| Action::requeue(DEBOUNCE);
    let config = controller::Config::default().debounce(DEBOUNCE).concurrency(CONCURRENCY);
    applier(reconcile, retry, counts, store, queue, config).for_each(|_| future::ready(())).await;
}

fn resource((group, kind): (&str, &str)) -> ApiResource {
    ApiResource::from_gvk(&GroupVersionKind::gvk(group, "v1", kind))
}

/// Keeps all objects of a kind in a store, and tells of each that changes.
fn watched<K>(api: Api<K>, writer: Writer<K>) -> impl Stream<Item = watcher::Result<K>> + Send
where
    K: Resource<DynamicType: Clone + Debug + Eq + Hash + Send + Sync> + Clone + Debug,
    K: DeserializeOwned + Send + Sync + 'static,
{
    let events = watcher(api, watcher::Config::default()).default_backoff();
    let slim = events.modify(|object| object.meta_mut().managed_fields = None);
    slim.reflect(writer).touched_objects()
}

fn trigger<K>(
    changed: impl Stream<Item = watcher::Result<K>> + Send + 'static,
    concerned: impl Fn(&K) -> Refs + Send + 'static,
) -> BoxStream<'static, watcher::Result<Refs>> {
    changed.map_ok(move |object| concerned(&object)).boxed()
}

/// The Canary that an object was made for, or whose target has such a name.
fn by_name(object: &DynamicObject) -> Refs {
    let owner = object.owner_references().iter().find(|owner| owner.kind == "Canary");
    let name = owner.map_or_else(|| object.name_any(), |owner| owner.name.clone());
    vec![of_target(&name, object.namespace())]
}

fn of_target(name: &str, namespace: Option<String>) -> ObjectRef<Canary> {
    let target = name.strip_suffix("-primary").or_else(|| name.strip_suffix("-canary"));
    ObjectRef::new(target.unwrap_or(name)).within(&namespace.unwrap_or_default())
}

fn by_service(slice: &EndpointSlice) -> Refs {
    let service = slice.labels().get("kubernetes.io/service-name");
    service.map(|service| of_target(service, slice.namespace())).into_iter().collect()
}

/// What a decision looks at of a slice.
fn readiness(slice: &EndpointSlice) -> u64 {
    let mut hasher = DefaultHasher::new();
    for known in slice.endpoints.iter().filter_map(|endpoint| endpoint.conditions.as_ref()) {
        (known.ready, known.serving, known.terminating).hash(&mut hasher);
    }
    hasher.finish()
}

/// Where Canaries are looked up by the objects that they use.
#[derive(Clone)]
struct Targets {
    canaries: Store<Canary>,
    deployments: Store<DynamicObject>,
}

impl Targets {
    fn of_gateway(&self, gateway: &DynamicObject) -> Refs {
        let name = gateway.name_any();
        self.matching(|canary| {
            let mut services = canary.spec.service.iter();
            services.any(|service| service.gateway_refs.iter().any(|gateway| gateway.name == name))
        })
    }

    fn of_config<K: Resource>(&self, config: &K) -> Refs {
        let (name, namespace) = (format!("\"{}\"", config.name_any()), config.namespace());
        self.matching(|canary| {
            let (target, kind) = (&canary.spec.target_ref.name, resource(("apps", "Deployment")));
            let target = ObjectRef::new_with(target, kind);
            let target = target.within(namespace.as_deref().unwrap_or_default());
            let template = |target: Arc<DynamicObject>| target.data["spec"]["template"].to_string();
            canary.namespace() == namespace
                && self.deployments.get(&target).is_some_and(|t| template(t).contains(&name))
        })
    }

    fn matching(&self, matches: impl Fn(&Canary) -> bool) -> Refs {
        let canaries = self.canaries.state();
        let matching = canaries.iter().filter(|canary| matches(canary));
        matching.map(|canary| ObjectRef::from_obj(&**canary)).collect()
    }
}

impl Counts {
    fn request(&self, uri: &http::Uri) {
        let watch = uri.query().is_some_and(|query| query.contains("watch=true"));
        let verb = if watch { "watch" } else { "list" };
        let resource = uri.path().rsplit('/').next().unwrap_or_default();
        let labels = format!("verb=\"{verb}\",resource=\"{resource}\"");
        let mut requests = self.requests.lock().unwrap_or_else(PoisonError::into_inner);
        *requests.entry(labels).or_default() += 1;
    }

    fn text(&self) -> String {
        let requests = self.requests.lock().unwrap_or_else(PoisonError::into_inner);
        let line = |(labels, count)| format!("serin_api_requests_total{{{labels}}} {count}\n");
        let requests: String = requests.iter().map(line).collect();
        requests + &format!("serin_reconciles_total {}\n", self.reconciles.load(Relaxed))
    }
}
