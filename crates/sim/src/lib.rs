//! A virtual cluster and clock that drive the core.
//!
//! [`World`] keeps what matters of a cluster, as plain values: which revision the target asks for, what
//! the primary carries, which pods are ready, how the route splits traffic. It is observed, decided on
//! and acted upon as the controller does with a real cluster, only that time passes when told to and that
//! pods become ready when told to. Nothing is mocked in between: every decision is the core's.
//!
//! # Example
//!
//! ```
//! use serde_json::json;
//! use serin_api::Phase;
//! use serin_core::{Timestamp, validate::{Settings, validate}};
//! use serin_sim::{Script, World};
//!
//! # fn main() -> Result<(), serde_json::Error> {
//! let canary = serin_testkit::canary(json!({"maxWeight": 50, "stepWeight": 10}), json!({}))?;
//! let rollout = validate(&canary, &Settings::default()).expect("a good manifest");
//! let mut world = World::new(rollout, Timestamp::UNIX_EPOCH, "v1");
//! let passes = Script { value: 100.0, ..Script::default() };
//!
//! // The primary is made and waits for its pods; then it takes the traffic.
//! world.settle(&passes, 50).expect("rest");
//! assert_eq!(world.status.phase, Phase::Initializing);
//! world.pods_ready();
//! world.settle(&passes, 50).expect("rest");
//! assert_eq!(world.status.phase, Phase::Initialized);
//!
//! // A new version is scaled up before it gets its first share.
//! world.change_target("v2");
//! world.settle(&passes, 50).expect("rest");
//! assert_eq!(world.status.phase, Phase::Progressing);
//! # Ok(())
//! # }
//! ```

pub mod answers;
pub mod world;

pub use answers::Script;
pub use world::{Pods, UsersRoute, VirtualScaler, VirtualServices, World};
