//! Objects of which only a little is looked at. The rest is skipped while it is read.

use std::{borrow::Cow, collections::BTreeMap, fmt, marker::PhantomData};

use k8s_openapi::{NamespaceResourceScope, api::discovery::v1::EndpointSlice};
use kube::{Resource, core::ObjectMeta};
use serde::{Deserialize, Deserializer, de::IgnoredAny};

use crate::cache::Tally;

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
}

#[derive(Clone, Debug, Deserialize)]
struct Endpoint {
    addresses: Option<Vec<IgnoredAny>>,
    conditions: Option<Conditions>,
}

#[derive(Clone, Debug, Deserialize)]
struct Conditions {
    ready: Option<bool>,
    terminating: Option<bool>,
}

impl Slice {
    /// How many there are. One that does not say counts as ready and as staying, as the API asks of its readers.
    pub(crate) fn tally(&self) -> Tally {
        let count = |is: fn(&Conditions) -> Option<bool>, unsaid: bool| {
            let is = |endpoint: &&Endpoint| endpoint.conditions.as_ref().and_then(is).unwrap_or(unsaid);
            let endpoints = self.endpoints.iter().flatten();
            let addressed = endpoints.filter(|endpoint| endpoint.addresses.iter().flatten().next().is_some());
            u32::try_from(addressed.filter(is).count()).unwrap_or(u32::MAX)
        };
        Tally {
            ready: count(|conditions| conditions.ready, true),
            leaving: count(|conditions| conditions.terminating, false),
        }
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
