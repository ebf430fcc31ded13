//! What came of one attempt.

use std::time::Duration;

use reqwest::Response;
use url::Url;

use super::{Address, WebhookError, pause};
use crate::http::{self, reason};

/// Why one attempt did not succeed.
#[derive(Debug)]
pub(super) enum Failure {
    /// The hook says no.
    Refused { status: u16, body: String },
    /// The hook cannot answer; `pause` is what it asks for with `Retry-After`.
    Unavailable { status: u16, body: String, pause: Option<Duration> },
    /// No answer; `passing` means that another attempt may succeed.
    Unreachable { reason: String, passing: bool },
    /// The answer broke off.
    Body { status: u16, reason: String },
}

impl Failure {
    /// A request to `url` that failed. Bad certificates and too many redirects stay as they are, whatever is tried
    /// again.
    pub(super) fn without_answer(error: &reqwest::Error, url: &Url) -> Self {
        let reason = reason::of_request(error, url);
        let passing = !error.is_redirect() && !error.is_builder() && !reason.starts_with("tls: ");
        Self::Unreachable { reason, passing }
    }

    /// Whether another attempt may succeed.
    pub(super) fn is_passing(&self) -> bool {
        match self {
            Self::Unavailable { .. } => true,
            Self::Unreachable { passing, .. } => *passing,
            Self::Refused { .. } | Self::Body { .. } => false,
        }
    }

    /// The pause that the hook asks for.
    pub(super) fn asked_pause(&self) -> Option<Duration> {
        match self {
            Self::Unavailable { pause, .. } => *pause,
            _ => None,
        }
    }

    pub(super) fn into_error(self, address: &Address, attempts: u32) -> WebhookError {
        let address = address.clone();
        match self {
            Self::Refused { status, body } => {
                let body = address.scrubbed(&body);
                WebhookError::Refused { address, status, body }
            }
            Self::Unavailable { status, body, .. } => {
                let body = address.scrubbed(&body);
                WebhookError::Unavailable { address, attempts, status, body }
            }
            Self::Unreachable { reason, .. } => WebhookError::Unreachable { address, attempts, reason },
            Self::Body { status, reason } => WebhookError::Body { address, status, reason },
        }
    }
}

/// Reads the answer and says what it means.
pub(super) async fn judge(response: Response) -> Result<(), Failure> {
    let status = response.status().as_u16();
    let asked = pause::asked(status, response.headers());
    match (status, http::read_body(response).await) {
        (429 | 500 | 502.., body) => {
            Err(Failure::Unavailable { status, body: body.unwrap_or_default(), pause: asked })
        }
        (_, Err(error)) => Err(Failure::Body { status, reason: reason::of_body(&error) }),
        (..=202, Ok(_)) => Ok(()),
        (_, Ok(body)) => Err(Failure::Refused { status, body }),
    }
}
