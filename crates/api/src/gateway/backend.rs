//! Where requests go.

use serde::{Deserialize, Serialize};

use super::{BackendObjectReference, Extra, HttpRouteFilter};

/// A receiver of a rule's requests and its share of them (`HTTPBackendRef`).
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct HttpBackendRef {
    /// API group of the backend; the core group when unset or empty.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub group: Option<String>,
    /// Kind of the backend; `Service` when unset.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
    /// Name of the backend.
    pub name: String,
    /// Namespace of the backend; the route's when unset.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub namespace: Option<String>,
    /// Port of the backend; needed for a Service.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub port: Option<i64>,
    /// Share of the requests, in proportion to the other backends of the rule; 1 when unset.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub weight: Option<i64>,
    /// Changes of the requests that go to this backend, and of their responses.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub filters: Vec<HttpRouteFilter>,
    /// Fields that this type does not know.
    #[serde(flatten)]
    pub extra: Extra,
}

impl HttpBackendRef {
    /// A Service in the route's namespace, with the group and the kind spelled out as the API server does.
    pub fn service(name: impl Into<String>, port: i64, weight: i64) -> Self {
        let BackendObjectReference { group, kind, name, namespace, port, extra } =
            BackendObjectReference::service(name, port);
        Self { group, kind, name, namespace, port, weight: Some(weight), filters: Vec::new(), extra }
    }
}
