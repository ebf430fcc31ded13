//! An API server in memory, for tests of the shell.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
    time::Duration,
};

use axum::{
    Json, Router,
    body::Bytes,
    extract::State,
    http::{HeaderMap, Method, StatusCode, Uri},
    response::{IntoResponse, Response},
};
use kube::Client;
use serde_json::{Value, json};
use serin_core::validate::Settings;
use tokio::sync::Notify;

use crate::{
    cache::{Caches, object_kinds},
    kind::Kind,
    lock::lock,
    options::Options,
};

/// Options of an operator that serves Canaries without a route.
pub(crate) fn options() -> Options {
    Options {
        kubeconfig: None,
        master: None,
        namespace: None,
        settings: Settings { mesh_provider: "kubernetes".to_owned(), ..Settings::default() },
        metrics_server: "http://127.0.0.1:1".to_owned(),
        event_webhook: None,
        alert_receiver: None,
        cluster_name: None,
        listen: ([127, 0, 0, 1], 0).into(),
        concurrency: 1,
        election: None,
        grace: Duration::from_secs(1),
    }
}

/// Every watch has delivered an empty list: what is wanted from here on is read once.
pub(crate) fn sync(caches: &Caches) {
    caches.canaries.list_begins();
    caches.canaries.list_ends();
    caches.endpoints.list_begins();
    caches.endpoints.list_ends();
    for store in object_kinds().filter_map(|kind| caches.objects(kind)) {
        store.list_begins();
        store.list_ends();
    }
    for store in [Kind::ConfigMap, Kind::Secret].into_iter().filter_map(|kind| caches.configs(kind)) {
        store.list_begins();
        store.list_ends();
    }
}

/// Objects by path, and what was asked of them.
#[derive(Clone, Default)]
pub(crate) struct FakeApi(Arc<Mutex<Inner>>);

#[derive(Default)]
struct Inner {
    objects: BTreeMap<String, Value>,
    version: u64,
    log: Vec<String>,
    /// Requests that are refused, by method and part of the path.
    refused: Vec<(Method, &'static str, u16)>,
    /// Whether every Service has a ready endpoint.
    endpoints: bool,
    /// Whether statuses lose what Flagger does not know.
    prunes: bool,
}

/// What an operator may still do before it dies: from then on nothing of it gets through any more.
#[derive(Clone, Default)]
pub(crate) struct Life(Arc<(Mutex<Option<usize>>, Notify)>);

impl Life {
    /// A life that ends after this many steps; without a number, never.
    pub(crate) fn of(steps: Option<usize>) -> Self {
        Self(Arc::new((Mutex::new(steps), Notify::new())))
    }

    /// Returns if there is a step left, and never otherwise.
    pub(crate) async fn step(&self) {
        let alive = match &mut *lock(&self.0.0) {
            None => true,
            Some(0) => false,
            Some(left) => {
                *left -= 1;
                true
            }
        };
        if !alive {
            self.0.1.notify_one();
            std::future::pending::<()>().await;
        }
    }

    /// Returns when it has ended.
    pub(crate) async fn end(&self) {
        self.0.1.notified().await;
    }

    /// Ends it now.
    pub(crate) fn kill(&self) {
        *lock(&self.0.0) = Some(0);
    }
}

/// A server on the loopback that agrees with everything: receiver of alerts, webhook.
#[derive(Clone, Default)]
pub(crate) struct Recorder(Arc<Mutex<Vec<(String, Value)>>>);

impl Recorder {
    /// Serves an operator with this life. Returns the URL.
    pub(crate) async fn serve(&self, life: Life) -> String {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let record = async |State((recorder, life)): State<(Self, Life)>, headers: HeaderMap, body: Bytes| {
            life.step().await;
            let key = headers.get("idempotency-key").map(|key| key.to_str().unwrap().to_owned());
            let body = serde_json::from_slice(&body).unwrap_or_default();
            lock(&recorder.0).push((key.unwrap_or_default(), body));
            life.step().await;
        };
        let router = Router::new().fallback(record).with_state((self.clone(), life));
        tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        url
    }

    /// What was received: the key that tells repetitions apart, and the body.
    pub(crate) fn received(&self) -> Vec<(String, Value)> {
        lock(&self.0).clone()
    }
}

/// What Flagger's definition drops.
const OWN_FIELDS: [&str; 10] = [
    "observedGeneration",
    "waitingFor",
    "rollbackReason",
    "checks",
    "lastCheckTime",
    "pendingNotifications",
    "trackedBinaryData",
    "adoptedPromotion",
    "serviceName",
    "leftovers",
];

impl FakeApi {
    /// A client that talks to it.
    pub(crate) fn client(&self) -> Client {
        self.client_of(Life::default())
    }

