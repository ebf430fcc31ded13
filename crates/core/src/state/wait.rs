//! What is waited for, as the status keeps it.

use crate::Timestamp;

/// What nothing moves for.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Waiting {
    /// What kind of thing it is; `None` in a status of an operator that did not say.
    pub kind: Option<WaitKind>,
    /// Which one of its kind: the webhook, workload, Service, route or metric.
    pub subject: String,
    /// In a sentence, as it was told.
    pub text: String,
    /// Since when, in whole seconds.
    pub since: Option<Timestamp>,
    /// When it ends without anybody's doing, in whole seconds: with a rollback, for the most part.
    pub until: Option<Timestamp>,
}

/// Kinds of things that are waited for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum WaitKind {
    /// A webhook that holds the rollout.
    Gate,
    /// The canary's pods.
    Pods,
    /// The primary.
    Primary,
    /// The route, or its gateways.
    Route,
    /// Endpoints of a Service.
    Endpoints,
    /// A metric that cannot judge the revision yet.
    Evidence,
    /// What only a person can do.
    Person,
    /// What could not be read, or is missing.
    Object,
}

impl WaitKind {
    /// All of them.
    pub const ALL: [Self; 8] = [
        Self::Gate,
        Self::Pods,
        Self::Primary,
        Self::Route,
        Self::Endpoints,
        Self::Evidence,
        Self::Person,
        Self::Object,
    ];

    /// As the status has it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Gate => "gate",
            Self::Pods => "pods",
            Self::Primary => "primary",
            Self::Route => "route",
            Self::Endpoints => "endpoints",
            Self::Evidence => "evidence",
            Self::Person => "person",
            Self::Object => "object",
        }
    }

    /// The kind of this name.
    pub fn of(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }
}

impl Waiting {
    /// Whether only the next question can end it: a gate that was closed when last asked, or a metric whose window is
    /// not over.
    pub fn is_asked_again(&self) -> bool {
        matches!(self.kind, Some(WaitKind::Gate | WaitKind::Evidence))
    }
}
