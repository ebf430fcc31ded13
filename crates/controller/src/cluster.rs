//! Reads and writes of single objects. Every answer goes into the caches at once.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use k8s_openapi::api::core::v1::{Pod, Secret};
use kube::{
    Api, Client, Resource,
    api::{DeleteParams, ListParams, Patch, PatchParams, PostParams, Preconditions},
};
use serde_json::{Value, json};
use serin_core::{
    build::managed,
    json::{entry, set},
};

use crate::{
    cache::{Caches, CanaryEntry, Credential, Lookup, Origin, SERVICE_LABEL, Version},
    error::{ApiError, Verb, code},
    key::Key,
    kind::Kind,
    queue::Queue,
    watch::{Object, Slice},
};

/// The field manager of everything that is written.
pub(crate) const FIELD_MANAGER: &str = managed::SERIN;

/// Pods that are looked at to learn why a workload is not ready.
const PODS: u32 = 20;

/// How long one request may take, from sending it to the last byte of the answer.
const TIMEOUT: Duration = Duration::from_secs(30);

/// The cluster as Serin writes it.
#[derive(Clone)]
pub(crate) struct Cluster {
    /// The client of the API server.
    pub(crate) client: Client,
    /// Where answers are kept.
    pub(crate) caches: Arc<Caches>,
    /// Wakes the other Canaries that depend on a changed object.
    pub(crate) queue: Arc<Queue>,
    /// The only namespace that is watched; `None` when all are.
    pub(crate) namespace: Option<String>,
    /// The Canary on whose behalf requests are made; its own changes do not wake it.
    pub(crate) actor: Option<Key>,
}

/// One request about one object.
struct Request<'a> {
    verb: Verb,
    kind: Kind,
    key: &'a Key,
}

impl Cluster {
    /// Returns a handle to this cluster whose changes are made for one Canary.
    #[must_use]
    pub(crate) fn acting_for(&self, canary: &Key) -> Self {
        Self { actor: Some(canary.clone()), ..self.clone() }
    }

    /// Whether the caches are told of changes in a namespace.
    pub(crate) fn watches(&self, namespace: &str) -> bool {
        self.namespace.as_deref().is_none_or(|watched| watched == namespace)
    }

    fn api(&self, kind: Kind, key: &Key) -> Api<Object> {
        Api::namespaced_with(self.client.clone(), &key.namespace, &kind.resource())
    }

    /// Reads an object; `None` when it does not exist.
    ///
    /// # Errors
    /// When the object cannot be read.
    pub(crate) async fn get(&self, kind: Kind, key: &Key) -> Result<Option<Arc<Value>>, ApiError> {
        let answer = within(self.api(kind, key).get(&key.name)).await;
        let request = Request { verb: Verb::Get, kind, key };
        match answer {
            Err(error) if code(&error) == 404 => {
                self.missing(kind, key);
                Ok(None)
            }
            answer => self.finish(&request, answer).map(Some),
        }
    }

    /// Reads an object's metadata alone; `None` when it does not exist. It is kept nowhere.
    ///
    /// # Errors
    /// When the object cannot be read.
    pub(crate) async fn metadata(&self, kind: Kind, key: &Key) -> Result<Option<Arc<Value>>, ApiError> {
        let request = Request { verb: Verb::Get, kind, key };
        let metadata = match within(self.api(kind, key).get_metadata(&key.name)).await {
            Err(error) if code(&error) == 404 => return Ok(None),
            answer => answer.map_err(|source| request.failed(source))?.metadata,
        };
        let metadata =
            serde_json::to_value(metadata).map_err(|error| request.failed(kube::Error::SerdeError(error)))?;
        let mut object = json!({ "metadata": metadata });
        managed::trim(&mut object);
        Ok(Some(Arc::new(object)))
    }

    /// Sets our fields of an object by server-side apply.
    ///
    /// # Errors
    /// When the API server refuses it.
    pub(crate) async fn apply(&self, kind: Kind, key: &Key, body: &Value) -> Result<Arc<Value>, ApiError> {
        let params = PatchParams::apply(FIELD_MANAGER).force();
        let answer = within(self.api(kind, key).patch(&key.name, &params, &Patch::Apply(body))).await;
        self.finish(&Request { verb: Verb::Patch, kind, key }, answer)
    }

