//! The events.

use serin_analysis::VerdictKind;
use strum::{IntoStaticStr, VariantNames};

use super::{RollbackCause, Told};
use crate::{
    Rollout,
    plan::Level,
    reason::WaitReason,
    rollout::TargetKind,
    strategy::{Gate, Unsupported},
};

/// What an event tells of.
#[derive(Clone, Debug, PartialEq, Eq, IntoStaticStr, VariantNames)]
pub enum EventKind {
    /// The metric providers answer.
    ProvidersAvailable,
    /// A metric provider does not answer, and what it says.
    ProvidersFailed(String),
    /// The initialisation is complete.
    Initialized,
    /// The first primary does not come up: Flagger's text of its readiness.
    InitializationFailed(String),
    /// A rollout begins.
    Detected,
    /// A newer revision takes the place of the one under analysis.
    Restarting,
    /// The target is back at the promoted revision.
    Reverted,
    /// The target is another one.
    TargetExchanged {
        /// The former one.
        former: String,
    },
    /// The Services have other names, or no route shifts the traffic any more.
    ServiceExchanged {
        /// Whether it is their names.
        renamed: bool,
    },
    /// The analysis begins.
    Starting,
    /// What the provider leaves out of the analysis.
    Unsupported(Unsupported),
    /// Another route takes the same requests, as a gateway says.
    Overlap(String),
    /// The canary's weight is raised.
    Weight(u8),
    /// A round begins.
    Iteration {
        /// Counts from 1.
        n: i64,
        /// `analysis.iterations`.
        of: i64,
    },
    /// A blue/green release switches to the canary.
    RoutingToCanary,
    /// The same after mirroring.
    MirroringEnds,
    /// A gate is open.
    GatePassed {
        /// Which gate it is.
        gate: Gate,
        /// The name of the webhook.
        hook: String,
    },
    /// A webhook passed that tests before any traffic.
    TestPassed {
        /// The name of the webhook.
        hook: String,
    },
    /// A webhook that tests did not pass.
    TestFailed {
        /// When it is called.
        kind: TestKind,
        /// The name of the webhook.
        hook: String,
        /// What it answered.
        why: String,
    },
    /// A webhook asks for a rollback.
    RollbackAsked {
        /// The name of the webhook.
        hook: String,
    },
    /// A webhook does not ask for a rollback.
    RollbackNotAsked {
        /// The name of the webhook.
        hook: String,
    },
    /// A metric did not pass, in the words of the judgement.
    MetricFailed {
        /// How the check ended; one without a value is logged as an error.
        verdict: VerdictKind,
        /// What was measured.
        message: String,
    },
    /// A metric broke its bound, but cannot judge the revision yet.
    MetricHeld(String),
    /// A rollback begins.
    RollingBack(RollbackCause),
    /// The rollback is complete.
    Failed,
    /// The template is copied to the primary.
    Copying,
    /// The primary's weight is raised.
    PrimaryWeight(u8),
    /// All traffic goes to the primary.
    RoutingToPrimary,
    /// The primary does not come up with the promoted revision: Flagger's text of its readiness.
    PromotionFailed(String),
    /// A revision was promoted.
    Promoted,
    /// A revision was promoted without an analysis.
    Skipped,
    /// A rollout ended with nothing to promote.
    NothingToPromote,
    /// A command was dealt with.
    Command(Told),
    /// The target takes over from the primary.
    Terminating,
    /// It has taken over.
    Terminated,
    /// Something is waited for.
    Waiting(WaitReason),
}

/// When a webhook tests a revision.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum TestKind {
    /// Before any traffic: `pre-rollout`.
    Before,
    /// In every round: `rollout`.
    Round,
}

impl EventKind {
    /// How serious it is.
    pub fn level(&self) -> Level {
        match self {
            Self::ProvidersFailed(_) | Self::MetricFailed { verdict: VerdictKind::Error, .. } => Level::Error,
            Self::InitializationFailed(_)
            | Self::Unsupported(_)
            | Self::Overlap(_)
            | Self::TestFailed { .. }
            | Self::RollbackAsked { .. }
            | Self::MetricFailed { .. }
            | Self::MetricHeld(_)
            | Self::RollingBack(_)
            | Self::Failed
            | Self::PromotionFailed(_) => Level::Warning,
            Self::Waiting(reason) => reason.level(),
            Self::Command(told) => told.level(),
            _ => Level::Normal,
        }
    }

    /// In words.
    pub fn text(&self, rollout: &Rollout) -> String {
        match self {
            Self::ProvidersAvailable
            | Self::Unsupported(_)
            | Self::RoutingToCanary
            | Self::MirroringEnds
            | Self::RoutingToPrimary => self.fixed().to_owned(),
            Self::ProvidersFailed(why) => format!("Error checking metric providers: {why}"),
            Self::InitializationFailed(why) => rollout.say_primary_not_ready(why),
            Self::Overlap(said) => overlap(rollout, said),
            Self::Weight(_) | Self::Iteration { .. } | Self::PrimaryWeight(_) => self.advance(rollout),
            Self::GatePassed { .. }
            | Self::TestPassed { .. }
            | Self::TestFailed { .. }
            | Self::RollbackAsked { .. }
            | Self::RollbackNotAsked { .. } => self.answer(rollout),
            Self::MetricFailed { message, .. } | Self::MetricHeld(message) => message.clone(),
            Self::RollingBack(cause) => cause.event(rollout),
            Self::PromotionFailed(why) => format!(
                "Promotion of {} failed, primary not ready: {}",
                rollout.target_name(),
                rollout.say_primary_not_ready(why)
            ),
            Self::Waiting(reason) => reason.text(rollout),
            Self::Command(told) => told.text(&rollout.full_name()),
            _ => self.passage(rollout),
        }
    }

