//! Who is compared with whom.

use std::fmt;

use serde::Deserialize;

/// One of the two operators.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Side {
    /// The one that sets the standard.
    Flagger,
    /// The one that is measured by it.
    Serin,
}

impl Side {
    /// Both.
    #[cfg(test)]
    pub(crate) const ALL: [Self; 2] = [Self::Flagger, Self::Serin];

    /// As in names and addresses.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Flagger => "flagger",
            Self::Serin => "serin",
        }
    }
}

impl fmt::Display for Side {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Flagger => "Flagger",
            Self::Serin => "Serin",
        })
    }
}
