//! The record of one rollout.

use std::fmt;

use crate::Timestamp;

/// A rollout, from the moment in which its revision was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Run {
    /// `<number>-<revision>`; no two runs of a Canary have the same.
    pub id: String,
    /// When it began, in whole seconds.
    pub started: Timestamp,
    /// The revision that was promoted before.
    pub from: Option<String>,
    /// The revision that is released.
    pub to: String,
    /// What began it.
    pub cause: String,
    /// The steps that were entered; of more than [`Run::STEPS`], the first eight and the last.
    pub steps: Vec<Entered>,
}

/// A step that was entered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Entered {
    /// Its place, counted from 0.
    pub place: i64,
    /// Percent of the traffic that it gives the canary.
    pub weight: u8,
    /// When it was entered, in whole seconds.
    pub at: Timestamp,
}

/// What begins a rollout.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Cause {
    /// The target's pod template changed.
    Template,
    /// A ConfigMap or Secret changed: `configmap/<name>` or `secret/<name>`.
    Config(String),
    /// A person has a revision analysed again that failed.
    Retry,
    /// The names of the Services changed, so that what was measured before was another route's traffic; or a person
    /// asked for it.
    Restart,
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Template => f.write_str("template"),
            Self::Config(key) => f.write_str(key),
            Self::Retry => f.write_str("retry"),
            Self::Restart => f.write_str("restart"),
        }
    }
}

impl Run {
    /// Steps that are kept.
    pub const STEPS: usize = 64;
    /// Of these, the first ones.
    const FIRST: usize = 8;

    /// The run that follows on `before`.
    pub fn next(
        before: Option<&Self>,
        to: String,
        from: Option<String>,
        cause: &Cause,
        now: Timestamp,
    ) -> Self {
        let number = before.map_or(0, Self::number).saturating_add(1);
        Self {
            id: format!("{number}-{to}"),
            started: now,
            from,
            to,
            cause: cause.to_string(),
            steps: Vec::new(),
        }
    }

    fn number(&self) -> u64 {
        let number = self.id.split_once('-').map(|(number, _)| number);
        number.and_then(|number| number.parse().ok()).unwrap_or_default()
    }

    /// Notes that a step was entered.
    pub fn enter(&mut self, step: Entered) {
        if self.steps.len() >= Self::STEPS {
            self.steps.remove(Self::FIRST);
        }
        self.steps.push(step);
    }
}
