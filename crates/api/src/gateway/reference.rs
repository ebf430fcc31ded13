//! What a route is attached to.

use serde::{Deserialize, Serialize};

use super::{Extra, GROUP};
use crate::canary::GatewayRef;

/// A parent of a route, for the most part a Gateway (`ParentReference`).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ParentReference {
    /// API group of the parent; `gateway.networking.k8s.io` when unset.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub group: Option<String>,
    /// Kind of the parent; `Gateway` when unset.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
    /// Namespace of the parent; the route's when unset.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub namespace: Option<String>,
    /// Name of the parent.
    pub name: String,
    /// Listener of the parent; all of them when unset.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub section_name: Option<String>,
    /// Port of the parent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub port: Option<i64>,
    /// Fields that this type does not know.
    #[serde(flatten)]
    pub extra: Extra,
}

impl ParentReference {
    /// Whether both name the same parent, for a route in namespace `own`: unset fields count as their defaults.
    pub fn same_parent(&self, other: &Self, own: &str) -> bool {
        self.resolved(own) == other.resolved(own)
    }

    fn resolved<'a>(&'a self, own: &'a str) -> impl PartialEq + use<'a> {
        (
            self.group.as_deref().unwrap_or(GROUP),
            self.kind.as_deref().unwrap_or("Gateway"),
            self.namespace.as_deref().unwrap_or(own),
            &self.name,
            &self.section_name,
            self.port,
        )
    }
}

impl From<&GatewayRef> for ParentReference {
    /// The parent as the route carries it. The group and the kind are spelled out, as the API server does for both
    /// objects.
    fn from(gateway: &GatewayRef) -> Self {
        Self {
            group: Some(gateway.group.clone().unwrap_or_else(|| GROUP.to_owned())),
            kind: Some(gateway.kind.clone().unwrap_or_else(|| "Gateway".to_owned())),
            namespace: gateway.namespace.clone(),
            name: gateway.name.clone(),
            section_name: gateway.section_name.clone(),
            port: gateway.port,
            extra: Extra::new(),
        }
    }
}
