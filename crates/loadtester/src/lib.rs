//! Load generator, gates and command runner behind webhooks: the load tester that Canaries call.
//!
//! The HTTP API is that of Flagger's load tester; `type: load` and the built-in stand-in for `hey` come on top.
//!
//! # Example
//!
//! ```
//! use axum::{body::Body, http::{Request, StatusCode}};
//! use clap::{Args, FromArgMatches};
//! use serin_loadtester::{AppState, Config, router};
//! use tokio_util::sync::CancellationToken;
//! use tower::ServiceExt;
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let command = Config::augment_args(clap::Command::new("loadtester"));
//! let config = Config::from_arg_matches(&command.get_matches_from(["loadtester"]))?;
//! let router = router(AppState::new(&config, CancellationToken::new()));
//! let answer = router.oneshot(Request::post("/gate/halt").body(Body::empty())?).await?;
//! assert_eq!(answer.status(), StatusCode::FORBIDDEN);
//! # Ok(())
//! # }
//! ```

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
