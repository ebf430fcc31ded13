//! From an answer's body to a value.

use serde::de::DeserializeOwned;

/// Why an answer has no value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Fault {
    /// It is empty, or its value is no number.
    NoValues,
    /// It has several values where one is needed.
    MultipleValues,
    /// It says that the query failed, though its status is a good one: what it says.
    Rejected(String),
    /// It is not what the provider's API sends: what does not fit.
    Malformed(String),
}

impl Fault {
    pub(crate) fn malformed(cause: impl Into<String>) -> Self {
        Self::Malformed(cause.into())
    }
}

/// The JSON of an answer.
pub(crate) fn json<T: DeserializeOwned>(body: &[u8]) -> Result<T, Fault> {
    serde_json::from_slice(body).map_err(|error| Fault::Malformed(error.to_string()))
}

/// A number that a provider writes as text, as Go reads it.
pub(crate) fn number(text: &str) -> Result<f64, Fault> {
    text.parse().map_err(|_| Fault::Malformed(format!("{text:?} is not a number")))
}
