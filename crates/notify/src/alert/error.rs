//! Why an alert was not sent.

use std::fmt;

/// Why an alert was not sent. The texts begin as Flagger's do, but never hold the URL of the hook.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AlertError {
    /// `AlertProvider.spec.type` is unknown.
    #[error("provider {kind} not supported")]
    Unsupported {
        /// The type.
        kind: String,
    },
    /// The Secret of `AlertProvider.spec.secretRef` lacks the key `address`.
    #[error("secret does not contain an address")]
    NoAddress,
    /// The URL of the hook is not one for HTTP.
    #[error("invalid {channel} URL")]
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
    #[error("unable to parse proxy URL")]
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
    /// The answer was no.
    #[error("sending notification failed: {}", Said { status: *status, body })]
    Refused {
        /// The HTTP status. A success when the answer itself says that it is none, as Slack's API does.
        status: u16,
        /// The first 512 bytes of the answer.
        body: String,
    },
}

impl AlertError {
    /// What the user can do about it.
    pub fn remedy(&self) -> &'static str {
        match self {
            Self::Unsupported { .. } => "use slack, discord, rocket, msteams, gchat or webhook as spec.type",
            Self::NoAddress => "add the key address with the URL of the hook to the Secret of spec.secretRef",
            Self::Url { .. } => "the URL of the hook must begin with https:// or http://",
            Self::Empty { .. } => "set both the name of the sender and of the channel",
            Self::Proxy => "the URL of the proxy must be like http://proxy:3128",
            Self::Message(_) => "report this as a bug",
            Self::Unreachable { reason } => unreachable_remedy(reason),
            Self::Refused { status, body } => refusal_remedy(*status, body),
        }
    }

    /// The error without what `scrub` takes out of foreign texts.
    #[must_use]
    pub(super) fn without(self, scrub: impl Fn(&str) -> String) -> Self {
        match self {
            Self::Unreachable { reason } => Self::Unreachable { reason: scrub(&reason) },
            Self::Refused { status, body } => Self::Refused { status, body: scrub(&body) },
            other => other,
        }
    }
}

/// The remedy when a receiver limits its rate.
const LIMITED: &str =
    "the receiver limits how many messages it takes: send it fewer, by severity or by a hook of its own";

fn unreachable_remedy(reason: &str) -> &'static str {
    match reason {
        _ if reason.starts_with("tls: ") => {
            "the certificate is not trusted: check the host in the URL, and that a known authority signed it"
        }
        _ if reason.contains("no such host") => "there is no such host: correct the URL, or look at the DNS",
        _ if reason.contains("deadline exceeded") => {
            "the receiver is slow, so it may have got the message: look there; then at network policies and proxy"
        }
        _ => "check that the operator can reach the host: DNS, network policies, certificates, proxy",
    }
}

fn refusal_remedy(status: u16, body: &str) -> &'static str {
    match status {
        401 | 403 => {
            "the receiver knows neither this URL nor this token: make new ones, and update the Secret"
        }
        300..=399 => "the receiver sends elsewhere: put the URL that it sends to into the provider's address",
        404 | 410 => "the hook does not exist any more: make a new one, and update its URL",
        407 => "the proxy wants to know who is asking: put name and password into its URL",
        413 => "the receiver takes no message of this length: use another kind of receiver",
        429 => LIMITED,
        500.. => "the receiver is broken for the moment: nothing can be done here",
        200..300 if body.contains("auth") || body.contains("token") => {
            "the token is wrong or was revoked: update the key token of the Secret"
        }
        200..300 if body.contains("ratelimited") => LIMITED,
        200..300 if body.contains("channel") || body.contains("archived") => {
            "the channel is gone, or the bot is not in it: invite the bot, or correct the channel"
        }
        _ => "check that the kind of the provider is that of the hook behind the URL",
    }
}

/// The answer's body, or its status when there is no body.
struct Said<'a> {
    status: u16,
    body: &'a str,
}

impl fmt::Display for Said<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.body.trim() {
            "" => write!(formatter, "status {}", self.status),
            body => formatter.write_str(body),
        }
    }
}
