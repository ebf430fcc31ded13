//! What the end-to-end tests and the demo are made of.
//!
//! - [`Cluster`] is the connection to the cluster that `KUBECONFIG` names.
//! - [`History`] records every version of every object in a namespace; waits are questions to it.
//! - [`invariants`] replays a history and finds every moment at which a safety invariant did not hold.
//! - [`Traffic`] sends requests through the gateway and counts who answered and how.
//! - [`Scene`] is one test: a namespace of its own, its history, and what is printed when it fails.

pub mod access;
pub mod cluster;
pub mod control_plane;
pub mod edits;
pub mod flagger;
pub mod flagger_program;
pub mod gateway_log;
pub mod helm;
pub mod history;
pub mod install;
pub mod invariants;
mod kind;
pub mod loopback;
pub mod manifest;
pub mod recorder;
pub mod scene;
pub mod settings;
pub mod timeline;
pub mod traffic;

pub use cluster::Cluster;
pub use control_plane::ControlPlane;
pub use history::History;
pub use kind::Kind;
pub use recorder::Recorder;
pub use scene::Scene;
pub use settings::Settings;
pub use traffic::Traffic;
