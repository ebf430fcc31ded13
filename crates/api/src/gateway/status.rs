//! What the gateways made of a route.

use k8s_openapi::apimachinery::pkg::apis::meta::v1::Condition;
use serde::{Deserialize, Serialize};

use super::{Extra, ParentReference};

/// The answers of the parents (`HTTPRoute.status`).
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct HttpRouteStatus {
    /// One entry for each parent and each controller that looked at the route.
    #[serde(default)]
    pub parents: Vec<RouteParentStatus>,
    /// Fields that this type does not know.
    #[serde(flatten)]
    pub extra: Extra,
}

/// The answer of one parent (`RouteParentStatus`).
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RouteParentStatus {
    /// The parent.
    pub parent_ref: ParentReference,
    /// The controller that speaks for the parent.
    pub controller_name: String,
    /// Conditions such as `Accepted` and `ResolvedRefs`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub conditions: Vec<Condition>,
    /// Fields that this type does not know.
    #[serde(flatten)]
    pub extra: Extra,
}

impl RouteParentStatus {
    /// The condition of that type.
    pub fn condition(&self, type_: &str) -> Option<&Condition> {
        self.conditions.iter().find(|condition| condition.type_ == type_)
    }
}
