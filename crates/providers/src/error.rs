use std::fmt;
use std::time::Duration;

/// The HTTP clients cannot be made.
#[derive(Debug, thiserror::Error)]
#[error("cannot set up HTTP clients for metric providers: {0}")]
pub struct ClientError(#[source] pub(crate) reqwest::Error);

/// A provider that can never work as configured.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ConfigError {
    /// `provider.address` is empty or no URL.
    #[error("{provider} address {address} is not a valid URL")]
    Address {
        /// `provider.type`.
        provider: String,
        /// The address without credentials.
        address: String,
    },
    /// `provider.address` is no http or https URL.
    #[error("{provider} address {address} is not a valid URL: it must begin with http:// or https://")]
    Scheme {
        /// `provider.type`.
        provider: String,
        /// The address without credentials.
        address: String,
    },
    /// `provider.region` is missing or cannot be part of a host name.
    #[error("region not specified; set provider.region of the {provider} provider, such as eu-west-1")]
    Region {
        /// `provider.type`.
        provider: String,
    },
    /// The Secret lacks a key, or there is no Secret.
    #[error(
        "{provider} credentials does not contain {what}; provider.secretRef must name a Secret with the key {key}"
    )]
    MissingCredential {
        /// `provider.type`.
        provider: String,
        /// What Flagger calls it.
        what: &'static str,
        /// Key that the Secret must have.
        key: &'static str,
    },
    /// A value of the Secret cannot be sent in a header.
    #[error(
        "{provider} credentials: the Secret's key {key} holds control characters or is not UTF-8; store it as plain \
         text on one line"
    )]
    Unprintable {
        /// `provider.type`.
        provider: String,
        /// Key of the Secret.
        key: &'static str,
    },
    /// A value of the Secret is not what it should be.
    #[error("{provider} credentials: the Secret's key {key} is unusable: {cause}")]
    Credential {
        /// `provider.type`.
        provider: String,
        /// Key of the Secret.
        key: &'static str,
        /// What is wrong, without the value.
        cause: String,
    },
    /// An entry of `provider.headers` cannot be sent.
    #[error(
        "{provider} header {name:?} is not a valid HTTP header; correct its name or value in provider.headers"
    )]
    Header {
        /// `provider.type`.
        provider: String,
        /// The header's name.
        name: String,
    },
    /// The metric's `interval` is no duration.
    #[error(
        "error parsing metric interval: {cause}; correct the interval {interval:?} of the Canary's metric"
    )]
    Interval {
        /// The interval as written.
        interval: String,
        /// What is wrong with it.
        cause: String,
    },
    /// A provider that is part of the cluster, without a connection to one.
    #[error("{provider} is asked of the operator's own cluster, and there is no connection to one")]
    NoCluster {
        /// `provider.type`.
        provider: String,
    },
    /// A provider type that Serin cannot query.
    #[error("provider type {provider:?} is not supported; use another type of MetricTemplate")]
    NotSupported {
        /// `provider.type`.
        provider: String,
    },
}

/// A provider's server, as errors call it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Peer {
    /// `provider.type`.
    pub provider: String,
    /// Its address without credentials.
    pub address: String,
}

impl fmt::Display for Peer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} at {}", self.provider, self.address)
    }
}

