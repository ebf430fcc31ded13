//! What is told of commands.

use crate::{command::Outcome, plan::Level};

/// A command, and what came of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Told {
    /// What was asked for; `None` where it could not be read.
    pub verb: Option<&'static str>,
    /// Who asked, as the command says.
    pub by: Option<String>,
    /// Why, as the command says.
    pub reason: Option<String>,
    /// What came of it.
    pub outcome: Outcome,
    /// The same in words.
    pub words: String,
}

impl Told {
    pub(super) fn level(&self) -> Level {
        if self.outcome == Outcome::Refused { Level::Warning } else { Level::Normal }
    }

    pub(super) fn text(&self, canary: &str) -> String {
        let verb = self.verb.map(|verb| format!(" {verb}")).unwrap_or_default();
        let by = self.by.as_ref().map(|by| format!(" by {by}")).unwrap_or_default();
        let reason = self.reason.as_ref().map(|reason| format!(" (reason: {reason})")).unwrap_or_default();
        let outcome = match self.outcome {
            Outcome::Obeyed => "obeyed",
            Outcome::NoEffect => "has no effect",
            Outcome::Refused => "refused",
        };
        format!("Command{verb} for {canary}{by} {outcome}: {}{reason}", self.words)
    }
}
