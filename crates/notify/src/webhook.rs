//! Calls of gates and hooks (`analysis.webhooks`).

use reqwest::{Client, header::CONTENT_TYPE};
use serin_api::canary::CanaryWebhook;

use crate::{Payload, http};

mod address;
mod attempt;
mod error;
pub(crate) mod pause;
mod request;
mod retry;

pub use address::Address;
pub use error::WebhookError;

use attempt::Failure;
use request::Request;

/// Calls webhooks. Clones share their connections.
#[derive(Clone, Debug)]
pub struct WebhookClient {
    verified: Client,
    unverified: Client,
}

impl WebhookClient {
    /// A client with connections of its own; the operator needs only one.
    ///
    /// # Errors
    /// The TLS library cannot be set up.
    pub fn new() -> Result<Self, reqwest::Error> {
        let verified = http::verifying(http::builder)?;
        let unverified = http::builder().tls_danger_accept_invalid_certs(true).build()?;
        Ok(Self { verified, unverified })
    }

    /// Calls `hook` and waits for its answer, with the retries that it asks for.
    ///
    /// The hook agrees with a status up to 202; even 203 and 204 are refusals.
    ///
    /// # Errors
    /// - [`WebhookError::Timeout`], [`WebhookError::Url`] or [`WebhookError::Payload`] before
    ///   anything is sent,
    /// - [`WebhookError::Refused`] when the hook says no,
    /// - [`WebhookError::Unavailable`] or [`WebhookError::Unreachable`] when it could not answer,
    ///   also after the retries,
    /// - [`WebhookError::Body`] when its answer broke off.
    pub async fn call(&self, hook: &CanaryWebhook, payload: &Payload) -> Result<(), WebhookError> {
        let request = Request::new(hook, payload)?;
        let outcome = retry::run(request.retries, || self.attempt(&request)).await;
        outcome.map_err(|(failure, attempts)| failure.into_error(&request.address, attempts))
    }

    async fn attempt(&self, request: &Request) -> Result<(), Failure> {
        let client = if request.verify { &self.verified } else { &self.unverified };
        let call = client.post(request.url.clone()).timeout(request.timeout);
        let call = call.header(CONTENT_TYPE, "application/json").body(request.body.clone());
        match call.send().await {
            Ok(response) => attempt::judge(response).await,
            Err(error) => Err(Failure::without_answer(&error, &request.url)),
        }
    }
}
