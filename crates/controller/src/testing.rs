//! An API server in memory, for tests of the shell.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
};

use axum::{
    Json, Router,
    body::Bytes,
    extract::State,
    http::{Method, StatusCode, Uri},
    response::{IntoResponse, Response},
};
use kube::Client;
use serde_json::{Value, json};

use crate::lock::lock;

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
}

impl FakeApi {
    /// A client that talks to it.
    pub(crate) fn client(&self) -> Client {
        let service = Router::new().fallback(handle).with_state(self.clone());
        Client::new(service, "default")
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

    /// Allows everything again.
    pub(crate) fn allow_all(&self) {
        lock(&self.0).refused.clear();
    }

    /// What was asked since the last call: method and path from the resource on.
    pub(crate) fn requests(&self) -> Vec<String> {
        std::mem::take(&mut lock(&self.0).log)
    }

    /// The messages of all events.
    pub(crate) fn events(&self) -> Vec<String> {
        let inner = lock(&self.0);
        let events = inner.objects.iter().filter(|(path, _)| path.contains("/events/"));
        events.map(|(_, event)| event["message"].as_str().unwrap_or_default().to_owned()).collect()
    }
}

impl Inner {
    fn store(&mut self, path: &str, mut object: Value) -> Value {
        self.version += 1;
        object["metadata"]["resourceVersion"] = self.version.to_string().into();
        self.objects.insert(path.to_owned(), object.clone());
        object
    }

    fn answer(&mut self, method: &Method, path: &str, body: &Value) -> Result<Value, u16> {
        let shown = path.rsplit_once("/namespaces/test/").map_or(path, |(_, resource)| resource);
        self.log.push(format!("{method} {shown}"));
        let refused = self.refused.iter().find(|(m, part, _)| m == method && path.contains(part));
        if let Some((_, _, code)) = refused {
            return Err(*code);
        }
        match *method {
            Method::GET if path.ends_with("/endpointslices") => Ok(json!({"metadata": {}, "items": []})),
            Method::GET => self.objects.get(path).cloned().ok_or(404),
            Method::POST => self.create(path, body),
            Method::PUT => self.replace(path, body),
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

async fn handle(State(api): State<FakeApi>, method: Method, uri: Uri, body: Bytes) -> Response {
    let body = serde_json::from_slice(&body).unwrap_or_default();
    let answer = lock(&api.0).answer(&method, uri.path(), &body);
    match answer {
        Ok(object) => Json(object).into_response(),
        Err(code) => {
            let status = json!({"kind": "Status", "status": "Failure", "code": code, "message": "no"});
            (StatusCode::from_u16(code).unwrap(), Json(status)).into_response()
        }
    }
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