    /// Executor what Flagger owns of an object over to [`Self::apply`], so that the next one takes away what is
    /// not wanted any more. Changes nothing else.
    ///
    /// # Errors
    /// When the API server refuses it; with 409 when somebody else was faster.
    pub(crate) async fn hand_over(&self, kind: Kind, key: &Key) -> Result<(), ApiError> {
        let request = Request { verb: Verb::Get, kind, key };
        let found = within(self.api(kind, key).get_metadata(&key.name)).await;
        let metadata = found.map_err(|source| request.failed(source))?.metadata;
        let entries = serde_json::to_value(metadata.managed_fields)
            .map_err(|error| request.failed(kube::Error::SerdeError(error)))?;
        let entries = entries.as_array().map(Vec::as_slice).unwrap_or_default();
        let Some(entries) = managed::handed_over(entries) else { return Ok(()) };
        let patch = json!({
            "metadata": { "resourceVersion": metadata.resource_version, "managedFields": entries }
        });
        self.merge(kind, key, &patch).await.map(drop)
    }

    /// Changes some fields of an object by a merge patch.
    ///
    /// # Errors
    /// When the API server refuses it.
    pub(crate) async fn merge(&self, kind: Kind, key: &Key, patch: &Value) -> Result<Arc<Value>, ApiError> {
        let answer = within(self.api(kind, key).patch(&key.name, &params(), &Patch::Merge(patch))).await;
        self.finish(&Request { verb: Verb::Patch, kind, key }, answer)
    }

    /// Changes some fields of an object's status by a merge patch.
    ///
    /// # Errors
    /// When the API server refuses it.
    pub(crate) async fn merge_status(
        &self,
        kind: Kind,
        key: &Key,
        patch: &Value,
    ) -> Result<Arc<Value>, ApiError> {
        let answer =
            within(self.api(kind, key).patch_status(&key.name, &params(), &Patch::Merge(patch))).await;
        self.finish(&Request { verb: Verb::Patch, kind, key }, answer)
    }

    /// Creates an object, or replaces it when the body names the version that was read.
    ///
    /// # Errors
    /// When the API server refuses it; with 409 when somebody else was faster.
    pub(crate) async fn put(&self, kind: Kind, key: &Key, body: &Value) -> Result<Arc<Value>, ApiError> {
        let known = body.pointer("/metadata/resourceVersion").is_some();
        let verb = if known { Verb::Update } else { Verb::Create };
        let request = Request { verb, kind, key };
        let mut body = Object::of(body.clone());
        // What is kept of them is not all; the API server knows the rest.
        set(entry(&mut body.value, "metadata"), "managedFields", None);
        let params = PostParams { field_manager: Some(FIELD_MANAGER.to_owned()), ..PostParams::default() };
        let api = self.api(kind, key);
        let answer = if known {
            within(api.replace(&key.name, &params, &body)).await
        } else {
            within(api.create(&params, &body)).await
        };
        self.finish(&request, answer)
    }

    /// Deletes an object exactly as it was read. One that is gone already is fine.
    ///
    /// # Errors
    /// When the API server refuses it; with 409 when somebody changed it meanwhile.
    pub(crate) async fn delete(&self, kind: Kind, key: &Key, seen: &Value) -> Result<(), ApiError> {
        let text = |pointer| seen.pointer(pointer).and_then(Value::as_str).map(ToOwned::to_owned);
        let preconditions =
            Preconditions { uid: text("/metadata/uid"), resource_version: text("/metadata/resourceVersion") };
        let params = DeleteParams::background().preconditions(preconditions);
        match within(self.api(kind, key).delete(&key.name, &params)).await {
            Err(error) if code(&error) != 404 => Err(Request { verb: Verb::Delete, kind, key }.failed(error)),
            _ => Ok(()),
        }
    }

    /// Reads the data of a Secret, which is kept nowhere; `None` when it does not exist.
    ///
    /// # Errors
    /// When it cannot be read.
    pub(crate) async fn secret(&self, key: &Key) -> Result<Option<BTreeMap<String, Vec<u8>>>, ApiError> {
        Ok(self.versioned_secret(key).await?.map(|(_, data)| data))
    }