    /// A client of an operator with this life.
    pub(crate) fn client_of(&self, life: Life) -> Client {
        let service = Router::new().fallback(handle).with_state((self.clone(), life));
        Client::new(service, "default")
    }

    /// Gives every Service a ready endpoint.
    pub(crate) fn serve_endpoints(&self) {
        lock(&self.0).endpoints = true;
    }

    /// Puts an object at a path. Returns it as stored.
    pub(crate) fn put(&self, path: &str, object: Value) -> Value {
        lock(&self.0).store(path, object)
    }

    /// The object at a path.
    pub(crate) fn get(&self, path: &str) -> Option<Value> {
        lock(&self.0).objects.get(path).cloned()
    }

    /// Changes an object as another client would.
    pub(crate) fn edit(&self, path: &str, change: impl FnOnce(&mut Value)) -> Value {
        let mut object = self.get(path).unwrap();
        change(&mut object);
        self.put(path, object)
    }

    /// Lets the versions of further changes begin after this one.
    pub(crate) fn skip_to_version(&self, version: u64) {
        lock(&self.0).version = version;
    }

    /// Refuses requests from here on.
    pub(crate) fn refuse(&self, method: Method, part: &'static str, code: u16) {
        lock(&self.0).refused.push((method, part, code));
    }

    /// Drops what Flagger's definition of a Canary's status does not know.
    pub(crate) fn prune_statuses(&self) {
        lock(&self.0).prunes = true;
    }

    /// Serves webhooks and the queries of metrics on the loopback. Their calls are in the same list as those of the API
    /// server, as `CALL <path>`, and can be refused like them. Returns the URL.
    pub(crate) async fn serve_outside(&self) -> String {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let router = Router::new().fallback(outside).with_state(self.clone());
        tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        url
    }

    /// Allows everything again.
    pub(crate) fn allow_all(&self) {
        lock(&self.0).refused.clear();
    }

    /// What was asked since the last call: method and path from the resource on.
    pub(crate) fn requests(&self) -> Vec<String> {
        std::mem::take(&mut lock(&self.0).log)
    }

    /// The messages of all events, in the order of their names.
    pub(crate) fn events(&self) -> Vec<String> {
        let inner = lock(&self.0);
        let events = inner.objects.iter().filter(|(path, _)| path.contains("/events/"));
        events.map(|(_, event)| event["message"].as_str().unwrap_or_default().to_owned()).collect()
    }
}

impl Inner {
    fn store(&mut self, path: &str, mut object: Value) -> Value {
        self.version += 1;
        if self.prunes
            && let Some(status) = object.get_mut("status").and_then(Value::as_object_mut)
        {
            status.retain(|field, _| !OWN_FIELDS.contains(&field.as_str()));
        }
        object["metadata"]["resourceVersion"] = self.version.to_string().into();
        if path.contains("/httproutes/") {
            object["status"] = accepted(&object);
        }
        self.objects.insert(path.to_owned(), object.clone());
        object
    }

    fn slices(&self, query: &str) -> Value {
        let service = query.rsplit_once("%3D").map_or("", |(_, service)| service);
        let labels = json!({ crate::cache::SERVICE_LABEL: service });
        let slice = json!({
            "metadata": { "name": service, "namespace": "test", "labels": labels, "resourceVersion": "1" },
            "addressType": "IPv4",
            "ports": [{ "name": "http", "port": 80, "protocol": "TCP" }],
            "endpoints": [{ "addresses": ["10.0.0.1"], "conditions": { "ready": true } }],
        });
        json!({ "metadata": {}, "items": if self.endpoints { vec![slice] } else { Vec::new() } })
    }

    fn answer(&mut self, method: &Method, uri: &Uri, body: &Value) -> Result<Value, u16> {
        let path = uri.path();
        let shown = path.rsplit_once("/namespaces/test/").map_or(path, |(_, resource)| resource);
        self.log.push(format!("{method} {shown}"));
        let refused = self.refused.iter().find(|(m, part, _)| m == method && path.contains(part));
        if let Some((_, _, code)) = refused {
            return Err(*code);
        }
        match *method {
            Method::GET if path.ends_with("/endpointslices") => {
                Ok(self.slices(uri.query().unwrap_or_default()))
            }
            Method::GET => self.objects.get(path).cloned().ok_or(404),
            Method::POST => self.create(path, body),
            Method::PUT => self.replace(path, body),
            Method::DELETE => self.delete(path, body),
            _ => self.patch(path, body),
        }
    }

