//! New Relic's Insights query API.

use std::time::Duration;

use serde::Deserialize;

use crate::answer::{Fault, json, list};
use crate::auth::Auth;
use crate::error::{ConfigError, ProbeError, QueryError};
use crate::http::Server;
use crate::setup::Setup;

/// The API in the US, for a provider without `address`.
const ADDRESS: &str = "https://insights-api.newrelic.com";

/// A query that every account may run.
const PROBE: &str = "SELECT * FROM Metric";

/// New Relic, asked about one interval of the metric.
#[derive(Debug, Clone)]
pub struct NewRelic {
    server: Server,
    path: String,
    window: Duration,
}

impl NewRelic {
    pub(crate) fn new(setup: &Setup<'_>) -> Result<Self, ConfigError> {
        let account = setup.required("newrelic_account_id", "the key 'newrelic_account_id'")?;
        let key = setup.required("newrelic_query_key", "the key 'newrelic_query_key'")?;
        let window = setup.window(1)?;
        let server = Server::new(setup, ADDRESS, Some(Auth::keys([("x-query-key", key)])))?;
        Ok(Self { server, path: format!("v1/accounts/{}/query", account.reveal()), window })
    }

    /// The one result of an NRQL query.
    ///
    /// # Errors
    /// [`QueryError::NoValues`] when there is none; others when the query cannot be answered.
    pub async fn query(&self, nrql: &str) -> Result<f64, QueryError> {
        self.server.ask(self.request(nrql), value).await
    }

    /// Whether queries are answered.
    ///
    /// # Errors
    /// Why they are not.
    pub async fn is_online(&self) -> Result<(), ProbeError> {
        self.server.fetch(self.request(PROBE)).await.map(drop).map_err(ProbeError::Request)
    }

    fn request(&self, nrql: &str) -> reqwest::RequestBuilder {
        let nrql = format!("{nrql} SINCE {} seconds ago", self.window.as_secs());
        self.server.get(self.server.at(&self.path)).query(&[("nrql", nrql)])
    }
}

#[derive(Deserialize)]
struct Response {
    #[serde(default, deserialize_with = "list")]
    results: Vec<QueryResult>,
}

#[derive(Deserialize)]
struct QueryResult {
    result: Option<f64>,
}

fn value(body: &[u8]) -> Result<f64, Fault> {
    match json::<Response>(body)?.results.as_slice() {
        [one] => one.result.ok_or(Fault::NoValues),
        [] => Err(Fault::NoValues),
        _ => Err(Fault::MultipleValues),
    }
}
