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
    /// The Secret lacks a key.
    #[error("{provider} credentials does not contain a {key}")]
    MissingCredential {
        /// `provider.type`.
        provider: String,
        /// Key that the Secret must have.
        key: &'static str,
    },
    /// A value of the Secret cannot be sent in a header.
    #[error(
        "the Secret's key {key} holds control characters or is not UTF-8; store it as plain text on one line"
    )]
    Unprintable {
        /// Key of the Secret.
        key: &'static str,
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
    /// A provider type that Serin cannot query.
    #[error("provider type {provider:?} is not supported; use a MetricTemplate of type prometheus")]
    NotSupported {
        /// `provider.type`.
        provider: String,
    },
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
    /// The server refused.
    #[error("error response: Status {status} {reason}: {body}")]
    Status {
        /// HTTP status, 400 and above.
        status: u16,
        /// The status in words.
        reason: &'static str,
        /// Beginning of the answer.
        body: String,
    },
    /// No connection, or it broke.
    #[error("request failed: {address}: {cause}; check the provider's address and that it is up")]
    Unreachable {
        /// The server without credentials.
        address: String,
        /// What the network or TLS said.
        cause: String,
    },
    /// No complete answer in time.
    #[error(
        "request failed: {address} did not answer within {timeout:?}; check that it is up or make the query cheaper"
    )]
    Timeout {
        /// The server without credentials.
        address: String,
        /// How long it was given.
        timeout: Duration,
    },
    /// The answer is too long to be one value.
    #[error(
        "error reading body: {address} sent more than {limit} bytes; make the query return a single series"
    )]
    TooLarge {
        /// The server without credentials.
        address: String,
        /// Most bytes that are read.
        limit: usize,
    },
    /// The answer is not what a Prometheus sends.
    #[error("error unmarshaling result: {cause}, '{body}'")]
    Malformed {
        /// What does not fit.
        cause: String,
        /// Beginning of the answer.
        body: String,
    },
}

/// Why a provider does not count as available.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ProbeError {
    /// The probe's query failed.
    #[error("running query failed: {0}")]
    Query(#[from] QueryError),
    /// The probe's query has the wrong value.
    #[error("value is not 1 for query: {query}")]
    WrongValue {
        /// The query sent.
        query: &'static str,
    },
}
