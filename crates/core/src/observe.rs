//! What the shell saw, as plain facts.

use std::{collections::BTreeMap, sync::Arc};

use serin_analysis::{Check, outcome::CheckOutcome};
use serin_api::CanaryStatus;

use crate::{Rollout, Routing, Timestamp, delivery::Deliveries, rollout::Hook, stall::Stall};

/// What is known of an object. Not being able to read it is never the same as it not being there.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Seen<T> {
    /// The object could not be read, for this reason.
    Unknown(String),
    /// The object does not exist.
    Absent,
    /// The object exists.
    Present(T),
}

impl<T> Seen<T> {
    /// The value, if there is one.
    pub fn present(&self) -> Option<&T> {
        match self {
            Self::Present(value) => Some(value),
            Self::Unknown(_) | Self::Absent => None,
        }
    }

    /// Borrows the value.
    pub fn as_ref(&self) -> Seen<&T> {
        match self {
            Self::Unknown(why) => Seen::Unknown(why.clone()),
            Self::Absent => Seen::Absent,
            Self::Present(value) => Seen::Present(value),
        }
    }

    /// Changes the value by `f`.
    pub fn map<U>(self, f: impl FnOnce(T) -> U) -> Seen<U> {
        match self {
            Self::Unknown(why) => Seen::Unknown(why),
            Self::Absent => Seen::Absent,
            Self::Present(value) => Seen::Present(f(value)),
        }
    }
}

impl<T> Seen<Arc<T>> {
    /// The shared object, if there is one.
    pub fn object(&self) -> Option<&T> {
        self.present().map(Arc::as_ref)
    }
}

/// Whether a generated object is as it should be.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Synced {
    /// The object could not be read, for this reason.
    Unknown(String),
    /// The object is missing, or a field of ours differs.
    No,
    /// Nothing is left to do.
    Yes,
}

/// How far a workload's rollout is.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Readiness {
    /// Enough updated replicas are available.
    Ready,
    /// Not yet.
    NotReady {
        /// Flagger's text, for example `waiting for rollout to finish: 0 of 1 …`.
        message: String,
        /// When waiting longer is no use; a time in the past means that it has failed.
        fatal_at: Option<Timestamp>,
    },
}

/// The target: the workload whose template the user changes.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Target {
    /// Hash of the pod template.
    pub revision: String,
    /// When a client changed the pod template last, as far as the API server recorded it.
    pub template_written: Option<Timestamp>,
    /// `spec.replicas`; the default is 1.
    pub replicas: i32,
    /// Judged with `analysis.canaryReadyThreshold`.
    pub readiness: Readiness,
}

/// The primary: the clone that takes the traffic between rollouts.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Primary {
    /// The template's annotation `flagger-id`; Serin derives it from what was promoted
    /// ([`crate::hash::promotion_id`]), Flagger chooses it at random.
    pub promotion_id: Option<String>,
    /// Whether its template is the target's, save for what makes it a primary.
    pub matches_target: bool,
    /// `spec.replicas`; the default is 1.
    pub replicas: i32,
    /// Judged with `analysis.primaryReadyThreshold`.
    pub readiness: Readiness,
}

/// The autoscaler named by `autoscalerRef` and its copy for the primary.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Scaler {
    /// The copy; [`Seen::Present`] holds whether it is as it should be.
    pub primary: Seen<bool>,
    /// The source's lower bound of replicas; at least 1.
    pub min_replicas: Seen<i32>,
    /// Whether the source is paused, so that the target stays at 0; [`Seen::Absent`] if it needs no pausing.
    pub paused: Seen<bool>,
}

/// The generated route.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Route {
    /// The split it has; `None` when its weights cannot be told.
    pub routing: Option<Routing>,
    /// Whether everything but the weights is as it should be.
    pub in_shape: bool,
    /// Whether it was there before the Canary.
    pub preexisting: bool,
    /// Whether a rule for no request keeps backends in the gateway's configuration.
    pub warm: bool,
    /// What the gateways say of this generation.
    pub acceptance: Acceptance,
    /// Why the API server does not take it in the shape that it should have; its weights can be changed all the same.
    pub refused: Option<String>,
    /// Why a Gateway that the Canary names is not made a parent; those that serve it now stay.
    pub unattached: Option<String>,
    /// What a gateway says of other routes that take the same requests, and may get them.
    pub overlaps: Option<String>,
}

/// Whether every parent has taken the present generation of a route.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Acceptance {
    /// Every parent has accepted it and found everything that it refers to.
    Accepted,
    /// A parent has not said so of this generation yet; the text names it.
    Pending(String),
    /// A parent has said no to this generation; the text has its reason and message.
    Refused(String),
}

