//! Why a hook did not agree.

use serin_api::duration::DurationError;

use super::Address;

/// Why a hook did not agree. The texts are those that Flagger puts into its events.
#[derive(Clone, Debug, thiserror::Error)]
pub enum WebhookError {
    /// `timeout` cannot be read.
    #[error(transparent)]
    Timeout(#[from] DurationError),
    /// `url` is no URL.
    #[error("parse {:?}: {reason}", address.masked("xxxxx"))]
    Url {
        /// The hook's `url`.
        address: Address,
        /// What is wrong with it.
        reason: String,
    },
    /// The payload cannot be written as JSON.
    #[error("the payload cannot be written as JSON: {0}")]
    Payload(String),
    /// The hook gave its answer, and it is no; the text is the answer's body, or the status when that is empty.
    #[error("{}", if body.trim().is_empty() { format!("status {status}") } else { body.clone() })]
    Refused {
        /// The hook's `url`.
        address: Address,
        /// The HTTP status, above 202.
        status: u16,
        /// The first 4 KiB of the answer.
        body: String,
    },
    /// The hook could not answer (429, or 5xx save for 501), also after the retries. The text is Flagger's, without
    /// the body.
    #[error("POST {} giving up after {attempts} attempt(s)", address.masked("xxxxx"))]
    Unavailable {
        /// The hook's `url`.
        address: Address,
        /// How often it was called.
        attempts: u32,
        /// The HTTP status of the last answer.
        status: u16,
        /// The first 4 KiB of the last answer.
        body: String,
    },
    /// There was no answer, also after the retries.
    #[error(
        "POST {} giving up after {attempts} attempt(s): Post {:?}: {reason}",
        address.masked("xxxxx"), address.masked("***")
    )]
    Unreachable {
        /// The hook's `url`.
        address: Address,
        /// How often it was called.
        attempts: u32,
        /// What went wrong, in Go's words where it has any.
        reason: String,
    },
    /// The answer broke off.
    #[error("error reading body: {reason}")]
    Body {
        /// The hook's `url`.
        address: Address,
        /// The HTTP status.
        status: u16,
        /// What went wrong, in Go's words where it has any.
        reason: String,
    },
}

impl WebhookError {
    /// The HTTP status, if there was an answer.
    pub fn status(&self) -> Option<u16> {
        match self {
            Self::Refused { status, .. } | Self::Unavailable { status, .. } | Self::Body { status, .. } => {
                Some(*status)
            }
            Self::Timeout(_) | Self::Url { .. } | Self::Payload(_) | Self::Unreachable { .. } => None,
        }
    }

    /// The first 4 KiB of the answer, if there was one. Flagger drops it for 429 and 5xx.
    pub fn body(&self) -> Option<&str> {
        match self {
            Self::Refused { body, .. } | Self::Unavailable { body, .. } => Some(body),
            _ => None,
        }
    }

    /// A text for logs: without path, query and password of the URL.
    pub fn redacted(&self) -> String {
        match self {
            Self::Url { reason, .. } => format!("the webhook's url cannot be used: {reason}"),
            Self::Refused { address, status, body } => {
                format!("{} refused with status {status}: {body}", address.origin())
            }
            Self::Unavailable { address, attempts, status, body } => {
                format!("{} gave status {status} after {attempts} attempt(s): {body}", address.origin())
            }
            Self::Unreachable { address, attempts, reason } => {
                format!("{} gave no answer after {attempts} attempt(s): {reason}", address.origin())
            }
            Self::Body { address, status, reason } => {
                format!("the answer of {} with status {status} broke off: {reason}", address.origin())
            }
            Self::Timeout(_) | Self::Payload(_) => self.to_string(),
        }
    }
}
