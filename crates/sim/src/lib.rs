//! A virtual cluster and clock that drive the core.
//!
//! [`World`] keeps what matters of a cluster, as plain values: which revision the target asks for, what
//! the primary carries, which pods are ready, how the route splits traffic. It is observed, decided on
//! and acted upon as the controller does with a real cluster, only that time passes when told to and that
//! pods become ready when told to. Nothing is mocked in between: every decision is the core's.

pub mod answers;
pub mod world;

pub use answers::Script;
pub use world::{Pods, VirtualScaler, World};
