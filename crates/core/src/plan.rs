//! What to do next, and why.

use serin_analysis::{Check, Verdict, outcome::CheckOutcome};
use serin_api::{CanaryStatus, Phase, canary::AlertSeverity};

use crate::{Routing, Timestamp, rollout::Hook, stall::Stall, strategy::Kind};

/// The outcome of a decision.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Plan {
    /// What has to be known first. While there is any, the rest is as observed.
    pub asks: Vec<Ask>,
    /// The status to have; equal to the observed one when nothing is to be written.
    pub status: CanaryStatus,
    /// The status is for the operator's memory alone: nothing happened that is worth a write.
    pub unwritten: bool,
    /// Idempotent, in order, after the status is written.
    pub actions: Vec<Action>,
    /// After the actions. These, the alerts and the hooks are in `status.pendingNotifications`,
    /// too.
    pub events: Vec<Event>,
    /// After the events.
    pub alerts: Vec<Alert>,
    /// Webhooks to tell of the end, after the status is written.
    pub hooks: Vec<HookCall>,
    /// The rollout ended with this plan.
    pub ended: Option<RolloutEnd>,
    /// A round of the analysis was made: gates, hooks and checks of one interval.
    pub analysed: bool,
    /// The checks that this plan judged.
    pub judged: Vec<Judged>,
    /// Why the Canary cannot be served as it asks to be: what the condition `Stalled` of the status
    /// says.
    pub stall: Option<Stall>,
    /// When to look again even if nothing changes.
    pub wake: Option<Timestamp>,
}

/// A check, its outcome, and what follows from it.
#[derive(Clone, Debug, PartialEq)]
pub struct Judged {
    /// The check.
    pub check: Check,
    /// What was measured.
    pub outcome: CheckOutcome,
    /// The judgement.
    pub verdict: Verdict,
}

/// A question to the outside.
#[derive(Clone, Debug, PartialEq)]
pub enum Ask {
    /// Call this webhook.
    Hook {
        /// Which one.
        hook: Hook,
        /// The payload's `phase`.
        phase: Phase,
    },
    /// Run these checks: all of one round.
    Checks(Vec<Check>),
    /// Find out whether the metric providers can be reached.
    Providers,
}

/// A call of one webhook.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct HookCall {
    /// Its place in `analysis.webhooks`.
    pub index: usize,
    /// The payload's `phase`.
    pub phase: Phase,
}

/// A change to the cluster.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Action {
    /// Create or correct a Service.
    ApplyService(ServiceRole),
    /// Create the primary, or copy the target's template to it, with its configs.
    ApplyPrimary,
    /// Create or correct the primary's autoscaler.
    ApplyScaler,
    /// Create or correct the route so that it splits traffic this way.
    ApplyRoute(Routing),
    /// Set the target's replicas.
    ScaleTarget(i32),
    /// Pause the target's autoscaler, or let it scale again.
    PauseScaler(bool),
    /// Add the finalizer `finalizer.flagger.app`.
    AddFinalizer,
    /// Remove the finalizer `finalizer.flagger.app`.
    RemoveFinalizer,
    /// Remove the annotation with a command, while it is this one.
    RemoveCommand(String),
    /// Remove what is left of this entry of `status.leftovers`.
    Remove(String),
    /// Send the traffic of this HTTPRoute, of a name that is not in use any more, to its primary.
    ReleaseRoute(String),
    /// Point the apex Service back at the target's pods, as before the Canary.
    RevertApex,
    /// Give a route that was there before the Canary back to its user.
    RevertRoute,
}

/// The three Services of a Canary.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ServiceRole {
    /// `<apex>`.
    Apex,
    /// `<apex>-primary`.
    Primary,
    /// `<apex>-canary`.
    Canary,
}

/// How serious an event is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Level {
    /// Type Normal, logged as info.
    Normal,
    /// Type Warning, logged as info.
    Warning,
    /// Type Warning, logged as error.
    Error,
}

/// A Kubernetes event on the Canary.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Event {
    /// How serious it is.
    pub level: Level,
    /// Flagger's text.
    pub message: String,
    /// The payload's `phase` when the event goes to a webhook.
    pub phase: Phase,
}

/// How serious an alert is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Severity {
    /// `info`.
    Info,
    /// `warn`.
    Warn,
    /// `error`.
    Error,
}

impl Severity {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Info, Self::Warn, Self::Error];
}

impl From<Severity> for AlertSeverity {
    fn from(severity: Severity) -> Self {
        match severity {
            Severity::Info => Self::Info,
            Severity::Warn => Self::Warn,
            Severity::Error => Self::Error,
        }
    }
}

/// A message to people.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Alert {
    /// How serious it is.
    pub severity: Severity,
    /// Flagger's text.
    pub message: String,
    /// Whether the fields that describe the Canary go with it.
    pub fields: bool,
}

/// How a rollout ended; counted in the exported metrics.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct RolloutEnd {
    /// Promoted, or rolled back.
    pub success: bool,
    /// `spec.skipAnalysis` was set.
    pub skipped: bool,
    /// The kind of release.
    pub kind: Kind,
}
