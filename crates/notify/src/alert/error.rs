//! Why an alert was not sent.

/// Why an alert was not sent. The texts begin as Flagger's do, but never hold the URL of the hook.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AlertError {
    /// `AlertProvider.spec.type` is unknown.
    #[error("provider {kind} not supported (use slack, discord, rocket, msteams or gchat)")]
    Unsupported {
        /// The type.
        kind: String,
    },
    /// The Secret of `AlertProvider.spec.secretRef` lacks the key `address`.
    #[error("secret does not contain an address (add the key address with the URL of the hook)")]
    NoAddress,
    /// The URL of the hook is not one for HTTP.
    #[error("invalid {channel} URL (it must begin with https:// or http://)")]
    Url {
        /// What kind of hook it is.
        channel: &'static str,
    },
    /// A field that the channel needs is empty.
    #[error("empty {channel} {field}")]
    Empty {
        /// The channel.
        channel: &'static str,
        /// `username` or `channel`.
        field: &'static str,
    },
    /// The URL of the proxy cannot be used.
    #[error("unable to parse proxy URL (correct spec.proxy of the AlertProvider)")]
    Proxy,
    /// The message cannot be written as JSON.
    #[error("marshalling notification payload failed: {0}")]
    Message(String),
    /// There was no answer.
    #[error("sending notification failed: {reason}")]
    Unreachable {
        /// What went wrong.
        reason: String,
    },
    /// The answer was no; the text is its body.
    #[error("sending notification failed: {body}")]
    Refused {
        /// The HTTP status, not in 200–299.
        status: u16,
        /// The first 4 KiB of the answer.
        body: String,
    },
}
