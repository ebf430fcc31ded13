//! From an answer's body to a value.

use serde::{Deserialize, Deserializer, de::DeserializeOwned};

use crate::error::{Peer, QueryError};
use crate::excerpt::excerpt;

/// Why an answer has no value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Fault {
    /// The answer is empty, or its value is no number.
    NoValues,
    /// The answer has several values where one is needed.
    MultipleValues,
    /// Its value is of another type than a number: which, and what to do.
    ResultType { found: &'static str, remedy: &'static str },
    /// The answer says that the query failed, although its status is a success; the text is the
    /// answer's.
    Rejected(String),
    /// The answer does not have the form of the provider's API; the text says what does not fit.
    Malformed(String),
}

impl Fault {
    /// What to tell of an answer with this fault; its texts must hold no secret.
    pub(crate) fn told(self, peer: Peer, body: &str) -> QueryError {
        match self {
            Self::NoValues => QueryError::NoValues,
            Self::MultipleValues => QueryError::MultipleValues,
            Self::ResultType { found, remedy } => QueryError::ResultType { peer, found, remedy },
            Self::Rejected(cause) => QueryError::Rejected { peer, cause: excerpt(&cause) },
            Self::Malformed(cause) => {
                QueryError::Malformed { peer, cause: excerpt(&cause), body: excerpt(body) }
            }
        }
    }

    /// Changes the text of the fault.
    pub(crate) fn map(self, change: impl FnOnce(String) -> String) -> Self {
        match self {
            Self::Rejected(cause) => Self::Rejected(change(cause)),
            Self::Malformed(cause) => Self::Malformed(change(cause)),
            other => other,
        }
    }

    pub(crate) fn malformed(cause: impl Into<String>) -> Self {
        Self::Malformed(cause.into())
    }
}

/// The JSON of an answer.
pub(crate) fn json<T: DeserializeOwned>(body: &[u8]) -> Result<T, Fault> {
    serde_json::from_slice(body).map_err(|error| Fault::Malformed(error.to_string()))
}

/// A list of an answer. Servers that are written in Go write an empty one as `null`.
pub(crate) fn list<'de, D, T>(deserializer: D) -> Result<Vec<T>, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de>,
{
    Ok(Option::deserialize(deserializer)?.unwrap_or_default())
}

/// A number that a provider writes as text, as Go reads it.
pub(crate) fn number(text: &str) -> Result<f64, Fault> {
    text.parse().map_err(|_| Fault::Malformed(format!("{text:?} is not a number")))
}
