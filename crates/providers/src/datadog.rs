//! Datadog's API for timeseries.

use std::time::Duration;

use serde::Deserialize;

use crate::answer::{Fault, json, list};
use crate::auth::Auth;
use crate::client::Clock;
use crate::error::{ConfigError, ProbeError, QueryError};
use crate::http::Server;
use crate::setup::Setup;

/// Datadog's site in the US, for a provider without `address`.
const ADDRESS: &str = "https://api.datadoghq.com";

/// The window of a query, in intervals of the metric.
const INTERVALS: u32 = 10;

/// Datadog, asked for points between ten intervals ago and now.
#[derive(Debug, Clone)]
pub struct Datadog {
    server: Server,
    clock: Clock,
    window: Duration,
}

impl Datadog {
    pub(crate) fn new(setup: &Setup<'_>) -> Result<Self, ConfigError> {
        let api_key = setup.required("datadog_api_key", "datadog_api_key")?;
        let application_key = setup.required("datadog_application_key", "datadog_application_key")?;
        let auth = Auth::keys([("dd-api-key", api_key), ("dd-application-key", application_key)]);
        let window = setup.window(INTERVALS)?;
        let server = Server::new(setup, ADDRESS, Some(auth))?;
        Ok(Self { server, clock: setup.clients.clock.clone(), window })
    }

    /// The oldest value of the first series: the newest one covers only a part of its time yet.
    ///
    /// # Errors
    /// [`QueryError::NoValues`] when there is none; others when the query cannot be answered.
    pub async fn query(&self, query: &str) -> Result<f64, QueryError> {
        let to = self.clock.since_epoch().as_secs();
        let from = to.saturating_sub(self.window.as_secs());
        let request = self.server.get(self.server.at("api/v1/query"));
        let request =
            request.query(&[("from", from.to_string().as_str()), ("query", query), ("to", &to.to_string())]);
        self.server.ask(request, value).await
    }

    /// Whether the API key is valid.
    ///
    /// # Errors
    /// Why it is not, or cannot be told.
    pub async fn is_online(&self) -> Result<(), ProbeError> {
        let request = self.server.get(self.server.at("api/v1/validate"));
        self.server.fetch(request).await.map(drop).map_err(ProbeError::Request)
    }
}

#[derive(Deserialize)]
struct Response {
    #[serde(default, deserialize_with = "list")]
    series: Vec<Series>,
    /// Set when the query failed, also with status 200.
    error: Option<String>,
}

#[derive(Deserialize)]
struct Series {
    /// Time in milliseconds and value; no value when nothing was measured.
    #[serde(default, deserialize_with = "list")]
    pointlist: Vec<(f64, Option<f64>)>,
}

fn value(body: &[u8]) -> Result<f64, Fault> {
    let response: Response = json(body)?;
    let first = response.series.first().and_then(|series| series.pointlist.iter().find_map(|point| point.1));
    match (first, response.error) {
        (Some(value), _) => Ok(value),
        (None, Some(error)) if !error.is_empty() => Err(Fault::Rejected(error)),
        (None, _) => Err(Fault::NoValues),
    }
}
