//! Webhooks, gates, event sink and alerts over HTTP.
//!
//! - [`WebhookClient`] calls the gates and hooks of `analysis.webhooks` with a [`Payload`].
//!
//! What goes over the wire, and what an answer means, is Flagger's to the letter: hooks and receivers that were
//! written for Flagger see no difference. Passwords and tokens are in no `Debug` output and in no log line of this
//! crate.

mod go_json;
mod http;
pub mod payload;
pub mod webhook;

pub use payload::{Payload, Subject};
pub use webhook::{WebhookClient, WebhookError};
