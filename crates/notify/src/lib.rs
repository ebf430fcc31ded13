//! Webhooks, gates, event sink and alerts over HTTP.
//!
//! - [`WebhookClient`] calls the gates and hooks of `analysis.webhooks` with a [`Payload`].
//! - [`EventSink`] sends events on to the `event` hooks of a Canary or to the operator's own.
//! - [`AlertClient`] tells people, through the [`Receiver`] that an AlertProvider describes.
//!
//! What goes over the wire, and what an answer means, is Flagger's to the letter: hooks and receivers that were
//! written for Flagger see no difference. Passwords and tokens are in no `Debug` output and in no log line of this
//! crate.
//!
//! # Example
//!
//! ```
//! use serin_api::{Phase, canary::CanaryWebhook};
//! use serin_notify::{Payload, Subject, WebhookClient};
//! use wiremock::{Mock, MockServer, ResponseTemplate, matchers::body_partial_json};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let server = MockServer::start().await;
//! let expected = serde_json::json!({"name": "podinfo", "namespace": "test", "phase": "Progressing"});
//! let gate = Mock::given(body_partial_json(expected)).respond_with(ResponseTemplate::new(200));
//! gate.expect(1).mount(&server).await;
//!
//! let hook: CanaryWebhook =
//!     serde_json::from_value(serde_json::json!({"name": "gate", "url": server.uri()}))?;
//! let subject = Subject { name: "podinfo".into(), namespace: "test".into(), checksum: "1".into() };
//! let payload = Payload::for_hook(&subject, Phase::Progressing, &hook);
//! WebhookClient::new()?.call(&hook, &payload).await?;
//! # Ok(())
//! # }
//! ```

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
