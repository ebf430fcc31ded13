//! Why nothing moves: each reason, its kind, and its words. Flagger's words where Flagger has the reason.

use strum::{IntoStaticStr, VariantNames};

use crate::{
    Rollout, build::scaler::ScalerKind, plan::Level, rollout::TargetKind, state::WaitKind, strategy::Gate,
};

/// A reason why nothing moves.
#[derive(Clone, Debug, PartialEq, Eq, IntoStaticStr, VariantNames)]
pub enum WaitReason {
    /// `spec.suspend` is set.
    Suspended,
    /// What only a user can clear away, in the words of whoever found it.
    Obstacle(String),
    /// An object could not be read.
    Unreadable {
        /// What it is.
        what: &'static str,
        /// What the API server said.
        why: String,
    },
    /// The target does not exist.
    TargetMissing,
    /// A ConfigMap or Secret of the target does not exist.
    ConfigMissing {
        /// Which one.
        why: String,
        /// The primary cannot be made without it.
        needed: bool,
    },
    /// The autoscaler does not exist.
    ScalerMissing,
    /// The primary was deleted, and the target is not what it ran.
    PrimaryMissing,
    /// The primary is not ready: Flagger's text of its readiness.
    PrimaryNotReady(String),
    /// The same of one that was there before the Canary, and is left as it is.
    PrimaryKept(String),
    /// So many pods of the version before still end.
    PrimaryPodsLeave(u32),
    /// The canary is not ready: Flagger's text of its readiness.
    CanaryNotReady(String),
    /// A Service has no ready endpoint.
    NoEndpoints(String),
    /// No request can reach the target's pods.
    Unreachable(String),
    /// The port that the Canary names now has no endpoints yet.
    PortNotReady,
    /// The API server does not take the route as it should be.
    RouteRefused(String),
    /// A Gateway that the Canary names is not made a parent of the route.
    Unattached(String),
    /// A gateway has not taken the route yet, or has refused it.
    NotAccepted(String),
    /// Pods of others answer behind a Service.
    ForeignPods {
        /// The Service.
        service: String,
        /// The workloads of these pods.
        workloads: Vec<String>,
    },
    /// A gate is closed.
    Gate {
        /// Which gate it is.
        gate: Gate,
        /// The name of the webhook.
        hook: String,
    },
    /// A person holds the rollout.
    Paused {
        /// Who, as the command said.
        by: Option<String>,
    },
    /// The window of a metric reaches back into the traffic of the revision before.
    Window {
        /// The metric.
        metric: String,
    },
}

impl Gate {
    fn awaited(self) -> &'static str {
        match self {
            Self::Start => "approval",
            Self::TrafficIncrease => "traffic increase approval",
            Self::Promotion => "promotion approval",
        }
    }

    /// Its type, as it begins a sentence.
    pub(crate) fn title(self) -> &'static str {
        match self {
            Self::Start => "Confirm-rollout",
            Self::TrafficIncrease => "Confirm-traffic-increase",
            Self::Promotion => "Confirm-promotion",
        }
    }
}

impl WaitReason {
    /// How serious it is.
    pub fn level(&self) -> Level {
        match self {
            Self::Suspended | Self::Paused { .. } | Self::PrimaryPodsLeave(_) => Level::Normal,
            _ => Level::Warning,
        }
    }

    /// What kind of thing is waited for.
    pub fn kind(&self) -> WaitKind {
        match self {
            Self::Suspended | Self::Paused { .. } | Self::Obstacle(_) | Self::ForeignPods { .. } => {
                WaitKind::Person
            }
            Self::Unreadable { .. }
            | Self::TargetMissing
            | Self::ConfigMissing { .. }
            | Self::ScalerMissing => WaitKind::Object,
            Self::PrimaryMissing
            | Self::PrimaryNotReady(_)
            | Self::PrimaryKept(_)
            | Self::PrimaryPodsLeave(_) => WaitKind::Primary,
            Self::CanaryNotReady(_) => WaitKind::Pods,
            Self::NoEndpoints(_) | Self::Unreachable(_) | Self::PortNotReady => WaitKind::Endpoints,
            Self::RouteRefused(_) | Self::Unattached(_) | Self::NotAccepted(_) => WaitKind::Route,
            Self::Gate { .. } => WaitKind::Gate,
            Self::Window { .. } => WaitKind::Evidence,
        }
    }

