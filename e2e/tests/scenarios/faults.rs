//! Bad input and faults: each is told by an event, and mostly a condition, traffic stays where it is, and the
//! rollout goes on by itself once the cause is gone.

mod metrics;
mod objects;
mod platform;
mod spec;