    /// The data of a metric template's Secret, which is read when it changed; `None` when it does not exist.
    ///
    /// # Errors
    /// When it cannot be read.
    pub(crate) async fn credentials(
        &self,
        key: &Key,
    ) -> Result<Option<serin_providers::Credentials>, ApiError> {
        let store = &self.caches.credentials;
        if self.watches(&key.namespace) {
            match store.get(key) {
                Lookup::Absent => return Ok(None),
                Lookup::Present(found) => {
                    if let Credential::Known(data) = found.as_ref() {
                        return Ok(Some(data.clone()));
                    }
                }
                Lookup::Unknown(_) | Lookup::Unresolved => {}
            }
        }
        let Some((version, data)) = self.versioned_secret(key).await? else {
            store.missing(key);
            return Ok(None);
        };
        let data: serin_providers::Credentials = data.into_iter().collect();
        store.offer(key, version, Credential::Known(data.clone()), Origin::Answer);
        Ok(Some(data))
    }

    async fn versioned_secret(
        &self,
        key: &Key,
    ) -> Result<Option<(Version, BTreeMap<String, Vec<u8>>)>, ApiError> {
        let api = Api::<Secret>::namespaced(self.client.clone(), &key.namespace);
        let request = Request { verb: Verb::Get, kind: Kind::Secret, key };
        let secret = within(api.get_opt(&key.name)).await.map_err(|source| request.failed(source))?;
        Ok(secret.map(|secret| {
            let data = secret.data.unwrap_or_default();
            let version = Version::parse(secret.metadata.resource_version.as_deref());
            (version, data.into_iter().map(|(key, value)| (key, value.0)).collect())
        }))
    }

    /// Reads the EndpointSlices of a Service into the caches.
    ///
    /// # Errors
    /// When they cannot be read.
    pub(crate) async fn resolve_endpoints(&self, service: &Key) -> Result<(), ApiError> {
        let api = Api::<Slice>::namespaced(self.client.clone(), &service.namespace);
        let params = ListParams::default().labels(&format!("{SERVICE_LABEL}={}", service.name));
        let request = Request { verb: Verb::List, kind: Kind::EndpointSlice, key: service };
        let slices = within(api.list(&params)).await.map_err(|source| request.failed(source))?;
        self.caches.endpoints.resolve(service, &slices.items);
        Ok(())
    }

    /// Lists some of the pods that a selector chooses; they are kept nowhere.
    ///
    /// # Errors
    /// When they cannot be listed.
    pub(crate) async fn pods(&self, namespace: &str, selector: &str) -> kube::Result<Vec<Value>> {
        let api = Api::<Pod>::namespaced(self.client.clone(), namespace);
        let params = ListParams::default().labels(selector).limit(PODS);
        let pods = within(api.list(&params)).await?;
        let pods = pods.items.into_iter().map(serde_json::to_value);
        pods.collect::<Result<_, _>>().map_err(kube::Error::SerdeError)
    }

    fn finish(&self, request: &Request, answer: kube::Result<Object>) -> Result<Arc<Value>, ApiError> {
        let mut object = answer.map_err(|source| request.failed(source))?;
        managed::trim(&mut object.value);
        let version = Version::parse(object.meta().resource_version.as_deref());
        let value = Arc::new(object.value);
        self.remember(request.kind, request.key, version, &value);
        Ok(value)
    }

    /// A change wakes the other Canaries that depend on the object; the watch will not, as it tells
    /// nothing new.
    fn remember(&self, kind: Kind, key: &Key, version: Version, value: &Arc<Value>) {
        let woken = match self.caches.objects(kind) {
            Some(store) => store.offer(key, version, value, Origin::Answer),
            None if kind == Kind::Canary => {
                let entry = CanaryEntry::decode(value);
                self.caches.canaries.offer(key, version, entry, Origin::Answer);
                Vec::new()
            }
            None => Vec::new(),
        };
        self.queue.wake_all(woken.iter().filter(|key| Some(*key) != self.actor.as_ref()));
    }

    fn missing(&self, kind: Kind, key: &Key) {
        if let Some(store) = self.caches.objects(kind) {
            store.missing(key);
        }
    }
}

impl Request<'_> {
    fn failed(&self, source: kube::Error) -> ApiError {
        ApiError { verb: self.verb, kind: self.kind, key: self.key.clone(), source }
    }
}

async fn within<T>(request: impl Future<Output = kube::Result<T>>) -> kube::Result<T> {
    let late = |_| kube::Error::Service(Box::new(NoAnswer));
    tokio::time::timeout(TIMEOUT, request).await.map_err(late)?
}

#[derive(Debug, thiserror::Error)]
#[error("the API server did not answer within {} s", TIMEOUT.as_secs())]
struct NoAnswer;

fn params() -> PatchParams {
    PatchParams { field_manager: Some(FIELD_MANAGER.to_owned()), ..PatchParams::default() }
}
