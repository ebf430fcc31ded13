//! Which requests a rule takes.

use serde::{Deserialize, Serialize};

use super::Extra;

/// Conditions of which all must hold (`HTTPRouteMatch`).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct HttpRouteMatch {
    /// The path; the API server fills in the prefix `/` when unset.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub path: Option<HttpPathMatch>,
    /// Headers that must all match.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub headers: Vec<HttpHeaderMatch>,
    /// Parameters of the query that must all match.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub query_params: Vec<HttpQueryParamMatch>,
    /// The method, such as `GET`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub method: Option<String>,
    /// Fields that this type does not know.
    #[serde(flatten)]
    pub extra: Extra,
}

/// A condition on the path (`HTTPPathMatch`).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct HttpPathMatch {
    /// `Exact`, `PathPrefix` or `RegularExpression`; `PathPrefix` when unset.
    #[serde(default, rename = "type", skip_serializing_if = "Option::is_none")]
    pub type_: Option<String>,
    /// The path to compare with; `/` when unset.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<String>,
    /// Fields that this type does not know.
    #[serde(flatten)]
    pub extra: Extra,
}

impl HttpPathMatch {
    /// A condition with its type spelled out.
    pub fn new(type_: impl Into<String>, value: impl Into<String>) -> Self {
        Self { type_: Some(type_.into()), value: Some(value.into()), extra: Extra::new() }
    }
}

/// A condition on a header (`HTTPHeaderMatch`).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct HttpHeaderMatch {
    /// `Exact` or `RegularExpression`; `Exact` when unset.
    #[serde(default, rename = "type", skip_serializing_if = "Option::is_none")]
    pub type_: Option<String>,
    /// Name of the header, without regard to case.
    pub name: String,
    /// The value to compare with.
    pub value: String,
    /// Fields that this type does not know.
    #[serde(flatten)]
    pub extra: Extra,
}

impl HttpHeaderMatch {
    /// A condition with its type spelled out.
    pub fn new(type_: impl Into<String>, name: impl Into<String>, value: impl Into<String>) -> Self {
        Self { type_: Some(type_.into()), name: name.into(), value: value.into(), extra: Extra::new() }
    }
}

/// A condition on a parameter of the query (`HTTPQueryParamMatch`).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct HttpQueryParamMatch {
    /// `Exact` or `RegularExpression`; `Exact` when unset.
    #[serde(default, rename = "type", skip_serializing_if = "Option::is_none")]
    pub type_: Option<String>,
    /// Name of the parameter.
    pub name: String,
    /// The value to compare with.
    pub value: String,
    /// Fields that this type does not know.
    #[serde(flatten)]
    pub extra: Extra,
}

impl HttpQueryParamMatch {
    /// A condition with its type spelled out.
    pub fn new(type_: impl Into<String>, name: impl Into<String>, value: impl Into<String>) -> Self {
        Self { type_: Some(type_.into()), name: name.into(), value: value.into(), extra: Extra::new() }
    }
}
