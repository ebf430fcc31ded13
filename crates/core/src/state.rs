//! What a Canary's rollout is doing, in the words of the code that decides.
//!
//! The status of a Canary is its form on the wire: [`codec`] alone reads and writes it, and [`flagger`] knows what is
//! different in one that Flagger wrote.

use std::collections::BTreeMap;

use serin_api::{
    Phase,
    canary::{CanaryCondition, CheckStatus, CommandRecord, Notification, Pause},
};

use crate::{Routing, Timestamp, strategy::Strategy};

mod author;
pub mod codec;
pub mod condition;
pub mod configs;
pub mod flagger;
mod hold;
mod position;
mod run;
pub(crate) mod stalled;
#[cfg(test)]
mod tests;
mod undecided;
mod wait;

pub use hold::{Hold, HoldKind};
pub use run::{Cause, Entered, Run};
pub use undecided::{delivered, faulted, unserved};
pub use wait::{WaitKind, Waiting};

pub(crate) use author::Draft;

/// What is known of a Canary's rollout.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct State {
    /// Where it stands, with what only that needs.
    pub stage: Stage,
    /// The time that has to pass before the next step, check or removal.
    pub hold: Option<Hold>,
    /// Checks that failed in this rollout; the last one's stay until the next begins.
    pub failed_checks: i64,
    /// Hash of the target's template that was looked at last.
    pub applied: Option<String>,
    /// Hash of the template that was promoted last.
    pub promoted: Option<String>,
    /// Checksums of the configs of `applied`; `None` where they are not known or not tracked.
    pub configs: Option<BTreeMap<String, String>>,
    /// The cookies that keep users on one side.
    pub cookies: CookieTexts,
    /// The names under which the objects were made.
    pub names: ObjectNames,
    /// Names that were in use before and under which something may be left.
    pub orphans: Vec<String>,
    /// When the canary of a rollout had traffic last.
    pub traffic_ended: Option<Timestamp>,
    /// The last round of checks.
    pub checks: Vec<CheckStatus>,
    /// What is waited for.
    pub waiting: Option<Waiting>,
    /// The present rollout, or the last one.
    pub run: Option<Run>,
    /// The person's hold on a revision that waits for its start or is analysed.
    pub paused: Option<Pause>,
    /// The commands that were dealt with last, the newest at the end.
    pub commands: Vec<CommandRecord>,
    /// The conditions as they were written.
    pub conditions: Vec<CanaryCondition>,
    /// What is still to be told.
    pub outbox: Vec<Notification>,
    /// When the status was written last.
    pub written: Option<Timestamp>,
    /// The generation of the Canary that the status speaks of; `None` in one that Flagger wrote.
    pub generation: Option<i64>,
}

/// Where a rollout stands.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Stage {
    /// Nobody has looked at the Canary yet.
    #[default]
    New,
    /// The primary comes up beside a target that serves.
    Initializing {
        /// The primary's `flagger-id` that counts as a copy of the target, though Flagger chose it.
        adopted: Option<String>,
    },
    /// The primary has all traffic; nothing was analysed yet.
    Initialized,
    /// A new revision waits for the gate `confirm-rollout`.
    WaitingToStart {
        /// Percent of the traffic that a failed promotion left with the canary.
        held: u8,
    },
    /// The steps are entered one after the other.
    Analysing(Analysis),
    /// The traffic goes back to the primary, and the canary to 0.
    RollingBack {
        /// Why, for people.
        cause: String,
        /// What was under way.
        from: Origin,
        /// How far it was.
        progress: Progress,
    },
    /// The primary gets the revision that passed, and then the traffic.
    Promoting {
        /// How much of the traffic the canary still has.
        progress: Progress,
        /// The primary's `flagger-id` under which Flagger promoted the revision.
        adopted: Option<String>,
    },
    /// The primary has the traffic, and the canary goes.
    Finalising {
        /// What is left to note of the canary's traffic; none in a status of Serin's.
        progress: Progress,
    },
    /// The target is back at the promoted revision: the canary goes, and nothing is promoted.
    CalledOff {
        /// Why, for people.
        cause: String,
        /// How far it was.
        progress: Progress,
    },
    /// The last revision was promoted.
    Succeeded,
    /// The last revision was rolled back, or could not be promoted.
    Failed {
        /// Percent of the traffic that stays with the canary, because no primary could take it.
        held: u8,
        /// As of an initialisation, if it is one that failed.
        adopted: Option<String>,
    },
    /// The Canary is being deleted, and the target takes over again.
    Terminating {
        /// Steps in which the route was given back so far.
        steps: u8,
    },
    /// The target has taken over.
    Terminated,
}

/// An analysis under way.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Analysis {
    /// The steps so far.
    pub progress: Progress,
    /// Whether a gate `confirm-promotion` is closed.
    pub awaits_promotion: bool,
    /// Whether the canary lost the traffic that its step gives it, with its endpoints.
    pub lost_traffic: bool,
    /// Whether a person has it promoted without the steps and checks that are left.
    pub promote_full: bool,
}

/// What a rollback ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// A revision that waited for its start.
    Start,
    /// An analysis.
    Analysis,
    /// An analysis that waited for the promotion.
    Promotion,
}

