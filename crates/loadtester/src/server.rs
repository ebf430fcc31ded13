//! The HTTP API: that of Flagger's load tester. The method of a request does not matter.

use std::{
    future::IntoFuture as _,
    net::{Ipv4Addr, Ipv6Addr},
    sync::Arc,
    time::Duration,
};

use axum::{
    Router,
    extract::{DefaultBodyLimit, State},
    http::{StatusCode, header::CONTENT_TYPE},
    response::{IntoResponse, Response},
    routing::any,
};
use tokio::{net::TcpListener, time::timeout};
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

use crate::{Config, Error, Namespaces, gate::Gates, metrics::Metrics, runner::Runner, task::Rules};

mod gates;
mod path;
mod refusal;
mod tasks;

/// The largest body taken, in bytes.
const BODY: usize = 1024 * 1024;

/// How long the shutdown waits for connections and tasks.
const FAREWELL: Duration = Duration::from_secs(10);

/// What the handlers share.
#[derive(Clone, Debug)]
pub struct AppState(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    gates: Gates,
    namespaces: Namespaces,
    metrics: Metrics,
    rules: Rules,
    runner: Runner,
}

impl AppState {
    /// The state of a fresh load tester: every gate closed, no task running. Cancelling `shutdown` ends its tasks.
    pub fn new(config: &Config, shutdown: CancellationToken) -> Self {
        let metrics = Metrics::new();
        let rules = Rules { timeout: config.command_timeout, hey_installed: path::has("hey") };
        let runner = Runner::new(config.max_tasks, config.command_timeout, metrics.clone(), shutdown);
        let namespaces = config.namespace_regexp.clone();
        Self(Arc::new(Shared { gates: Gates::default(), namespaces, metrics, rules, runner }))
    }

    /// Waits until no task is running.
    pub async fn drain(&self) {
        self.0.runner.drain().await;
    }
}

/// The routes of the load tester.
pub fn router(state: AppState) -> Router {
    Router::new()
        .route("/healthz", any(|| async { "OK" }))
        .route("/metrics", any(metrics))
        .route("/gate/approve", any(|| async { "OK" }))
        .route("/gate/halt", any(|| async { (StatusCode::FORBIDDEN, "Forbidden") }))
        .nest("/gate", gates::routes(gates::Kind::Gate))
        .nest("/rollback", gates::routes(gates::Kind::Rollback))
        .fallback(tasks::run)
        .layer(DefaultBodyLimit::max(BODY))
        .with_state(state)
}

/// Serves on `listener` until `shutdown` is cancelled, then ends all tasks.
///
/// # Errors
/// [`Error::Serve`] when the HTTP server ends before `shutdown` is cancelled.
pub async fn serve(listener: TcpListener, state: AppState, shutdown: CancellationToken) -> Result<(), Error> {
    let server = axum::serve(listener, router(state.clone()))
        .with_graceful_shutdown(shutdown.clone().cancelled_owned());
    let end = async {
        shutdown.cancelled().await;
        tokio::time::sleep(FAREWELL).await;
    };
    tokio::select! {
        result = server.into_future() => result?,
        () = end => warn!("some connections were still open at the end of the shutdown"),
    }
    if timeout(FAREWELL, state.drain()).await.is_err() {
        warn!("some tasks were still running at the end of the shutdown");
    }
    Ok(())
}

/// Runs the load tester as `config` says until `shutdown` is cancelled.
///
/// # Errors
/// [`Error::Listen`] when the port cannot be bound, and as [`serve`].
pub async fn run(config: Config, shutdown: CancellationToken) -> Result<(), Error> {
    let listener = listen(config.port).await?;
    info!(port = config.port, version = env!("CARGO_PKG_VERSION"), "the load tester is listening");
    let state = AppState::new(&config, shutdown.clone());
    serve(listener, state, shutdown).await?;
    info!("the load tester has ended");
    Ok(())
}

/// Listens on IPv6 and IPv4, or on IPv4 alone where there is nothing else.
async fn listen(port: u16) -> Result<TcpListener, Error> {
    if let Ok(listener) = TcpListener::bind((Ipv6Addr::UNSPECIFIED, port)).await {
        return Ok(listener);
    }
    let listener = TcpListener::bind((Ipv4Addr::UNSPECIFIED, port)).await;
    listener.map_err(|source| Error::Listen { port, source })
}

async fn metrics(State(state): State<AppState>) -> Response {
    let content_type = "application/openmetrics-text; version=1.0.0; charset=utf-8";
    match state.0.metrics.text() {
        Ok(text) => ([(CONTENT_TYPE, content_type)], text).into_response(),
        Err(error) => (StatusCode::INTERNAL_SERVER_ERROR, error.to_string()).into_response(),
    }
}

#[cfg(test)]
mod tests;
