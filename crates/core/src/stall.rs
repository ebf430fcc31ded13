//! Why something does not go on, for a condition of the status.

/// Why a Canary cannot be served as it asks to be, or why an alert about it did not arrive.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Stall {
    /// The reason of the condition: one word.
    pub reason: &'static str,
    /// Which object and field, the cause, and the remedy.
    pub message: String,
}

impl Stall {
    /// A stall for this reason.
    pub fn new(reason: &'static str, message: impl Into<String>) -> Self {
        Self { reason, message: message.into() }
    }
}
