//! A proxy between an operator and the API server that can hold a request: the operator is killed there.

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use anyhow::{Context, Result};
use axum::{
    Router,
    body::{Body, to_bytes},
    extract::{Request, State},
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use kube::Client;
use serde_json::Value;
use tokio::{sync::watch, time::timeout};

use crate::loopback::Server;

/// Bytes of a request.
const MOST: usize = 4 << 20;

/// A request of the operator.
#[derive(Clone, Debug)]
pub struct Call {
    /// Its method.
    pub method: String,
    /// Path and query.
    pub path: String,
    /// Its body, if that is JSON.
    pub body: Value,
    /// When it came.
    pub at: Instant,
}

/// Where a request is held.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Moment {
    /// The API server does not get to see it.
    Before,
    /// The API server has done it; the operator does not get to know.
    After,
}

type Test = Box<dyn Fn(&Call) -> bool + Send>;

/// The running proxy.
pub struct ApiProxy {
    /// Where the operator finds the API server.
    pub url: String,
    shared: Arc<Shared>,
    _server: Server,
}

struct Shared {
    client: Client,
    trap: Mutex<Option<(Moment, Test)>>,
    calls: Mutex<Vec<Call>>,
    caught: watch::Sender<bool>,
}

impl ApiProxy {
    /// Starts on a free port of the loopback interface; requests are sent on with the rights of `client`.
    ///
    /// # Errors
    /// No port is free.
    pub async fn start(client: Client) -> Result<Self> {
        let shared = Arc::new(Shared {
            client,
            trap: Mutex::default(),
            calls: Mutex::default(),
            caught: watch::Sender::new(false),
        });
        let router = Router::new().fallback(pass).with_state(Arc::clone(&shared));
        let server = Server::start(router).await?;
        Ok(Self { url: server.url.clone(), shared, _server: server })
    }

    /// Holds the next request of this kind until the operator hangs up.
    pub fn hold(&self, moment: Moment, test: impl Fn(&Call) -> bool + Send + 'static) {
        self.shared.caught.send_replace(false);
        *lock(&self.shared.trap) = Some((moment, Box::new(test)));
    }

    /// Waits until a request is held.
    ///
    /// # Errors
    /// No such request comes within the limit.
    pub async fn held(&self, limit: Duration) -> Result<()> {
        let mut caught = self.shared.caught.subscribe();
        let waited = timeout(limit, caught.wait_for(|caught| *caught)).await;
        waited.context("no request was held").map(drop)
    }

    /// The writing requests so far.
    pub fn writes(&self) -> Vec<Call> {
        lock(&self.shared.calls).clone()
    }
}

impl Shared {
    /// Where this request is to be held. Each trap holds one.
    fn hold(&self, call: &Call) -> Option<Moment> {
        let mut trap = lock(&self.trap);
        let held = trap.as_ref().is_some_and(|(_, test)| test(call));
        if held { trap.take().map(|(moment, _)| moment) } else { None }
    }

    async fn wait(&self) {
        self.caught.send_replace(true);
        std::future::pending::<()>().await;
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

async fn pass(State(shared): State<Arc<Shared>>, request: Request) -> Response {
    match forward(&shared, request).await {
        Ok(answer) => answer,
        Err(error) => (StatusCode::BAD_GATEWAY, format!("{error:#}")).into_response(),
    }
}

async fn forward(shared: &Shared, request: Request) -> Result<Response> {
    let (mut parts, body) = request.into_parts();
    let body = to_bytes(body, MOST).await?;
    let path = parts.uri.path_and_query().map(ToString::to_string).unwrap_or_default();
    let call = Call {
        method: parts.method.to_string(),
        path,
        body: serde_json::from_slice(&body).unwrap_or_default(),
        at: Instant::now(),
    };
    let moment = shared.hold(&call);
    if call.method != "GET" {
        lock(&shared.calls).push(call);
    }
    if moment == Some(Moment::Before) {
        shared.wait().await;
    }
    for name in [header::HOST, header::AUTHORIZATION, header::ACCEPT_ENCODING, header::CONTENT_LENGTH] {
        parts.headers.remove(name);
    }
    let request = http::Request::from_parts(parts, kube::client::Body::from(body.to_vec()));
    let (mut parts, body) = shared.client.send(request).await?.into_parts();
    if moment == Some(Moment::After) {
        shared.wait().await;
    }
    for name in [header::CONTENT_LENGTH, header::TRANSFER_ENCODING, header::CONTENT_ENCODING] {
        parts.headers.remove(name);
    }
    Ok(Response::from_parts(parts, Body::new(body)))
}
