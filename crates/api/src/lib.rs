//! The `flagger.app/v1beta1` API and the slice of Gateway API that Serin reads and writes.
//!
//! The crate is pure: types, their defaults, durations and schemas. It opens no connection, reads no clock and
//! no file.
//!
//! - [`Canary`], [`MetricTemplate`] and [`AlertProvider`] decode every manifest that Flagger's schema accepts.
//!   Absent fields stay absent when written again.
//! - [`gateway`] holds the HTTPRoute. Fields it does not know are kept and written back as they were.
//! - [`duration`] reads and prints Go durations, which every interval and timeout of the API uses.
//! - [`redact`] keeps what grants access out of what people read.
//! - [`crds`] returns the definitions that a cluster needs.
//!
//! # Example
//!
//! ```
//! use serin_api::{Canary, duration};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let manifest = r#"
//! apiVersion: flagger.app/v1beta1
//! kind: Canary
//! metadata:
//!   name: podinfo
//! spec:
//!   targetRef: {apiVersion: apps/v1, kind: Deployment, name: podinfo}
//!   service: {port: 9898}
//!   analysis: {interval: 1m30s, threshold: 5, maxWeight: 50, stepWeight: 10}
//! "#;
//! let canary: Canary = serde_saphyr::from_str(manifest)?;
//! let interval = canary.spec.analysis.interval.unwrap_or_default();
//! assert_eq!(duration::parse(&interval)?.num_seconds(), 90);
//!
//! let names: Vec<_> = serin_api::crds().into_iter().filter_map(|crd| crd.metadata.name).collect();
//! assert!(names.contains(&"canaries.flagger.app".to_owned()));
//! # Ok(())
//! # }
//! ```

pub mod alert_provider;
pub mod canary;
pub mod duration;
pub mod gateway;
pub mod manifest;
pub mod metric_template;
mod number;
mod patterns;
pub mod phase;
pub mod redact;
mod schema;
mod time;

pub use alert_provider::{AlertProvider, AlertProviderSpec};
pub use canary::{Canary, CanarySpec, CanaryStatus};
pub use gateway::HttpRoute;
pub use metric_template::{MetricTemplate, MetricTemplateSpec};
pub use phase::Phase;
pub use schema::crds;

/// API group of Flagger's kinds.
pub const GROUP: &str = "flagger.app";
/// The only API version of Flagger's kinds.
pub const VERSION: &str = "v1beta1";
