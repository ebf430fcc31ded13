//! The slice of Gateway API v1 that Serin writes and reads: the `HTTPRoute`.
//!
//! Every type keeps the fields that it does not know in `extra` and writes them back, so that nothing is lost of
//! what others put on a shared route. Absent lists and empty ones are the same.

use std::collections::BTreeMap;

use kube::CustomResource;
use serde::{Deserialize, Serialize};
use serde_json::Value;

mod backend;
mod filter;
mod matching;
mod object;
mod reference;
mod status;

pub use backend::HttpBackendRef;
pub use filter::{
    Fraction, HttpCorsFilter, HttpHeader, HttpHeaderFilter, HttpPathModifier, HttpRequestMirrorFilter,
    HttpRouteFilter, HttpUrlRewriteFilter,
};
pub use matching::{HttpHeaderMatch, HttpPathMatch, HttpQueryParamMatch, HttpRouteMatch};
pub use object::BackendObjectReference;
pub use reference::ParentReference;
pub use status::{HttpRouteStatus, RouteParentStatus};

/// API group of Gateway API.
pub const GROUP: &str = "gateway.networking.k8s.io";

/// Fields that a type does not know, by name.
pub type Extra = BTreeMap<String, Value>;

/// Which requests go where (`HTTPRoute.spec`).
#[derive(CustomResource, Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[kube(
    group = "gateway.networking.k8s.io",
    version = "v1",
    kind = "HTTPRoute",
    root = "HttpRoute",
    plural = "httproutes",
    singular = "httproute",
    namespaced,
    status = "HttpRouteStatus",
    schema = "disabled",
    derive = "Default",
    derive = "PartialEq",
    doc = "HTTPRoute of Gateway API; its definition is installed with Gateway API, not with Serin."
)]
#[serde(rename_all = "camelCase")]
pub struct HttpRouteSpec {
    /// What the route is attached to.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub parent_refs: Vec<ParentReference>,
    /// Host names that the route is for; every host of the parents when empty.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub hostnames: Vec<String>,
    /// Rules, of which the most specific match wins, then the first one.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub rules: Vec<HttpRouteRule>,
    /// Fields that this type does not know.
    #[serde(flatten)]
    pub extra: Extra,
}

/// What is done with the requests that match (`HTTPRouteRule`).
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct HttpRouteRule {
    /// Name of the rule, unique in the route.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Conditions, of which one must match; every request when empty.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub matches: Vec<HttpRouteMatch>,
    /// Changes of the requests and of their responses.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub filters: Vec<HttpRouteFilter>,
    /// Where the requests go, in the proportion of the weights.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub backend_refs: Vec<HttpBackendRef>,
    /// How long a request may take.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timeouts: Option<HttpRouteTimeouts>,
    /// Fields that this type does not know, such as `retry` and `sessionPersistence`.
    #[serde(flatten)]
    pub extra: Extra,
}

/// Time limits as Gateway API durations, such as `10s` (`HTTPRouteTimeouts`).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct HttpRouteTimeouts {
    /// Limit of a request with all its attempts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request: Option<String>,
    /// Limit of one attempt at a backend.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub backend_request: Option<String>,
    /// Fields that this type does not know.
    #[serde(flatten)]
    pub extra: Extra,
}
