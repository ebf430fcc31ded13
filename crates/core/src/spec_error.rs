//! What is wrong with a Canary, and what helps.

use std::fmt;

/// What is wrong with one field of a Canary.
#[derive(Clone, Debug, PartialEq, Eq, Hash, thiserror::Error)]
pub struct SpecError {
    /// Path of the field, such as `spec.service.port`.
    pub field: &'static str,
    /// Its value; empty if it is missing.
    pub value: String,
    /// What is wrong with it; Flagger's text where it has one.
    pub problem: String,
    /// What the user can do.
    pub remedy: String,
}

impl SpecError {
    pub(crate) fn new(
        field: &'static str,
        value: impl Into<String>,
        problem: impl Into<String>,
        remedy: impl Into<String>,
    ) -> Self {
        Self { field, value: value.into(), problem: problem.into(), remedy: remedy.into() }
    }
}

impl fmt::Display for SpecError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.field)?;
        if !self.value.is_empty() {
            write!(f, " {:?}", self.value)?;
        }
        write!(f, ": {} ({})", self.problem, self.remedy)
    }
}
