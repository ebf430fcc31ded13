//! The built-in load generator: what is to be sent, how fast and for how long.

use std::time::Duration;

use reqwest::{Method, Url, header::HeaderMap};

mod client;
mod generator;
mod metadata;
mod report;
mod tally;
mod template;

#[cfg(test)]
pub(crate) mod testing;

pub(crate) use client::ClientError;
pub(crate) use generator::{Aim, generate};
pub(crate) use metadata::parse;
pub(crate) use report::Report;
pub(crate) use template::{TemplateError, header, host, method, url};

/// Most requests per second of one load.
pub(crate) const MAX_RATE: f64 = 10_000.0;

/// Most requests of one load under way at once.
pub(crate) const MAX_CONCURRENCY: usize = 512;

/// A load, checked and within the bounds.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Load {
    /// The request that is sent again and again.
    pub(crate) template: Template,
    /// How the connections behave.
    pub(crate) transport: Transport,
    /// When requests are due.
    pub(crate) pace: Pace,
    /// After how many requests it ends, if not by time.
    pub(crate) count: Option<u64>,
    /// After which time no new request starts.
    pub(crate) duration: Duration,
    /// How many requests may be under way at once.
    pub(crate) concurrency: usize,
}

/// A request.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Template {
    pub(crate) method: Method,
    pub(crate) url: Url,
    pub(crate) headers: HeaderMap,
    pub(crate) body: String,
    /// How long the answer may take, body included; no bound when unset.
    pub(crate) timeout: Option<Duration>,
}

/// How the connections behave.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Transport {
    /// Use a connection for more than one request.
    pub(crate) keep_alive: bool,
    /// Verify the server's certificate.
    pub(crate) verify: bool,
    /// Follow redirects.
    pub(crate) follow: bool,
}

/// When requests are due.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Pace {
    /// One each interval, however long the answers take. Latency counts from the moment the request was due, so that
    /// a server that stalls cannot hide the requests that waited for it.
    Open(Duration),
    /// One as soon as an answer frees a place, at most one each interval. Latency counts from the sending.
    Closed(Duration),
}

impl Pace {
    /// `rate` requests per second. `None` when that is not a rate between one in a thousand seconds and [`MAX_RATE`].
    pub(crate) fn open(rate: f64) -> Option<Self> {
        (0.001..=MAX_RATE).contains(&rate).then(|| Self::Open(Duration::from_secs_f64(1.0 / rate)))
    }

    /// As fast as the answers come, up to [`MAX_RATE`].
    pub(crate) fn closed() -> Self {
        Self::Closed(Duration::from_secs_f64(1.0 / MAX_RATE))
    }

    /// The shortest time between two requests.
    pub(crate) fn interval(self) -> Duration {
        match self {
            Self::Open(interval) | Self::Closed(interval) => interval,
        }
    }
}
