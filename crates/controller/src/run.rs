//! Putting the operator together.

use std::{sync::Arc, time::Duration};

use k8s_openapi::api::core::v1::{ConfigMap, Secret};
use kube::{Api, Client, Resource};
use tokio::{
    net::TcpListener,
    sync::watch,
    task::{JoinHandle, JoinSet},
};
use tokio_util::sync::CancellationToken;

use crate::{
    admin::Admin,
    cache::{CanaryHandler, ConfigHandler, EndpointHandler, ObjectHandler, object_kinds},
    client,
    context::Context,
    kind::Kind,
    lease::{Always, Leadership, LeaseElection, Term},
    metrics::Metrics,
    metrics_server,
    options::{Election, Options},
    reconcile,
    watch::{self as feed, Named, Object, Slice},
    worker,
};

pub use crate::{client::ClientError, context::ContextError};

/// How long deliveries of events and alerts may take after everything else has ended.
const DELIVERIES: Duration = Duration::from_secs(5);

/// Why the operator cannot start or go on.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// There is no cluster to work on.
    #[error(transparent)]
    Client(#[from] ClientError),
    /// The HTTP clients cannot be set up.
    #[error(transparent)]
    Context(#[from] ContextError),
    /// The port of health and metrics is taken.
    #[error("cannot listen on {address}: {source}; choose another --port")]
    Listen {
        /// The address.
        address: std::net::SocketAddr,
        /// What the system said.
        source: std::io::Error,
    },
}

/// Runs the operator until `stop` is cancelled, and ends it in an orderly way then: no new work, the
/// running reconciles come to their ends, the Lease is released.
///
/// # Errors
/// When it cannot start.
pub async fn run(options: Options, stop: CancellationToken) -> Result<(), RunError> {
    let metrics = Arc::new(Metrics::new(env!("CARGO_PKG_VERSION"), &options.settings.mesh_provider));
    let config = client::config(&options).await?;
    let server = config.cluster_url.to_string();
    let requests = metrics.operator.request_layer();
    let of_metrics = client::build(client::without_retries(config.clone()), &requests)?;
    let client = client::build(config, &requests)?;
    let (leads, term) = watch::channel(None);
    let ctx = Context::new(options, client, Arc::clone(&metrics), term.clone(), stop.clone())?;
    let ctx = Arc::new(ctx.with_metrics_of(of_metrics));
    announce(&ctx, &server);

    // Health, metrics and watches outlive the work: the last reconciles need them.
    let after = CancellationToken::new();
    let mut services = JoinSet::new();
    serve(&ctx, &after, &mut services).await?;
    let greeting = Arc::clone(&ctx);
    services.spawn(async move { metrics_server::greet(&greeting).await });
    watch_all(&ctx, &mut services);

    let worker = tokio::spawn(worker::run(Arc::clone(&ctx), term));
    let resign = CancellationToken::new();
    let election = elect(&ctx, resign.clone(), leads);
    stop.cancelled().await;
    tracing::info!("ending");
    if let Err(error) = worker.await {
        tracing::error!(%error, "the worker ended badly");
    }
    // While this replica leads: what it has told, no other has to tell again.
    ctx.tasks.close();
    let _ = tokio::time::timeout(DELIVERIES, ctx.tasks.wait()).await;
    reconcile::note_deliveries(&ctx).await;
    resign.cancel();
    let _ = election.await;
    after.cancel();
    Ok(())
}

fn announce(ctx: &Context, server: &str) {
    let (options, version) = (&ctx.options, env!("CARGO_PKG_VERSION"));
    let provider = &options.settings.mesh_provider;
    let namespace = options.namespace.as_deref().unwrap_or("all");
    tracing::info!(version, provider, server, namespace, "starting serin");
}

async fn serve(ctx: &Context, stop: &CancellationToken, services: &mut JoinSet<()>) -> Result<(), RunError> {
    let address = ctx.options.listen;
    let listener = TcpListener::bind(address).await.map_err(|source| RunError::Listen { address, source })?;
    let admin = Admin { caches: Arc::clone(&ctx.cluster.caches), metrics: Arc::clone(&ctx.metrics) };
    let serving = admin.serve(listener, stop.clone());
    services.spawn(async move {
        if let Err(error) = serving.await {
            tracing::error!(%error, "health and metrics are not served");
        }
    });
    Ok(())
}

/// Starts the election; without one this replica acts at once.
fn elect(ctx: &Context, resign: CancellationToken, leads: watch::Sender<Term>) -> JoinHandle<()> {
    let Some(election) = &ctx.options.election else {
        return tokio::spawn(Always.run(resign, leads));
    };
    let Election { namespace, lease, .. } = election;
    let identity = identity();
    tracing::info!(identity, lease, namespace, "taking part in the leader election");
    let candidate = LeaseElection::new(ctx.cluster.client.clone(), election, identity);
    tokio::spawn(candidate.run(resign, leads))
}

/// `<hostname>_<random>`, as Flagger's.
fn identity() -> String {
    let host = std::env::var("HOSTNAME").unwrap_or_else(|_| "serin".to_owned());
    format!("{host}_{:016x}", rand::random::<u64>())
}

/// Watches every kind, Canaries first: what they name decides which of the others are kept.
fn watch_all(ctx: &Context, services: &mut JoinSet<()>) {
    let (caches, queue) = (&ctx.cluster.caches, &ctx.cluster.queue);
    let handler = CanaryHandler { caches: Arc::clone(caches), queue: Arc::clone(queue) };
    services.spawn(feed::run(Kind::Canary, dynamic(ctx, Kind::Canary), handler));
    for kind in object_kinds() {
        let handler = ObjectHandler { kind, caches: Arc::clone(caches), queue: Arc::clone(queue) };
        let (caches, feed) = (Arc::clone(caches), feed::run(kind, dynamic(ctx, kind), handler));
        spawn_second(ctx, services, async move {
            caches.until_wanted(kind).await;
            feed.await;
        });
    }
    let handler = EndpointHandler { caches: Arc::clone(caches), queue: Arc::clone(queue) };
    let slices = typed::<Slice>(ctx);
    spawn_second(ctx, services, feed::run(Kind::EndpointSlice, slices, handler));
    if !ctx.options.settings.config_tracking {
        return [Kind::ConfigMap, Kind::Secret].into_iter().for_each(|kind| nothing_to_watch(ctx, kind));
    }
    let handler = |kind| ConfigHandler { kind, caches: Arc::clone(caches), queue: Arc::clone(queue) };
    let config_maps = typed::<Named<ConfigMap>>(ctx);
    spawn_second(ctx, services, feed::run(Kind::ConfigMap, config_maps, handler(Kind::ConfigMap)));
    let secrets = typed::<Named<Secret>>(ctx);
    spawn_second(ctx, services, feed::run(Kind::Secret, secrets, handler(Kind::Secret)));
}

fn nothing_to_watch(ctx: &Context, kind: Kind) {
    if let Some(store) = ctx.cluster.caches.configs(kind) {
        store.list_begins();
        store.list_ends();
    }
}

/// Starts a watch once the Canaries are known.
fn spawn_second(ctx: &Context, services: &mut JoinSet<()>, watch: impl Future<Output = ()> + Send + 'static) {
    let caches = Arc::clone(&ctx.cluster.caches);
    services.spawn(async move {
        caches.canaries.until_started().await;
        watch.await;
    });
}

fn dynamic(ctx: &Context, kind: Kind) -> Api<Object> {
    let (client, resource) = (ctx.cluster.client.clone(), kind.resource());
    match &ctx.options.namespace {
        Some(namespace) => Api::namespaced_with(client, namespace, &resource),
        None => Api::all_with(client, &resource),
    }
}

fn typed<K>(ctx: &Context) -> Api<K>
where
    K: Resource<DynamicType = (), Scope = k8s_openapi::NamespaceResourceScope>,
{
    let client: Client = ctx.cluster.client.clone();
    match &ctx.options.namespace {
        Some(namespace) => Api::namespaced(client, namespace),
        None => Api::all(client),
    }
}
