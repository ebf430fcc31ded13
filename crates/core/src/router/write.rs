//! What a router wants written.

use serde_json::Value;

use super::ObjectRef;

/// One write.
#[derive(Clone, Debug, PartialEq)]
pub struct Write {
    /// The object.
    pub object: ObjectRef,
    /// How it is written.
    pub how: How,
    /// What is sent; nothing for a deletion.
    pub body: Value,
    /// What is told when it fails.
    pub failure: Failure,
}

/// How an object is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum How {
    /// By a server-side apply: only the fields that are sent are owned, and those that are not sent any more go.
    Apply {
        /// Whether fields that Flagger owns, or that were written in another way, are taken over first, so that those
        /// which are not sent go too.
        takes_over: bool,
    },
    /// By a JSON merge patch; what it does not name stays.
    Merge,
}

/// The text of a write that fails, around what the API server says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// What stands before it.
    pub before: String,
    /// What stands after it.
    pub after: &'static str,
}

impl Failure {
    /// A text that ends with the API server's.
    pub fn new(before: impl Into<String>) -> Self {
        Self { before: before.into(), after: "" }
    }

    /// A text that goes on after the API server's.
    pub fn around(before: impl Into<String>, after: &'static str) -> Self {
        Self { before: before.into(), after }
    }

    /// The text.
    pub fn say(&self, said: &str) -> String {
        format!("{}{said}{}", self.before, self.after)
    }
}
