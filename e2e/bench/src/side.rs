//! The operators that can be measured.

use clap::ValueEnum;
use serin_e2e::access::{Account, SERIN};

/// The account of Flagger's own manifest.
const FLAGGER: Account<'static> = Account { namespace: "default", name: "flagger" };

/// An operator.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Side {
    /// The one of this repository.
    Serin,
    /// The one that it is compared with.
    Flagger,
}

/// Whom Serin can be measured beside.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Rival {
    /// Flagger itself, built from its Go module.
    Flagger,
}

impl Side {
    /// All of them, in the order in which they are measured and told of.
    pub(crate) const ALL: [Self; 2] = [Self::Serin, Self::Flagger];

    /// The name in texts and of files.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Serin => "serin",
            Self::Flagger => "flagger",
        }
    }

    /// The service account whose rights it has.
    pub(crate) fn account(self) -> Account<'static> {
        match self {
            Self::Serin => SERIN,
            Self::Flagger => FLAGGER,
        }
    }

    /// The path that answers well once it works.
    pub(crate) fn ready(self) -> &'static str {
        match self {
            Self::Serin => "readyz",
            Self::Flagger => "healthz",
        }
    }

    /// Whether it exports how many requests it makes. Flagger does not, and it looks at each Canary
    /// in each interval, so that it never comes to rest.
    pub(crate) fn counts_requests(self) -> bool {
        self == Self::Serin
    }
}
