//! Load generator, gates and command runner behind webhooks: the load tester that Canaries call.
//!
//! The HTTP API is that of Flagger's load tester; `type: load` and the built-in stand-in for `hey` come on top.

mod command;
mod config;
mod error;
mod gate;
mod hey;
mod load;
mod metrics;
mod namespaces;
mod payload;
mod runner;
mod server;
mod slots;
mod task;

pub use config::{Config, LogLevel};
pub use error::Error;
pub use namespaces::Namespaces;
pub use server::{AppState, router, run, serve};