/// Endpoints of the generated Services.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Endpoints {
    /// The primary's pods behind `<apex>-primary` that are ready on its port.
    pub primary: Seen<u32>,
    /// The target's pods behind `<apex>-canary` that are ready on its port.
    pub canary: Seen<u32>,
    /// Endpoints behind `<apex>-primary` whose pods are being deleted; [`Seen::Absent`] when that
    /// is not known.
    pub leaving: Seen<u32>,
    /// Ready endpoints of pods that belong to neither side.
    pub strangers: Strangers,
    /// Why no request can reach the target's pods, however ready they are.
    pub unreachable: Option<String>,
    /// Whether each side that can be reached by the route can also be reached on the port that the Canary names now.
    pub follow: bool,
}

/// Workloads, by name, whose ready pods are behind a generated Service and should not be.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Strangers {
    /// Behind `<apex>-primary`.
    pub primary: Vec<String>,
    /// Behind `<apex>-canary`.
    pub canary: Vec<String>,
}

/// The generated Services.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Services {
    /// `<apex>`.
    pub apex: Synced,
    /// Whether `<apex>` selects something else than the primary, so that it may have clients.
    pub apex_in_use: bool,
    /// `<apex>-primary`.
    pub primary: Synced,
    /// `<apex>-canary`.
    pub canary: Synced,
    /// Whether `<apex>-primary` selects other pods than those of the primary, which may serve meanwhile.
    pub elsewhere: bool,
}

/// The reason of an [`Obstacle`] that is the spec itself: what is decided then is decided on the last valid one.
pub const INVALID_SPEC: &str = "InvalidSpec";

/// What only a user can clear away.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Obstacle {
    /// The reason of the condition `Stalled`.
    pub reason: &'static str,
    /// Which object and field, its value, and the remedy.
    pub message: String,
}

/// Answers to the asks of earlier plans of the same reconcile.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Answers {
    /// By webhook: one that was edited meanwhile has not answered.
    pub hooks: BTreeMap<Hook, HookAnswer>,
    /// Of the last round of checks: one that was edited meanwhile has no outcome.
    pub checks: Vec<(Check, CheckOutcome)>,
    /// Whether the metric providers could be reached; the error is Flagger's text.
    pub providers: Option<Result<(), String>>,
}

impl Answers {
    /// The outcomes of these checks, if all of them have one.
    pub fn outcomes(&self, checks: &[Check]) -> Option<Vec<&CheckOutcome>> {
        let outcome = |check| self.checks.iter().find(|(of, _)| of == check).map(|(_, outcome)| outcome);
        checks.iter().map(outcome).collect()
    }
}

/// What a webhook answered.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum HookAnswer {
    /// A status up to 202.
    Pass,
    /// Anything else; the text goes into events.
    Fail(String),
}

/// Everything a decision may look at.
#[derive(Clone, Debug)]
pub struct Observation {
    /// The time of this decision.
    pub now: Timestamp,
    /// The validated Canary.
    pub rollout: Arc<Rollout>,
    /// Its status as read.
    pub status: CanaryStatus,
    /// The target.
    pub target: Seen<Target>,
    /// The primary.
    pub primary: Seen<Primary>,
    /// Checksums of the tracked ConfigMaps and Secrets by `configmap/<name>` and `secret/<name>`;
    /// [`Seen::Absent`] names a required one that does not exist, in `missing_config`.
    pub configs: Seen<BTreeMap<String, String>>,
    /// Text for the user when [`Self::configs`] is absent.
    pub missing_config: Option<String>,
    /// The Services.
    pub services: Services,
    /// The autoscaler, if the Canary names one.
    pub scaler: Option<Scaler>,
    /// The route; [`Seen::Absent`] also for the provider `kubernetes`, which has none.
    pub route: Seen<Route>,
    /// Endpoints of both sides.
    pub endpoints: Endpoints,
    /// When the route was written by Serin last, as the API server recorded it.
    pub route_written: Option<Timestamp>,
    /// When ports of the Services that are kept for a route that has moved may go.
    pub ports_until: Option<Timestamp>,
    /// By entry of `status.leftovers`, whether something of it may go; [`Seen::Absent`] when nothing of ours is
    /// left.
    pub orphans: BTreeMap<String, Seen<bool>>,
    /// Whether the route of a name that was in use before gives the canary a share; [`Seen::Absent`] when there is none.
    pub former_route: Seen<bool>,
    /// The annotation with a command, as it stands.
    pub command: Option<String>,
    /// What keeps the Canary from being served as it asks to be.
    pub obstacle: Option<Obstacle>,
    /// What keeps actions from being carried out, or kinds of objects from being read.
    pub fault: Option<Stall>,
    /// How it fares with what the status lists as still to be told.
    pub deliveries: Deliveries,
    /// Answers to earlier asks.
    pub answers: Answers,
}
