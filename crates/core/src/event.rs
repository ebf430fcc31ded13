//! What is told: the events, the alerts and the causes of rollbacks, each with its words. They are Flagger's where Flagger
//! tells the same. `crates/sim/tests/catalogue` has a row for each.

mod alert;
mod cause;
mod command;
mod kind;

pub use alert::AlertKind;
pub use cause::RollbackCause;
pub use command::Told;
pub use kind::{EventKind, TestKind, post_rollout};