/// How far the steps are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Progress {
    /// Steps that were entered.
    pub entered: usize,
    /// Percent of the traffic that the canary has apart from what its step says, or 0: the weight of a progressive
    /// release, which stays when the steps are edited; 100 for the replacement of a lost primary; what is left to the
    /// canary in a promotion in steps.
    pub weight: u8,
}

impl Progress {
    /// Whether the canary was given anything.
    pub fn has_begun(self) -> bool {
        self.entered > 0 || self.weight > 0
    }

    /// The split of the traffic.
    pub fn split(self, strategy: &Strategy) -> Routing {
        match self.weight {
            0 => strategy.routing(self.entered),
            weight => Routing::weighted(weight),
        }
    }
}

/// The cookies (`name=value`) of session affinity.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct CookieTexts {
    /// Keeps users on the canary.
    pub canary: Option<String>,
    /// Keeps users on the primary.
    pub primary: Option<String>,
    /// Kept users on the canary of the rollout before.
    pub previous: Option<String>,
}

/// The names under which a Canary's objects were made.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct ObjectNames {
    /// `service.name`.
    pub service: Option<String>,
    /// `<kind>/<name>` of the target, the kind in lower case.
    pub target: Option<String>,
    /// `<kind>/<name>` of the autoscaler, the kind in lower case.
    pub autoscaler: Option<String>,
    /// The HTTPRoute.
    pub route: Option<String>,
}

impl Stage {
    /// The last revision failed, and so much of the traffic stays with the canary.
    pub fn failed(held: u8) -> Self {
        Self::Failed { held, adopted: None }
    }

    /// The primary's `flagger-id` that counts as a copy of the revision, though Flagger chose it.
    pub fn adopted(&self) -> Option<&String> {
        match self {
            Self::Initializing { adopted }
            | Self::Promoting { adopted, .. }
            | Self::Failed { adopted, .. } => adopted.as_ref(),
            _ => None,
        }
    }

    /// Flagger's phase for it.
    pub fn phase(&self) -> Phase {
        match self {
            Self::New => Phase::None,
            Self::Initializing { .. } => Phase::Initializing,
            Self::Initialized => Phase::Initialized,
            Self::WaitingToStart { .. } | Self::RollingBack { from: Origin::Start, .. } => Phase::Waiting,
            Self::Analysing(Analysis { awaits_promotion: true, .. })
            | Self::RollingBack { from: Origin::Promotion, .. } => Phase::WaitingPromotion,
            Self::Analysing(_) | Self::RollingBack { .. } => Phase::Progressing,
            Self::Promoting { .. } => Phase::Promoting,
            Self::Finalising { .. } | Self::CalledOff { .. } => Phase::Finalising,
            Self::Succeeded => Phase::Succeeded,
            Self::Failed { .. } => Phase::Failed,
            Self::Terminating { .. } => Phase::Terminating,
            Self::Terminated => Phase::Terminated,
        }
    }

    /// How far the steps of the rollout are that is under way.
    pub fn progress(&self) -> Progress {
        match self {
            Self::Analysing(Analysis { progress, .. })
            | Self::RollingBack { progress, .. }
            | Self::Promoting { progress, .. }
            | Self::Finalising { progress }
            | Self::CalledOff { progress, .. } => *progress,
            _ => Progress::default(),
        }
    }

    /// Percent of the traffic that a failed promotion left with the canary.
    pub fn held(&self) -> u8 {
        match self {
            Self::Failed { held, .. } | Self::WaitingToStart { held } => *held,
            _ => 0,
        }
    }

    /// Flagger's `canaryWeight`.
    pub fn weight(&self) -> u8 {
        self.progress().weight.max(self.held())
    }

    /// The split of the traffic that it asks for.
    pub fn split(&self, strategy: &Strategy) -> Routing {
        match self {
            Self::Analysing(Analysis { progress, .. }) | Self::Promoting { progress, .. } => {
                progress.split(strategy)
            }
            Self::Failed { held, .. } => Routing::weighted(*held),
            _ => Routing::PRIMARY,
        }
    }

    /// Whether the canary lost the traffic that its step gives it.
    pub fn lost_traffic(&self) -> bool {
        matches!(self, Self::Analysing(Analysis { lost_traffic: true, .. }))
    }

    /// Whether there is no primary yet that could serve.
    pub fn precedes_primary(&self) -> bool {
        matches!(self, Self::New | Self::Initializing { .. })
    }

    /// Whether a revision is being judged that nobody has approved, or was judged and goes back.
    pub fn judges(&self) -> bool {
        matches!(self.phase(), Phase::Progressing | Phase::WaitingPromotion)
    }

    /// Whether the canary's revision was approved and takes the primary's place.
    pub fn approved(&self) -> bool {
        matches!(self.phase(), Phase::Promoting | Phase::Finalising)
    }
}

impl State {
    /// Flagger's phase.
    pub fn phase(&self) -> Phase {
        self.stage.phase()
    }

    /// Changes the analysis that is under way, if there is one.
    pub(crate) fn analysing(&mut self, change: impl FnOnce(&mut Analysis)) {
        if let Stage::Analysing(analysis) = &mut self.stage {
            change(analysis);
        }
    }

    /// Forgets what belongs to the rollout before.
    pub(crate) fn forget_rollout(&mut self) {
        self.failed_checks = 0;
        self.hold = None;
    }
}
