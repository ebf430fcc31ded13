//! The shell around the core: watches, observes, applies.
//!
//! One reconcile serves one Canary: observe → validate → decide → status → actions → events, one file per
//! step. The caches keep what was watched and what was written; the queue says which Canary is next.
//!
//! # Example
//!
//! The operator of one namespace, until Ctrl-C:
//!
//! ```no_run
//! use std::{net::Ipv4Addr, time::Duration};
//!
//! use serin_controller::{Options, run};
//! use tokio_util::sync::CancellationToken;
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let options = Options {
//!     kubeconfig: None,
//!     master: None,
//!     namespace: Some("test".to_owned()),
//!     settings: Default::default(),
//!     metrics_server: "http://prometheus.monitoring:9090".to_owned(),
//!     event_webhook: None,
//!     alert_receiver: None,
//!     cluster_name: None,
//!     listen: (Ipv4Addr::UNSPECIFIED, 8080).into(),
//!     concurrency: 16,
//!     election: None,
//!     grace: Duration::from_secs(20),
//! };
//! let stop = CancellationToken::new();
//! let stopped = stop.clone();
//! tokio::spawn(async move {
//!     let _ = tokio::signal::ctrl_c().await;
//!     stopped.cancel();
//! });
//! run(options, stop).await?;
//! # Ok(())
//! # }
//! ```

mod admin;
mod alerts;
mod apply;
mod asks;
mod cache;
mod client;
mod clock;
mod cluster;
mod context;
mod error;
mod events;
mod health;
mod key;
mod kind;
mod lease;
mod local_state;
mod lock;
mod metrics;
mod metrics_server;
mod observe;
mod options;
mod queue;
mod reconcile;
mod run;
mod sequence;
mod status;
mod subject;
pub mod telemetry;
#[cfg(test)]
mod testing;
mod watch;
mod worker;

pub use options::{Election, Options};
pub use run::{ClientError, ContextError, RunError, run};
