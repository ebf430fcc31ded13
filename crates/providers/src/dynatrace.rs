//! Dynatrace's Metrics API, version 2.

use std::time::Duration;

use serde::Deserialize;

use crate::answer::{Fault, json, list};
use crate::auth::Auth;
use crate::client::Clock;
use crate::error::{ConfigError, ProbeError, QueryError};
use crate::http::Server;
use crate::setup::Setup;

/// The window of a query, in intervals of the metric.
const INTERVALS: u32 = 10;

/// A Dynatrace environment, asked for one value of all that was measured between ten intervals ago and now.
#[derive(Debug, Clone)]
pub struct Dynatrace {
    server: Server,
    clock: Clock,
    window: Duration,
}

impl Dynatrace {
    pub(crate) fn new(setup: &Setup<'_>) -> Result<Self, ConfigError> {
        let token = setup.required("dynatrace_token", "dynatrace_token")?;
        let server = Server::new(setup, "", Some(Auth::scheme("Api-Token ", token)))?;
        Ok(Self { server, clock: setup.clients.clock.clone(), window: setup.window(INTERVALS)? })
    }

    /// The value of a metric selector: of the last one, when it selects several dimensions.
    ///
    /// # Errors
    /// [`QueryError::NoValues`] when nothing was measured; others when the query cannot be answered.
    pub async fn query(&self, selector: &str) -> Result<f64, QueryError> {
        let to = u128::from(self.clock.since_epoch().as_secs()) * 1000;
        let from = to.saturating_sub(self.window.as_millis());
        let request = self.server.get(self.server.at("api/v2/metrics/query")).query(&[
            ("from", from.to_string().as_str()),
            ("metricSelector", selector),
            ("resolution", "Inf"),
            ("to", &to.to_string()),
        ]);
        self.server.ask(request, value).await
    }

    /// Whether the token may read metrics.
    ///
    /// # Errors
    /// Why it may not, or cannot be told.
    pub async fn is_online(&self) -> Result<(), ProbeError> {
        let request = self.server.get(self.server.at("api/v2/metrics")).query(&[("pageSize", "1")]);
        self.server.fetch(request).await.map(drop).map_err(ProbeError::Request)
    }
}

#[derive(Deserialize)]
struct Response {
    #[serde(default, deserialize_with = "list")]
    result: Vec<Metric>,
}

#[derive(Deserialize)]
struct Metric {
    #[serde(default, deserialize_with = "list")]
    data: Vec<Series>,
}

#[derive(Deserialize)]
struct Series {
    /// One for each timestamp, which is one in all for the resolution `Inf`; null when nothing was measured.
    #[serde(default, deserialize_with = "list")]
    values: Vec<Option<f64>>,
}

fn value(body: &[u8]) -> Result<f64, Fault> {
    let response: Response = json(body)?;
    let series = response.result.first().and_then(|metric| metric.data.last());
    series.and_then(|series| series.values.first().copied().flatten()).ok_or(Fault::NoValues)
}
