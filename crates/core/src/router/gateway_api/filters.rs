//! What the route does to requests and responses, from `spec.service`.

use serin_api::{
    canary::{CanaryService, CorsPolicy, HeaderOperations, HttpRewrite},
    duration,
    gateway::{
        BackendObjectReference, HttpCorsFilter, HttpHeader, HttpHeaderFilter, HttpPathModifier,
        HttpRequestMirrorFilter, HttpRouteFilter, HttpUrlRewriteFilter,
    },
};

/// The filters of every rule, in Flagger's order.
pub(crate) fn filters(service: &CanaryService) -> Vec<HttpRouteFilter> {
    let headers = service.headers.clone().unwrap_or_default();
    let request = headers.request.as_ref().map(modifier).map(HttpRouteFilter::request_header_modifier);
    let response = headers.response.as_ref().map(modifier).map(HttpRouteFilter::response_header_modifier);
    let rewrite = service.rewrite.as_ref().map(rewrite).map(HttpRouteFilter::url_rewrite);
    let mirrors = service.mirror.iter().map(|mirror| {
        HttpRouteFilter::request_mirror(HttpRequestMirrorFilter {
            backend_ref: BackendObjectReference::from(&mirror.backend_ref),
            ..HttpRequestMirrorFilter::default()
        })
    });
    let cors = service.cors_policy.as_ref().map(cors).map(HttpRouteFilter::cors);
    request.into_iter().chain(response).chain(rewrite).chain(mirrors).chain(cors).collect()
}

fn modifier(operations: &HeaderOperations) -> HttpHeaderFilter {
    let list = |map: &Option<std::collections::BTreeMap<String, String>>| {
        map.iter().flatten().map(|(name, value)| HttpHeader::new(name, value)).collect()
    };
    HttpHeaderFilter {
        add: list(&operations.add),
        set: list(&operations.set),
        remove: operations.remove.clone(),
        ..HttpHeaderFilter::default()
    }
}

fn rewrite(rewrite: &HttpRewrite) -> HttpUrlRewriteFilter {
    let set = |text: &Option<String>| text.clone().filter(|text| !text.is_empty());
    let prefix = rewrite.type_.as_deref() == Some("ReplacePrefixMatch");
    let path = if prefix { HttpPathModifier::prefix_match } else { HttpPathModifier::full_path };
    HttpUrlRewriteFilter {
        hostname: set(&rewrite.authority),
        path: set(&rewrite.uri).map(path),
        ..HttpUrlRewriteFilter::default()
    }
}

/// Origins can only be listed; patterns (`allowOrigins`) are left out, as in Flagger.
fn cors(policy: &CorsPolicy) -> HttpCorsFilter {
    let max_age = policy.max_age.as_deref().and_then(|age| duration::parse(age).ok());
    HttpCorsFilter {
        allow_origins: policy.allow_origin.clone(),
        allow_credentials: policy.allow_credentials.filter(|allowed| *allowed),
        allow_methods: policy.allow_methods.clone(),
        allow_headers: policy.allow_headers.clone(),
        expose_headers: policy.expose_headers.clone(),
        // The API takes seconds from 1 to the largest of 32 bits.
        max_age: max_age.map(|age| age.num_seconds().clamp(1, i32::MAX.into())),
        ..HttpCorsFilter::default()
    }
}
