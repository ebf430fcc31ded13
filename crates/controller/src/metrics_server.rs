//! The Prometheus that built-in and inline queries go to.

use serin_analysis::SetupError;
use serin_providers::{Provider, redacted};

use crate::context::Context;

/// A Canary's own metrics server, else that of the flag `--metrics-server`.
///
/// # Errors
/// Its address is no URL.
pub(crate) fn of(ctx: &Context, own: Option<&str>) -> Result<Provider, SetupError> {
    let address = own.filter(|address| !address.is_empty()).unwrap_or(&ctx.options.metrics_server);
    Provider::metrics_server(&ctx.providers, address)
        .map_err(|error| SetupError::MetricsServer { address: redacted(address), error: error.to_string() })
}

/// Asks that of the flag once, so that the log says at the start whether it answers. It may come later: nothing waits
/// for it, and nothing ends without it.
pub(crate) async fn greet(ctx: &Context) {
    let address = redacted(&ctx.options.metrics_server);
    let answer = match of(ctx, None) {
        Ok(server) => server.is_online().await.map_err(|error| error.to_string()),
        Err(error) => Err(error.to_string()),
    };
    match answer {
        Ok(()) => tracing::info!(address, "Connected to metrics server"),
        // Who uses templates alone never needs it.
        Err(error) => tracing::warn!(address, error, "Metrics server unreachable; see --metrics-server"),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use axum::{Router, http::Uri};
    use tokio_util::sync::CancellationToken;

    use super::*;
    use crate::{
        lock::lock,
        metrics::Metrics,
        options::Options,
        testing::{FakeApi, options},
    };

    fn context(metrics_server: String) -> Context {
        let options = Options { metrics_server, ..options() };
        let (_, term) = tokio::sync::watch::channel(None);
        let metrics = Arc::new(Metrics::new("test", "kubernetes"));
        Context::new(options, FakeApi::default().client(), metrics, term, CancellationToken::new()).unwrap()
    }

    #[tokio::test]
    async fn it_is_asked_once_at_the_start_what_flagger_asks() {
        let asked = Arc::new(Mutex::new(Vec::new()));
        let noted = Arc::clone(&asked);
        let answer = move |uri: Uri| {
            lock(&noted).push(uri.to_string());
            std::future::ready(r#"{"data":{"result":[{"value":[1,"1"]}]}}"#)
        };
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(axum::serve(listener, Router::new().fallback(answer)).into_future());
        greet(&context(format!("http://{address}/below"))).await;
        assert_eq!(*lock(&asked), ["/below/api/v1/query?query=vector%281%29"]);
    }

    #[tokio::test]
    async fn an_address_that_is_none_ends_nothing() {
        greet(&context("no address".to_owned())).await;
    }

    #[tokio::test]
    async fn a_canary_may_have_its_own() {
        let ctx = context("no address".to_owned());
        assert!(of(&ctx, Some("http://own:9090")).is_ok());
        assert!(of(&ctx, Some("")).is_err());
    }
}
