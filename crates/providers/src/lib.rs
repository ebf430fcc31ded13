//! Metric providers over HTTP, and those that are part of the cluster.
//!
//! [`Provider::new`] turns the `provider` of a MetricTemplate and its Secret into something that can be asked a
//! query. [`Clients`] keeps connections open across checks; make one and share it. Values of Secrets appear in no
//! error, `Debug` text or log line.
//!
//! # Example
//!
//! ```
//! use serin_providers::{Clients, Limits, Provider};
//! use wiremock::{Mock, MockServer, ResponseTemplate, matchers::query_param};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let server = MockServer::start().await;
//! let answer = r#"{"status": "success", "data": {"resultType": "scalar", "result": [0, "99.5"]}}"#;
//! let prometheus = Mock::given(query_param("query", "scalar(up)"));
//! prometheus.respond_with(ResponseTemplate::new(200).set_body_string(answer)).mount(&server).await;
//!
//! let clients = Clients::new(Limits::default())?;
//! let provider = Provider::metrics_server(&clients, &server.uri())?;
//! assert_eq!(provider.query("scalar(up)").await?, 99.5);
//! # Ok(())
//! # }
//! ```

mod answer;
mod auth;
mod aws;
mod client;
mod cloudwatch;
mod cluster;
mod credentials;
mod datadog;
mod dynatrace;
mod error;
mod excerpt;
mod externalmetrics;
mod google;
mod graphite;
mod http;
mod influxdb;
mod keptn;
mod limits;
mod newrelic;
mod prometheus;
mod provider;
mod setup;
mod splunk;
mod stackdriver;

pub use client::{Clients, Clock};
pub use cloudwatch::CloudWatch;
pub use credentials::Credentials;
pub use datadog::Datadog;
pub use dynatrace::Dynatrace;
pub use error::{ClientError, ConfigError, Peer, ProbeError, QueryError};
pub use externalmetrics::ExternalMetrics;
pub use graphite::Graphite;
pub use http::redacted;
pub use influxdb::InfluxDb;
pub use keptn::Keptn;
pub use limits::Limits;
pub use newrelic::NewRelic;
pub use prometheus::Prometheus;
pub use provider::{Provider, outcome};
pub use setup::Setup;
pub use splunk::Splunk;
pub use stackdriver::Stackdriver;
