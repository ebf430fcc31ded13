//! The shell around the core: watches, observes, applies.
//!
//! One reconcile serves one Canary: observe → validate → decide → status → actions → events, one file per
//! step. The caches keep what was watched and what was written; the queue says which Canary is next.

pub mod admin;
pub mod alerts;
pub mod apply;
pub mod asks;
pub mod cache;
pub mod client;
pub mod cluster;
pub mod context;
pub mod error;
pub mod events;
pub mod key;
pub mod kind;
pub mod lease;
mod lock;
pub mod memory;
pub mod metrics;
mod metrics_server;
pub mod observe;
pub mod options;
pub mod queue;
pub mod reconcile;
pub mod run;
pub mod sequence;
pub mod stalled;
pub mod status;
pub mod subject;
pub mod telemetry;
#[cfg(test)]
mod testing;
mod watch;
pub mod worker;

pub use options::{Election, Options};
pub use run::{RunError, run};