/// Why a query has no value.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum QueryError {
    /// The query matched nothing, or its value is no number.
    #[error("no values found")]
    NoValues,
    /// The query has a range of values; ask for an instant one.
    #[error("query returned multiple values")]
    MultipleValues,
    /// The query gives something else than a number.
    #[error("the result of the query is {found}, and a check needs one number: {remedy} ({peer})")]
    ResultType {
        /// The server that was asked.
        peer: Peer,
        /// What it is.
        found: &'static str,
        /// What to do.
        remedy: &'static str,
    },
    /// The query is not in the provider's language.
    #[error("error unmarshaling query: {cause}; correct the query of the MetricTemplate for {provider}")]
    Query {
        /// `provider.type`.
        provider: String,
        /// What is wrong with it.
        cause: String,
    },
    /// The provider's credentials cannot be had from where it looks for them.
    #[error("{provider} credentials cannot be loaded: {cause}; {remedy}")]
    Credentials {
        /// `provider.type`.
        provider: String,
        /// What went wrong, without secrets.
        cause: String,
        /// What to do.
        remedy: &'static str,
    },
    /// The server refused.
    #[error("error response: Status {status} {reason}: {body}; {}", remedy(*status, peer))]
    Status {
        /// The server that was asked.
        peer: Peer,
        /// HTTP status, 300 and above.
        status: u16,
        /// The status in words.
        reason: &'static str,
        /// Beginning of the answer.
        body: String,
    },
    /// The server says in a good answer that the query failed.
    #[error("error response: {cause}; check the query for {peer}")]
    Rejected {
        /// The server that was asked.
        peer: Peer,
        /// What it said.
        cause: String,
    },
    /// No connection, or it broke.
    #[error("request failed: {peer}: {cause}; {}", remedy_without_answer(peer, cause))]
    Unreachable {
        /// The server that was asked.
        peer: Peer,
        /// What the network or TLS said.
        cause: String,
    },
    /// No complete answer in time.
    #[error(
        "request failed: {peer} did not answer within {timeout:?}; check that it is up or make the query cheaper"
    )]
    Timeout {
        /// The server that was asked.
        peer: Peer,
        /// How long it was given.
        timeout: Duration,
    },
    /// The answer is too long to be one value.
    #[error("error reading body: {peer} sent more than {limit} bytes; make the query return a single series")]
    TooLarge {
        /// The server that was asked.
        peer: Peer,
        /// Most bytes that are read.
        limit: usize,
    },
    /// The answer is not what such a provider sends.
    #[error(
        "error unmarshaling result: {cause}, '{body}'; check that {peer} is the provider's API and the query \
         gives numbers"
    )]
    Malformed {
        /// The server that was asked.
        peer: Peer,
        /// What does not fit.
        cause: String,
        /// Beginning of the answer.
        body: String,
    },
}

impl Peer {
    /// The API server, which the operator asks with its own account.
    pub(crate) const CLUSTER: &str = "the cluster's API server";
}

/// What the user can do when there is no answer.
fn remedy_without_answer(peer: &Peer, cause: &str) -> &'static str {
    if peer.address == Peer::CLUSTER {
        return "look at the API server, and at the pods behind its APIService";
    }
    if cause.contains("certificate") {
        return "its certificate is not trusted: check the host in the address, or let a known authority sign it";
    }
    if cause.contains("lookup") {
        return "no such host: correct the provider's address";
    }
    "check the provider's address and that it is up"
}

/// What the user can do about a refusal.
fn remedy(status: u16, peer: &Peer) -> String {
    match (status, peer.address.as_str()) {
        (401 | 403, Peer::CLUSTER) => {
            let what = if peer.provider == "keptn" { "metrics.keptn.sh" } else { "external.metrics.k8s.io" };
            return format!(
                "{peer} refuses the operator: grant its ServiceAccount what the query names in {what}"
            );
        }
        (404, Peer::CLUSTER) => {
            return format!("check that {peer} has the API of {} and the object of the query", peer.provider);
        }
        (300..=399 | 429, Peer::CLUSTER) => {
            return format!("look at what stands between the operator and {peer}");
        }
        _ => {}
    }
    match status {
        ..300 => format!("check that the address is that of the provider's API: {peer}"),
        300..=399 => format!("{peer} sends elsewhere: set provider.address to where it sends"),
        401 | 403 if peer.provider == "cloudwatch" => {
            format!(
                "{peer} refuses the credentials: their role needs the permission cloudwatch:GetMetricData"
            )
        }
        401 | 403 => format!(
            "{peer} refuses the credentials: check the Secret of provider.secretRef and what it is allowed to read"
        ),
        404 => format!("check that the provider's API is at the address: {peer}"),
        429 => format!("{peer} asks for fewer requests: use a longer interval or raise its limit"),
        500.. => format!("{peer} is out of order: look at its own logs"),
        _ => format!("check the query for {peer}"),
    }
}

/// Why a provider does not count as available.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ProbeError {
    /// The probe's query failed.
    #[error("running query failed: {0}")]
    Query(#[from] QueryError),
    /// The probe's request, which is no query, failed.
    #[error(transparent)]
    Request(QueryError),
    /// The probe's query has the wrong value.
    #[error("value is not 1 for query: {query}")]
    WrongValue {
        /// The query sent.
        query: &'static str,
    },
}
