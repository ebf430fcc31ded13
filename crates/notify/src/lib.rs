//! Webhooks, gates, event sink and alerts over HTTP.
//!
//! - [`WebhookClient`] calls the gates and hooks of `analysis.webhooks` with a [`Payload`].
//! - [`EventSink`] sends events on to the `event` hooks of a Canary or to the operator's own.
//! - [`AlertClient`] tells people, through the [`Receiver`] that an AlertProvider describes.
//!
//! What goes over the wire, and what an answer means, is Flagger's to the letter: hooks and receivers that were
//! written for Flagger see no difference. Passwords and tokens are in no `Debug` output and in no log line of this
//! crate.

pub mod alert;
pub mod event_sink;
mod go_json;
mod http;
pub mod payload;
pub mod webhook;

pub use alert::{AlertClient, AlertError, Message, Receiver};
pub use event_sink::EventSink;
pub use payload::{Payload, Subject};
pub use webhook::{WebhookClient, WebhookError};