    /// Which one of its kind.
    pub fn subject(&self, rollout: &Rollout) -> String {
        match self {
            Self::Suspended | Self::Paused { .. } | Self::Obstacle(_) => rollout.name.clone(),
            Self::Unreadable { what, .. } => (*what).to_owned(),
            Self::TargetMissing | Self::ConfigMissing { .. } | Self::CanaryNotReady(_) => {
                rollout.target.clone()
            }
            Self::ScalerMissing => {
                rollout.spec.autoscaler_ref.as_ref().map(|scaler| scaler.name.clone()).unwrap_or_default()
            }
            Self::PrimaryMissing
            | Self::PrimaryNotReady(_)
            | Self::PrimaryKept(_)
            | Self::PrimaryPodsLeave(_) => rollout.primary(),
            Self::NoEndpoints(service) | Self::ForeignPods { service, .. } => service.clone(),
            Self::Unreachable(_) => rollout.canary_service(),
            Self::PortNotReady | Self::RouteRefused(_) | Self::Unattached(_) | Self::NotAccepted(_) => {
                rollout.apex.clone()
            }
            Self::Gate { hook, .. } => hook.clone(),
            Self::Window { metric } => metric.clone(),
        }
    }

    /// In words.
    pub fn text(&self, rollout: &Rollout) -> String {
        match self {
            Self::Suspended => "skipping canary run as object is suspended".to_owned(),
            Self::Obstacle(why)
            | Self::Unreachable(why)
            | Self::RouteRefused(why)
            | Self::Unattached(why)
            | Self::NotAccepted(why)
            | Self::ConfigMissing { why, needed: false } => why.clone(),
            Self::Unreadable { what, why } => format!("{what} could not be read: {why}"),
            Self::TargetMissing => rollout.say_target_missing(),
            Self::ConfigMissing { why, needed: true } => {
                format!("{}: {why}", rollout.target_kind.making_primary())
            }
            Self::ScalerMissing => scaler_missing(rollout),
            Self::PrimaryMissing => primary_missing(rollout),
            Self::PrimaryNotReady(why) => rollout.say_primary_not_ready(why),
            Self::PrimaryKept(why) => primary_kept(rollout, why),
            Self::PrimaryPodsLeave(count) => format!(
                "{} waits for pods of the version before to end, {count} left",
                rollout.primary_name()
            ),
            Self::CanaryNotReady(why) => canary_not_ready(rollout, true, why),
            Self::NoEndpoints(service) => format!(
                "Service {service}.{} has no ready endpoints: check that its pods are ready and that \
                 service.targetPort names a port of the container",
                rollout.namespace
            ),
            Self::PortNotReady => port_not_ready(rollout),
            Self::ForeignPods { service, workloads } => foreign_pods(rollout, service, workloads),
            Self::Gate { gate, hook } => rollout.say_halt(&format!("waiting for {} {hook}", gate.awaited())),
            Self::Paused { by } => rollout.say_halt(&paused(by.as_deref())),
            Self::Window { metric } => rollout.say_halt(&format!(
                "waiting for a window of {metric} without traffic of the revision before"
            )),
        }
    }
}

fn paused(by: Option<&str>) -> String {
    let by = by.map(|by| format!(" by {by}")).unwrap_or_default();
    format!("paused{by} until it is resumed or promoted")
}

fn scaler_missing(rollout: &Rollout) -> String {
    let Some(reference) = &rollout.spec.autoscaler_ref else { return String::new() };
    let (name, namespace) = (&reference.name, &rollout.namespace);
    let kind = ScalerKind::of(reference).unwrap_or(ScalerKind::Horizontal);
    let (title, resource) = (kind.title(), kind.qualified());
    format!("{title} {name}.{namespace} get query error: {resource} \"{name}\" not found")
}

fn primary_missing(rollout: &Rollout) -> String {
    format!(
        "{} {} not found, and {} failed its analysis, so that none is made of it: give it a revision that passes, or \
         the one that was promoted last",
        rollout.target_kind.lower(),
        rollout.primary_name(),
        rollout.target_name()
    )
}

fn primary_kept(rollout: &Rollout, why: &str) -> String {
    format!(
        "{}; it was there before this Canary was looked at, and is not made anew from {}, which nobody has \
         analysed: mend it, or delete it to have it made from the target",
        rollout.say_primary_not_ready(why),
        rollout.target_name()
    )
}

/// Flagger's words to the letter, also where they are misspelt. They say whether waiting may help.
pub(crate) fn canary_not_ready(rollout: &Rollout, retryable: bool, why: &str) -> String {
    let name = rollout.target_name();
    match rollout.target_kind {
        TargetKind::DaemonSet => {
            format!("canary damonset {name} not ready with retryable {retryable}: {why}")
        }
        kind => format!("canary {} {name} not ready: {why}", kind.lower()),
    }
}

fn port_not_ready(rollout: &Rollout) -> String {
    let port = rollout.spec.service.as_ref().map(|service| service.port).unwrap_or_default();
    format!(
        "spec.service.port {port} of {} has no ready endpoints yet: the route stays on the former one",
        rollout.full_name()
    )
}

fn foreign_pods(rollout: &Rollout, service: &str, workloads: &[String]) -> String {
    format!(
        "Service {service}.{} selects pods of others too ({}): give the pods of {} {} a label in spec.selector.matchLabels \
         that those do not have",
        rollout.namespace,
        workloads.join(", "),
        rollout.target_kind.name(),
        rollout.target
    )
}
