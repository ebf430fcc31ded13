//! What a rule does to requests and to their responses.

use serde::{Deserialize, Serialize};

use super::{BackendObjectReference, Extra};

/// One filter (`HTTPRouteFilter`). `type` names the one field that is set; the constructors keep the two together.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct HttpRouteFilter {
    /// `RequestHeaderModifier`, `ResponseHeaderModifier`, `URLRewrite`, `RequestMirror`, `CORS`, or a type that is
    /// kept in `extra`.
    #[serde(rename = "type")]
    pub type_: String,
    /// Changes of the request's headers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request_header_modifier: Option<HttpHeaderFilter>,
    /// Changes of the response's headers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub response_header_modifier: Option<HttpHeaderFilter>,
    /// Changes of path and host.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url_rewrite: Option<HttpUrlRewriteFilter>,
    /// Copies of the requests for another backend.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request_mirror: Option<HttpRequestMirrorFilter>,
    /// Answers to cross-origin requests.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cors: Option<HttpCorsFilter>,
    /// Fields that this type does not know, such as `requestRedirect` and `extensionRef`.
    #[serde(flatten)]
    pub extra: Extra,
}

impl HttpRouteFilter {
    /// A filter that changes the request's headers.
    pub fn request_header_modifier(headers: HttpHeaderFilter) -> Self {
        Self { request_header_modifier: Some(headers), ..Self::typed("RequestHeaderModifier") }
    }

    /// A filter that changes the response's headers.
    pub fn response_header_modifier(headers: HttpHeaderFilter) -> Self {
        Self { response_header_modifier: Some(headers), ..Self::typed("ResponseHeaderModifier") }
    }

    /// A filter that changes path and host.
    pub fn url_rewrite(rewrite: HttpUrlRewriteFilter) -> Self {
        Self { url_rewrite: Some(rewrite), ..Self::typed("URLRewrite") }
    }

    /// A filter that sends copies of the requests to another backend.
    pub fn request_mirror(mirror: HttpRequestMirrorFilter) -> Self {
        Self { request_mirror: Some(mirror), ..Self::typed("RequestMirror") }
    }

    /// A filter that answers cross-origin requests.
    pub fn cors(cors: HttpCorsFilter) -> Self {
        Self { cors: Some(cors), ..Self::typed("CORS") }
    }

    fn typed(type_: &str) -> Self {
        Self { type_: type_.to_owned(), ..Self::default() }
    }
}

/// Changes of headers (`HTTPHeaderFilter`).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct HttpHeaderFilter {
    /// Headers that are replaced.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub set: Vec<HttpHeader>,
    /// Headers that are appended.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub add: Vec<HttpHeader>,
    /// Headers that are removed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub remove: Vec<String>,
    /// Fields that this type does not know.
    #[serde(flatten)]
    pub extra: Extra,
}

/// A header and its value (`HTTPHeader`).
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct HttpHeader {
    /// Name of the header, without regard to case.
    pub name: String,
    /// Value of the header.
    pub value: String,
}

impl HttpHeader {
    /// A header and its value.
    pub fn new(name: impl Into<String>, value: impl Into<String>) -> Self {
        Self { name: name.into(), value: value.into() }
    }
}

/// Changes of path and host (`HTTPURLRewriteFilter`).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct HttpUrlRewriteFilter {
    /// The new host.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hostname: Option<String>,
    /// The new path.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub path: Option<HttpPathModifier>,
    /// Fields that this type does not know.
    #[serde(flatten)]
    pub extra: Extra,
}

/// A new path (`HTTPPathModifier`).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct HttpPathModifier {
    /// `ReplaceFullPath` or `ReplacePrefixMatch`.
    #[serde(rename = "type")]
    pub type_: String,
    /// What replaces the whole path.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub replace_full_path: Option<String>,
    /// What replaces the prefix that matched.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub replace_prefix_match: Option<String>,
    /// Fields that this type does not know.
    #[serde(flatten)]
    pub extra: Extra,
}

impl HttpPathModifier {
    /// Replaces the whole path.
    pub fn full_path(path: impl Into<String>) -> Self {
        let type_ = "ReplaceFullPath".to_owned();
        Self { type_, replace_full_path: Some(path.into()), ..Self::default() }
    }

    /// Replaces the prefix that matched.
    pub fn prefix_match(prefix: impl Into<String>) -> Self {
        let type_ = "ReplacePrefixMatch".to_owned();
        Self { type_, replace_prefix_match: Some(prefix.into()), ..Self::default() }
    }
}

/// Copies of the requests for another backend (`HTTPRequestMirrorFilter`). All requests are copied unless
/// `percent` or `fraction` is set.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct HttpRequestMirrorFilter {
    /// The backend that gets the copies.
    pub backend_ref: BackendObjectReference,
    /// Share of the requests that are copied, 0 to 100.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub percent: Option<i64>,
    /// Share of the requests that are copied, as a fraction.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fraction: Option<Fraction>,
    /// Fields that this type does not know.
    #[serde(flatten)]
    pub extra: Extra,
}

/// A share, numerator through denominator (`Fraction`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fraction {
    /// The numerator, not negative.
    pub numerator: i64,
    /// The denominator, above 0; 100 when unset.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub denominator: Option<i64>,
}

/// Answers to cross-origin requests (`HTTPCORSFilter`).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct HttpCorsFilter {
    /// Origins that may ask.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub allow_origins: Vec<String>,
    /// Whether credentials may be sent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub allow_credentials: Option<bool>,
    /// Methods that may be used.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub allow_methods: Vec<String>,
    /// Headers that requests may carry.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub allow_headers: Vec<String>,
    /// Headers of responses that scripts may read.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub expose_headers: Vec<String>,
    /// Seconds that a browser may remember the answer; the API server fills in 5 when unset.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_age: Option<i64>,
    /// Fields that this type does not know.
    #[serde(flatten)]
    pub extra: Extra,
}
