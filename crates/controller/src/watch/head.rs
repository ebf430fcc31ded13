//! Objects of which only a little is looked at. The rest is skipped while it is read.

use std::{borrow::Cow, collections::BTreeMap, fmt, marker::PhantomData};

use k8s_openapi::{NamespaceResourceScope, api::discovery::v1::EndpointSlice};
use kube::{Resource, core::ObjectMeta};
use serde::{Deserialize, Deserializer, de::IgnoredAny};

use serin_core::snapshot::SliceTally;

/// Name and version of an object of the kind `K`. The API server is asked for no more than its metadata.
#[derive(Deserialize)]
#[serde(bound = "")]
pub(crate) struct Named<K> {
    #[serde(deserialize_with = "head")]
    metadata: ObjectMeta,
    #[serde(skip)]
    of: PhantomData<fn() -> K>,
}

impl<K> Clone for Named<K> {
    fn clone(&self) -> Self {
        Self { metadata: self.metadata.clone(), of: PhantomData }
    }
}

impl<K> fmt::Debug for Named<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Named").field("metadata", &self.metadata).finish_non_exhaustive()
    }
}

impl<K: Resource<DynamicType = ()>> Resource for Named<K> {
    type DynamicType = ();
    type Scope = K::Scope;

    fn kind((): &()) -> Cow<'_, str> {
        K::kind(&())
    }

    fn group((): &()) -> Cow<'_, str> {
        K::group(&())
    }

    fn version((): &()) -> Cow<'_, str> {
        K::version(&())
    }

    fn plural((): &()) -> Cow<'_, str> {
        K::plural(&())
    }

    fn metadata_api() -> bool {
        true
    }

    fn meta(&self) -> &ObjectMeta {
        &self.metadata
    }

    fn meta_mut(&mut self) -> &mut ObjectMeta {
        &mut self.metadata
    }
}

/// The endpoints of an EndpointSlice.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Slice {
    #[serde(deserialize_with = "head")]
    metadata: ObjectMeta,
    endpoints: Option<Vec<Endpoint>>,
    ports: Option<Vec<Port>>,
}

#[derive(Clone, Debug, Deserialize)]
struct Port {
    name: Option<String>,
    port: Option<i32>,
}

#[derive(Clone, Debug, Deserialize)]
struct Endpoint {
    addresses: Option<Vec<IgnoredAny>>,
    conditions: Option<Conditions>,
    #[serde(rename = "targetRef")]
    target: Option<Target>,
}

#[derive(Clone, Debug, Deserialize)]
struct Target {
    kind: Option<String>,
    name: Option<String>,
}

#[derive(Clone, Debug, Deserialize)]
struct Conditions {
    ready: Option<bool>,
    serving: Option<bool>,
    terminating: Option<bool>,
}

/// The longest name that a pod can have; one that is as long was cut off.
const LONGEST_NAME: usize = 63;

impl Slice {
    /// What there is. An endpoint that does not say counts as ready, as serving and as staying, as the API asks of its
    /// readers. One that is published before it serves does not count as ready.
    pub(crate) fn tally(&self) -> SliceTally {
        let ports = self.ports.iter().flatten().filter(|port| port.port.is_some());
        let mut tally = SliceTally {
            ports: ports.map(|port| port.name.clone().unwrap_or_default()).collect(),
            ..SliceTally::default()
        };
        let endpoints = self.endpoints.iter().flatten();
        for endpoint in endpoints.filter(|endpoint| endpoint.addresses.iter().flatten().next().is_some()) {
            let says = |is: fn(&Conditions) -> Option<bool>| endpoint.conditions.as_ref().and_then(is);
            if says(|c| c.ready) != Some(false) && says(|c| c.serving) != Some(false) {
                let ready = tally.ready.entry(endpoint.maker()).or_default();
                *ready = ready.saturating_add(1);
            }
            if says(|c| c.terminating) == Some(true) {
                tally.leaving = tally.leaving.saturating_add(1);
            }
        }
        tally
    }
}

impl Endpoint {
    /// The name of its pod without the last part: a ReplicaSet or a DaemonSet.
    fn maker(&self) -> String {
        let pod = self.target.as_ref().filter(|target| target.kind.as_deref() == Some("Pod"));
        let name = pod.and_then(|pod| pod.name.as_deref()).filter(|name| name.len() < LONGEST_NAME);
        name.and_then(|name| name.rsplit_once('-')).map(|(maker, _)| maker.to_owned()).unwrap_or_default()
    }
}

impl Resource for Slice {
    type DynamicType = ();
    type Scope = NamespaceResourceScope;

    fn kind((): &()) -> Cow<'_, str> {
        EndpointSlice::kind(&())
    }

    fn group((): &()) -> Cow<'_, str> {
        EndpointSlice::group(&())
    }

    fn version((): &()) -> Cow<'_, str> {
        EndpointSlice::version(&())
    }

    fn plural((): &()) -> Cow<'_, str> {
        EndpointSlice::plural(&())
    }

    fn meta(&self) -> &ObjectMeta {
        &self.metadata
    }

    fn meta_mut(&mut self) -> &mut ObjectMeta {
        &mut self.metadata
    }
}

/// What is looked at in the metadata.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Head {
    name: Option<String>,
    namespace: Option<String>,
    resource_version: Option<String>,
    labels: Option<BTreeMap<String, String>>,
}

fn head<'de, D: Deserializer<'de>>(deserializer: D) -> Result<ObjectMeta, D::Error> {
    let Head { name, namespace, resource_version, labels } = Head::deserialize(deserializer)?;
    Ok(ObjectMeta { name, namespace, resource_version, labels, ..ObjectMeta::default() })
}
