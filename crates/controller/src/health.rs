//! Whether a kind of object can be read.

/// The state of one watch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Health {
    /// The first list is not complete.
    Starting,
    /// The store shows what the cluster had a moment ago.
    Synced,
    /// The API server does not serve the kind: its CRD is not installed.
    NotServed(String),
    /// The kind cannot be listed; the text says why and what to do.
    Failing(String),
    /// The operator may not list the kind, and can do without it; the text says how, and what to
    /// do.
    Spared(String),
}

impl Health {
    /// Why nothing can be said about objects of the kind; `None` when it can be read.
    pub(crate) fn trouble(&self) -> Option<String> {
        match self {
            Self::Synced => None,
            Self::Starting => Some("the first list is not complete".to_owned()),
            Self::NotServed(why) | Self::Failing(why) | Self::Spared(why) => Some(why.clone()),
        }
    }

    /// Whether waiting longer is no use for the operator to be ready.
    pub(crate) fn settled(&self) -> bool {
        matches!(self, Self::Synced | Self::NotServed(_) | Self::Spared(_))
    }
}
