//! Metric providers over HTTP.
//!
//! [`Provider::new`] turns the `provider` of a MetricTemplate and its Secret into something that can be asked a
//! query. [`Clients`] keeps connections open across checks; make one and share it. Values of Secrets appear in no
//! error, `Debug` text or log line.

mod client;
mod credentials;
mod error;
mod http;
mod prometheus;
mod provider;

pub use client::{Clients, Limits};
pub use credentials::Credentials;
pub use error::{ClientError, ConfigError, ProbeError, QueryError};
pub use prometheus::Prometheus;
pub use provider::{Provider, outcome};