    fn create(&mut self, path: &str, body: &Value) -> Result<Value, u16> {
        let path = format!("{path}/{}", body["metadata"]["name"].as_str().unwrap_or_default());
        if self.objects.contains_key(&path) { Err(409) } else { Ok(self.store(&path, body.clone())) }
    }

    fn replace(&mut self, path: &str, body: &Value) -> Result<Value, u16> {
        self.fence(path, body)?;
        Ok(self.store(path, body.clone()))
    }

    fn delete(&mut self, path: &str, body: &Value) -> Result<Value, u16> {
        let present = self.objects.get(path).ok_or(404_u16)?;
        let known = |field: &str| {
            let wanted = &body["preconditions"][field];
            wanted.is_null() || *wanted == present["metadata"][field]
        };
        if !known("uid") || !known("resourceVersion") {
            return Err(409);
        }
        self.objects.remove(path);
        Ok(json!({"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success", "code": 200}))
    }

    /// Merge patches, and applies, which are near enough to them here.
    fn patch(&mut self, path: &str, body: &Value) -> Result<Value, u16> {
        let path = path.strip_suffix("/status").unwrap_or(path);
        self.fence(path, body)?;
        let mut object = self.objects.get(path).cloned().unwrap_or_else(|| json!({}));
        merge(&mut object, body);
        Ok(self.store(path, object))
    }

    fn fence(&self, path: &str, body: &Value) -> Result<(), u16> {
        let wanted = body["metadata"].get("resourceVersion");
        let present = self.objects.get(path).map(|object| &object["metadata"]["resourceVersion"]);
        match (wanted, present) {
            (Some(wanted), Some(present)) if wanted != present => Err(409),
            (Some(_), None) => Err(404),
            _ => Ok(()),
        }
    }
}

/// What the gateways of a route say of it, at once.
fn accepted(route: &Value) -> Value {
    let condition = json!({
        "type": "Accepted", "status": "True", "reason": "Accepted", "message": "",
        "observedGeneration": route["metadata"]["generation"].as_i64().unwrap_or(0),
        "lastTransitionTime": "2026-01-01T00:00:00Z",
    });
    let parents = route["spec"]["parentRefs"].as_array().cloned().unwrap_or_default();
    let report = |parent| json!({"parentRef": parent, "controllerName": "fake", "conditions": [condition]});
    json!({"parents": parents.into_iter().map(report).collect::<Vec<_>>()})
}

async fn handle(
    State((api, life)): State<(FakeApi, Life)>,
    method: Method,
    uri: Uri,
    body: Bytes,
) -> Response {
    life.step().await;
    let body = serde_json::from_slice(&body).unwrap_or_default();
    let answer = lock(&api.0).answer(&method, &uri, &body);
    match answer {
        Ok(object) => Json(object).into_response(),
        Err(code) => {
            let reason = if code == 404 { "NotFound" } else { "" };
            let status = json!({
                "kind": "Status", "status": "Failure", "code": code, "message": "no", "reason": reason,
            });
            (StatusCode::from_u16(code).unwrap(), Json(status)).into_response()
        }
    }
}

/// Agrees, or measures nothing wrong.
async fn outside(State(api): State<FakeApi>, method: Method, uri: Uri) -> Response {
    let path = uri.path();
    let mut inner = lock(&api.0);
    inner.log.push(format!("CALL {path}"));
    let refused = inner.refused.iter().find(|(m, part, _)| *m == method && path.contains(part));
    if let Some((_, _, code)) = refused {
        return StatusCode::from_u16(*code).unwrap().into_response();
    }
    let sample = json!({"metric": {}, "value": [1, "0"]});
    Json(json!({"status": "success", "data": {"resultType": "vector", "result": [sample]}})).into_response()
}

fn merge(object: &mut Value, patch: &Value) {
    let Value::Object(fields) = patch else {
        *object = patch.clone();
        return;
    };
    if !object.is_object() {
        *object = json!({});
    }
    for (key, value) in fields {
        if value.is_null() {
            object.as_object_mut().unwrap().remove(key);
        } else {
            merge(&mut object[key], value);
        }
    }
}
