//! What is referred to.

use serde::{Deserialize, Serialize};

use super::Extra;
use crate::canary::MirrorBackendRef;

/// A receiver of copied requests (`BackendObjectReference`).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct BackendObjectReference {
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
    /// Fields that this type does not know.
    #[serde(flatten)]
    pub extra: Extra,
}

impl BackendObjectReference {
    /// A Service in the route's namespace, with the group and the kind spelled out as the API server does.
    pub fn service(name: impl Into<String>, port: i64) -> Self {
        Self {
            group: Some(String::new()),
            kind: Some("Service".to_owned()),
            name: name.into(),
            port: Some(port),
            ..Self::default()
        }
    }
}

impl From<&MirrorBackendRef> for BackendObjectReference {
    fn from(backend: &MirrorBackendRef) -> Self {
        Self {
            group: Some(backend.group.clone().unwrap_or_default()),
            kind: Some(backend.kind.clone().unwrap_or_else(|| "Service".to_owned())),
            name: backend.name.clone(),
            namespace: backend.namespace.clone(),
            port: backend.port,
            extra: Extra::new(),
        }
    }
}
