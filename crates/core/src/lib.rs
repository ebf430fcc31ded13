//! The lifecycle of a canary as pure functions.
//!
//! # Contract
//!
//! The shell reads the cluster and hands over an [`Observation`]: plain facts, the answers to
//! earlier asks, and the time. [`decide()`] returns a [`Plan`]. The shell then
//!
//! 1. answers the plan's *asks* (gates, hooks, metric queries), if there are any, and decides again;
//! 2. writes the plan's *status*, fenced by the resource version that was observed. The status is the
//!    intent; it is written before any action, so a crash loses nothing and a stale reader is stopped
//!    before it acts;
//! 3. carries out the *actions* in order. Each is idempotent, and any prefix of them may be all that
//!    happens: the next observation shows what is left to do;
//! 4. sends the *events*, *alerts* and *hooks* that the written status lists (see [`outbox`]);
//! 5. observes and decides again until a plan is empty, and then sleeps until [`Plan::wake`] or until
//!    a watched object changes.
//!
//! Nothing here reads a clock, does I/O or depends on iteration order. Being called is never taken for
//! a tick: whether a check is due follows from the time of the last one, which is in the status.
//!
//! # Example
//!
//! A decision needs a [`Rollout`]: a Canary of which every field is known to be good. The crate
//! `serin-sim` shows the decisions that follow.
//!
//! ```
//! use serde_json::json;
//! use serin_core::validate::{Settings, validate};
//!
//! # fn main() -> Result<(), serde_json::Error> {
//! let mut canary: serin_api::Canary = serde_json::from_value(json!({
//!     "apiVersion": "flagger.app/v1beta1",
//!     "kind": "Canary",
//!     "metadata": {"name": "podinfo", "namespace": "test"},
//!     "spec": {
//!         "targetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": "podinfo"},
//!         "service": {"port": 9898, "gatewayRefs": [{"name": "gateway"}]},
//!         "analysis": {"interval": "1m", "threshold": 5, "maxWeight": 50, "stepWeight": 10},
//!     },
//! }))?;
//! let rollout = validate(&canary, &Settings::default()).expect("a good manifest");
//! assert_eq!((rollout.full_name().as_str(), rollout.threshold), ("podinfo.test", 5));
//!
//! canary.spec.analysis.step_weight = Some(0);
//! canary.spec.service = None;
//! let errors = validate(&canary, &Settings::default()).expect_err("two faults");
//! assert!(errors.iter().any(|error| error.field == "spec.service"));
//! # Ok(())
//! # }
//! ```

pub mod affinity;
pub mod build;
pub mod command;
pub mod decide;
pub mod delivery;
pub mod event;
pub mod hash;
pub mod identity;
pub mod json;
pub mod keys;
pub mod names;
pub mod observe;
pub mod orphans;
pub mod outbox;
pub mod plan;
mod re2;
pub mod readiness;
pub mod reason;
pub mod rollout;
pub mod router;
pub mod routing;
pub mod settings;
pub mod snapshot;
pub mod spec_error;
pub mod stall;
pub mod state;
pub mod strategy;
mod time;
pub mod validate;

pub use decide::decide;
pub use observe::{Observation, Seen};
pub use plan::{Action, Plan};
pub use rollout::Rollout;
pub use routing::Routing;

/// A point in time; the core never asks for it, the shell passes it in.
pub type Timestamp = chrono::DateTime<chrono::Utc>;
