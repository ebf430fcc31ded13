//! What people tell a rollout to do: how a command is read, and what it means where the rollout
//! stands.
//!
//! A command is an annotation of the Canary (`serin/command`), bound to one revision. What cannot
//! be read, does not apply or comes too late is answered in words, and stops nothing.

mod read;
mod table;
#[cfg(test)]
mod tests;

pub use read::{Command, Unreadable, parse};
pub use table::{Answer, Effect, answer};

/// What can be asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Verb {
    /// Nothing advances until it is resumed.
    Pause,
    /// A pause ends.
    Resume,
    /// The present hold ends: a gate, the interval or a pause.
    Promote,
    /// The revision is copied to the primary without the steps and checks that are left.
    PromoteFull,
    /// All traffic goes to the primary, and the revision has failed.
    Abort,
    /// A revision that failed is analysed again.
    Retry,
    /// The analysis begins anew.
    Restart,
}

impl Verb {
    /// All of them.
    pub const ALL: [Self; 7] = [
        Self::Pause,
        Self::Resume,
        Self::Promote,
        Self::PromoteFull,
        Self::Abort,
        Self::Retry,
        Self::Restart,
    ];

    /// As commands have it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Pause => "pause",
            Self::Resume => "resume",
            Self::Promote => "promote",
            Self::PromoteFull => "promote-full",
            Self::Abort => "abort",
            Self::Retry => "retry",
            Self::Restart => "restart",
        }
    }

    /// The verb of this name.
    pub fn of(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|verb| verb.name() == name)
    }
}

/// What came of a command.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Outcome {
    /// It was done.
    Obeyed,
    /// There was nothing to do.
    NoEffect,
    /// It is not done.
    Refused,
}

impl Outcome {
    /// As the status has it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Obeyed => "Obeyed",
            Self::NoEffect => "NoEffect",
            Self::Refused => "Refused",
        }
    }
}
