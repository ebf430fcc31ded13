//! Requests to the API server, by verb and resource.

use std::{
    pin::Pin,
    task::{Context, Poll},
};

use http::{Method, Request, Response, Uri};
use prometheus_client::{
    encoding::EncodeLabelSet,
    metrics::{counter::Counter, family::Family},
    registry::Registry,
};
use tower::{Layer, Service};

/// The counters.
#[derive(Clone, Default)]
pub(super) struct Requests(Family<Labels, Counter>);

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Labels {
    verb: &'static str,
    resource: String,
    code: u16,
}

impl Requests {
    pub(super) fn register(registry: &mut Registry) -> Self {
        let requests = Self::default();
        let help = "Requests to the API server; code 0 means that no answer came";
        registry.register("serin_api_requests", help, requests.0.clone());
        requests
    }
}

/// Counts the requests of a client.
#[derive(Clone)]
pub(crate) struct RequestLayer {
    requests: Requests,
}

impl RequestLayer {
    pub(super) fn new(requests: Requests) -> Self {
        Self { requests }
    }
}

impl<S> Layer<S> for RequestLayer {
    type Service = Counted<S>;

    fn layer(&self, inner: S) -> Counted<S> {
        Counted { inner, requests: self.requests.clone() }
    }
}

/// A service whose requests are counted.
#[derive(Clone)]
pub(crate) struct Counted<S> {
    inner: S,
    requests: Requests,
}

impl<S, B, R> Service<Request<B>> for Counted<S>
where
    S: Service<Request<B>, Response = Response<R>>,
    S::Future: Send + 'static,
{
    type Response = S::Response;
    type Error = S::Error;
    type Future = Pin<Box<dyn Future<Output = Result<S::Response, S::Error>> + Send>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        let (verb, resource) = classify(request.method(), request.uri());
        let requests = self.requests.clone();
        let answer = self.inner.call(request);
        Box::pin(async move {
            let answer = answer.await;
            let code = answer.as_ref().map_or(0, |answer| answer.status().as_u16());
            requests.0.get_or_create(&Labels { verb, resource, code }).inc();
            answer
        })
    }
}

/// Verb and resource, such as `patch` and `canaries/status`.
fn classify(method: &Method, uri: &Uri) -> (&'static str, String) {
    let parts: Vec<&str> = uri.path().split('/').filter(|part| !part.is_empty()).collect();
    // `api/v1/…` or `apis/<group>/<version>/…`
    let path = match parts.first() {
        Some(&"api") => parts.get(2..),
        Some(&"apis") => parts.get(3..),
        _ => None,
    };
    let path = match path.unwrap_or_default() {
        ["namespaces", _, rest @ ..] if !rest.is_empty() => rest,
        path => path,
    };
    let resource = match path {
        [] => "other".to_owned(),
        [resource, _, subresource, ..] => format!("{resource}/{subresource}"),
        [resource, ..] => (*resource).to_owned(),
    };
    (verb(method, path.len() > 1, uri.query().unwrap_or_default()), resource)
}

fn verb(method: &Method, named: bool, query: &str) -> &'static str {
    match *method {
        Method::GET if query.split('&').any(|pair| pair == "watch=true") => "watch",
        Method::GET if named => "get",
        Method::GET => "list",
        Method::POST => "create",
        Method::PUT => "update",
        Method::PATCH => "patch",
        Method::DELETE => "delete",
        _ => "other",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_are_told_apart_by_verb_and_resource() {
        let cases = [
            (Method::GET, "/api/v1/configmaps?limit=500", "list", "configmaps"),
            (Method::GET, "/apis/apps/v1/deployments?a=b&watch=true", "watch", "deployments"),
            (Method::GET, "/api/v1/namespaces/test/secrets/app", "get", "secrets"),
            (Method::POST, "/api/v1/namespaces/test/events?", "create", "events"),
            (
                Method::PATCH,
                "/apis/flagger.app/v1beta1/namespaces/test/canaries/app/status?fieldManager=serin",
                "patch",
                "canaries/status",
            ),
            (Method::PUT, "/apis/apps/v1/namespaces/test/deployments/app-primary", "update", "deployments"),
            (Method::GET, "/version", "list", "other"),
        ];
        for (method, uri, verb, resource) in cases {
            assert_eq!(classify(&method, &uri.parse().unwrap()), (verb, resource.to_owned()), "{uri}");
        }
    }
}
