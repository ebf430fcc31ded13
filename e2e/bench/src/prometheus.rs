//! A Prometheus by which every canary does well.

use std::{
    collections::HashMap,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use anyhow::Result;
use axum::{
    Json, Router,
    extract::{Query, State},
    routing::get,
};
use serde_json::{Value, json};
use serin_e2e::loopback::Server;

/// It answers as long as it is kept.
pub(crate) struct Prometheus {
    server: Server,
    queries: Arc<AtomicU64>,
}

impl Prometheus {
    /// Starts to answer, on a port of its own.
    ///
    /// # Errors
    /// There is no free port.
    pub(crate) async fn start() -> Result<Self> {
        let queries = Arc::new(AtomicU64::new(0));
        let router = Router::new().route("/api/v1/query", get(answer)).with_state(Arc::clone(&queries));
        Ok(Self { server: Server::start(router).await?, queries })
    }

    /// Where it answers.
    pub(crate) fn url(&self) -> &str {
        &self.server.url
    }

    /// How many queries it has answered.
    pub(crate) fn queries(&self) -> u64 {
        self.queries.load(Ordering::Relaxed)
    }
}

async fn answer(
    State(queries): State<Arc<AtomicU64>>,
    Query(parameters): Query<HashMap<String, String>>,
) -> Json<Value> {
    queries.fetch_add(1, Ordering::Relaxed);
    Json(result(parameters.get("query").map_or("", String::as_str)))
}

/// The probe is answered with its own value, every other query with a success rate of 100 %.
fn result(query: &str) -> Value {
    let value = if query == "vector(1)" { "1" } else { "100" };
    json!({
        "status": "success",
        "data": {"resultType": "vector", "result": [{"metric": {}, "value": [0, value]}]},
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn queries_are_answered_and_counted() {
        let prometheus = Prometheus::start().await.unwrap();
        let ask = async |query: &str| -> Value {
            let url = format!("{}/api/v1/query", prometheus.url());
            reqwest::Client::new()
                .get(url)
                .query(&[("query", query)])
                .send()
                .await
                .unwrap()
                .json()
                .await
                .unwrap()
        };
        assert_eq!(ask("vector(1)").await["data"]["result"][0]["value"][1], "1");
        assert_eq!(ask("sum(rate(x[1m]))").await["data"]["result"][0]["value"][1], "100");
        assert_eq!(prometheus.queries(), 2);
    }
}