    /// What does not depend on the Canary.
    fn fixed(&self) -> &'static str {
        match self {
            Self::ProvidersAvailable => "all the metrics providers are available!",
            Self::Unsupported(unsupported) => in_words(*unsupported),
            Self::RoutingToCanary => "Routing all traffic to canary",
            Self::MirroringEnds => "Stop traffic mirroring and route all traffic to canary",
            _ => "Routing all traffic to primary",
        }
    }

    fn advance(&self, rollout: &Rollout) -> String {
        let name = rollout.full_name();
        match self {
            Self::Iteration { n, of } => format!("Advance {name} canary iteration {n}/{of}"),
            Self::PrimaryWeight(weight) => format!("Advance {name} primary weight {weight}"),
            Self::Weight(weight) => format!("Advance {name} canary weight {weight}"),
            _ => String::new(),
        }
    }

    /// What a webhook answered.
    fn answer(&self, rollout: &Rollout) -> String {
        match self {
            Self::GatePassed { gate, hook } => format!("{} check {hook} passed", gate.title()),
            Self::TestPassed { hook } => format!("Pre-rollout check {hook} passed"),
            Self::TestFailed { kind: TestKind::Before, hook, why } => {
                rollout.say_halt(&format!("pre-rollout check {hook} failed {why}"))
            }
            Self::TestFailed { kind: TestKind::Round, hook, why } => {
                rollout.say_halt(&format!("external check {hook} failed {why}"))
            }
            Self::RollbackAsked { hook } => format!("Rollback check {hook} passed"),
            Self::RollbackNotAsked { hook } => format!("Rollback hook {hook} not signaling a rollback"),
            _ => String::new(),
        }
    }

    /// From one part of a rollout to the next.
    fn passage(&self, rollout: &Rollout) -> String {
        let (name, target) = (rollout.full_name(), rollout.target_name());
        match self {
            Self::Initialized => format!("Initialization done! {name}"),
            Self::Detected => format!("New revision detected! Scaling up {target}"),
            Self::Restarting => format!("New revision detected! Restarting analysis for {target}"),
            Self::Reverted => format!("{target} is back at the promoted revision, ending the analysis"),
            Self::TargetExchanged { former } => format!(
                "spec.targetRef of {name} names {} in the place of {former}: its primary is made, the former one \
                 serves until then",
                crate::identity::target(rollout)
            ),
            Self::ServiceExchanged { .. } if !rollout.router.shifts() => {
                format!("No HTTPRoute shifts the traffic of {name} any more! Restarting analysis")
            }
            Self::ServiceExchanged { renamed: true } => {
                format!("The Services of {name} have other names now! Restarting analysis")
            }
            Self::ServiceExchanged { renamed: false } => {
                format!("Another route shifts the traffic of {name} now! Restarting analysis")
            }
            Self::Starting => format!("Starting canary analysis for {target}"),
            Self::Failed => format!("Canary failed! Scaling down {name}"),
            Self::Copying => format!("Copying {target} template spec to {}", rollout.primary_name()),
            Self::Promoted => format!("Promotion completed! Scaling down {target}"),
            Self::Skipped => format!("Promotion completed! Canary analysis was skipped for {target}"),
            Self::NothingToPromote => format!("Analysis ended, nothing to promote. Scaling down {target}"),
            Self::Terminating => format!("Terminating canary {name}"),
            Self::Terminated => format!("Terminated canary {name}"),
            _ => String::new(),
        }
    }
}

/// A webhook was told of the end of a rollout, and what it answered.
pub fn post_rollout(hook: &str, answer: Result<(), &str>) -> (Level, String) {
    match answer {
        Ok(()) => (Level::Normal, format!("Post-rollout check {hook} passed")),
        Err(why) => (Level::Warning, format!("Post-rollout hook {hook} failed {why}")),
    }
}

/// What a provider leaves out, in Flagger's words where Flagger has it.
fn in_words(unsupported: Unsupported) -> &'static str {
    match unsupported {
        Unsupported::AbTest => "A/B testing is not supported when using the kubernetes provider",
        Unsupported::Progressive => "Progressive traffic is not supported when using the kubernetes provider",
        // The field under its former name.
        Unsupported::Replaced => "Setting canaryAnalysis.iterations: 10",
        Unsupported::Mirror => "analysis.mirror is not supported by this provider, no request is copied",
        Unsupported::Affinity => {
            "analysis.sessionAffinity is not supported by this provider, users may change sides"
        }
        Unsupported::PromotionSteps => {
            "analysis.stepWeightPromotion of an A/B test is not supported by this provider, the promotion takes one step"
        }
    }
}

fn overlap(rollout: &Rollout, said: &str) -> String {
    format!(
        "requests of {} may go to another route that is older: {said}; let only one route have these hosts and \
         matches",
        rollout.full_name()
    )
}

impl Rollout {
    pub(crate) fn say_halt(&self, why: &str) -> String {
        format!("Halt {} advancement {why}", self.full_name())
    }

    pub(crate) fn say_primary_not_ready(&self, why: &str) -> String {
        let name = self.primary_name();
        match self.target_kind {
            TargetKind::DaemonSet => format!("primary daemonset {name} not ready: {why}"),
            _ => format!("{name} not ready: {why}"),
        }
    }

    pub(crate) fn say_target_missing(&self) -> String {
        let (target, kind) = (&self.target, self.target_kind);
        let name = match kind {
            // Flagger names the primary here, though the target is what is missing.
            TargetKind::Service => self.primary_name(),
            TargetKind::Deployment | TargetKind::DaemonSet => self.target_name(),
        };
        format!("{} {name} get query error: {} \"{target}\" not found", kind.lower(), kind.qualified())
    }
}
