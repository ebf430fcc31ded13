//! Health and metrics over HTTP.

use std::sync::Arc;

use axum::{
    Router,
    extract::State,
    http::{StatusCode, header},
    response::{IntoResponse, Response},
    routing::{any, get},
};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use crate::{
    cache::{Caches, Health},
    kind::Kind,
    metrics::{CONTENT_TYPE, Metrics},
};

/// What the endpoints tell of.
#[derive(Clone)]
pub(crate) struct Admin {
    /// Ready means that these can be read.
    pub(crate) caches: Arc<Caches>,
    /// The exported figures.
    pub(crate) metrics: Arc<Metrics>,
}

impl Admin {
    /// `/healthz`, `/readyz` and `/metrics`.
    pub(crate) fn router(self) -> Router {
        Router::new()
            .route("/healthz", any(async || "OK"))
            .route("/readyz", get(ready))
            .route("/metrics", get(metrics))
            .with_state(self)
    }

    /// Serves until `stop` is cancelled.
    ///
    /// # Errors
    /// When the listener fails.
    pub(crate) async fn serve(self, listener: TcpListener, stop: CancellationToken) -> std::io::Result<()> {
        let router = self.router();
        axum::serve(listener, router).with_graceful_shutdown(stop.cancelled_owned()).await
    }
}

/// Ready once every kind can be read, or is known not to be served; without Canaries there is no work.
async fn ready(State(admin): State<Admin>) -> Response {
    let waiting: Vec<String> = admin
        .caches
        .health()
        .into_iter()
        .filter(|(kind, health)| !health.settled() || *kind == Kind::Canary && *health != Health::Synced)
        .map(|(kind, health)| format!("{}: {}\n", kind.name(), health.trouble().unwrap_or_default()))
        .collect();
    if waiting.is_empty() {
        return "OK".into_response();
    }
    (StatusCode::SERVICE_UNAVAILABLE, waiting.concat()).into_response()
}

async fn metrics(State(admin): State<Admin>) -> Response {
    let namespaces = admin.caches.canaries.all();
    admin.metrics.canary.count(namespaces.iter().map(|(key, _)| key.namespace.as_ref()));
    match admin.metrics.render() {
        Ok(text) => ([(header::CONTENT_TYPE, CONTENT_TYPE)], text).into_response(),
        Err(error) => (StatusCode::INTERNAL_SERVER_ERROR, error.to_string()).into_response(),
    }
}

#[cfg(test)]
mod tests {
    use axum::{body::Body, http::Request};
    use serin_api::{Canary, canary::AutoscalerRef};
    use serin_core::router::gateway_api::HTTP_ROUTE;
    use tower::ServiceExt;

    use super::*;
    use crate::{key::Key, testing::sync};

    fn admin() -> Admin {
        let metrics = Arc::new(Metrics::new("0.1.0", "kubernetes"));
        Admin { caches: Arc::new(Caches::default()), metrics }
    }

    async fn ask(admin: &Admin, path: &str) -> (StatusCode, String) {
        let request = Request::get(path).body(Body::empty()).unwrap();
        let answer = admin.clone().router().oneshot(request).await.unwrap();
        let status = answer.status();
        let body = axum::body::to_bytes(answer.into_body(), usize::MAX).await.unwrap();
        (status, String::from_utf8(body.to_vec()).unwrap())
    }

    #[tokio::test]
    async fn alive_at_once_and_ready_when_synced() {
        let admin = admin();
        assert_eq!(ask(&admin, "/healthz").await, (StatusCode::OK, "OK".to_owned()));
        let post = Request::post("/healthz").body(Body::empty()).unwrap();
        assert_eq!(admin.clone().router().oneshot(post).await.unwrap().status(), StatusCode::OK);
        let (status, text) = ask(&admin, "/readyz").await;
        assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE);
        assert!(text.contains("Canary: the first list is not complete\n"), "{text}");
        sync(&admin.caches);
        assert_eq!(ask(&admin, "/readyz").await, (StatusCode::OK, "OK".to_owned()));
    }

    #[tokio::test]
    async fn a_missing_crd_of_the_gateway_api_does_not_keep_the_operator_from_being_ready() {
        let admin = admin();
        let key = Key::new("test", "app");
        admin.caches.link(&key, &admin.caches.links(&key, &Canary::default()));
        sync(&admin.caches);
        let routes = admin.caches.objects(Kind::Routed(&HTTP_ROUTE)).unwrap();
        routes.fail(Health::NotServed("not installed".to_owned()));
        assert_eq!(ask(&admin, "/readyz").await.0, StatusCode::OK);
        routes.fail(Health::Failing("forbidden".to_owned()));
        assert_eq!(ask(&admin, "/readyz").await.1, "HTTPRoute: forbidden\n");
    }

    #[tokio::test]
    async fn without_the_definition_of_canaries_the_operator_waits_for_it() {
        let admin = admin();
        sync(&admin.caches);
        admin.caches.canaries.fail(Health::NotServed("canaries.flagger.app is not served".to_owned()));
        let (status, text) = ask(&admin, "/readyz").await;
        assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE);
        assert_eq!(text, "Canary: canaries.flagger.app is not served\n");
        assert_eq!(ask(&admin, "/healthz").await.0, StatusCode::OK);
    }

    #[tokio::test]
    async fn metrics_are_served() {
        let request = Request::get("/metrics").header("accept", "application/openmetrics-text");
        let answer = admin().router().oneshot(request.body(Body::empty()).unwrap()).await.unwrap();
        assert_eq!(answer.status(), StatusCode::OK);
        // Flagger's answer, whatever is asked for.
        assert_eq!(answer.headers()["content-type"], "text/plain; version=0.0.4; charset=utf-8");
        let body = axum::body::to_bytes(answer.into_body(), usize::MAX).await.unwrap();
        assert!(body.starts_with(b"# HELP flagger_info Flagger version and mesh provider information\n"));
    }

    #[tokio::test]
    async fn a_kind_that_no_canary_names_is_not_waited_for() {
        let admin = admin();
        admin.caches.canaries.list_begins();
        admin.caches.canaries.list_ends();
        let (status, text) = ask(&admin, "/readyz").await;
        assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE);
        assert!(!text.contains("ScaledObject") && !text.contains("Deployment"), "{text}");
        let key = Key::new("test", "app");
        let mut canary = Canary::default();
        canary.spec.autoscaler_ref =
            Some(AutoscalerRef { kind: "ScaledObject".to_owned(), ..AutoscalerRef::default() });
        admin.caches.link(&key, &admin.caches.links(&key, &canary));
        let (_, text) = ask(&admin, "/readyz").await;
        assert!(text.contains("ScaledObject: the first list is not complete\n"), "{text}");
        assert!(!text.contains("HorizontalPodAutoscaler"), "{text}");
    }
}
