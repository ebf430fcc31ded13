//! The texts of events and alerts, as Flagger words them. `crates/sim/tests/catalogue` has each of them.

use crate::{Rollout, build::scaler::ScalerKind, rollout::TargetKind};

/// `spec.suspend` is set.
pub const SUSPENDED: &str = "skipping canary run as object is suspended";
/// The metric providers answered at initialisation.
pub const PROVIDERS_AVAILABLE: &str = "all the metrics providers are available!";
/// All weight goes back to the primary.
pub const ROUTING_TO_PRIMARY: &str = "Routing all traffic to primary";
/// Blue/green switch.
pub const ROUTING_TO_CANARY: &str = "Routing all traffic to canary";
/// Blue/green switch after mirroring.
pub const STOP_MIRRORING: &str = "Stop traffic mirroring and route all traffic to canary";
/// `analysis.match` with the provider `kubernetes`.
pub const NO_AB_TEST: &str = "A/B testing is not supported when using the kubernetes provider";
/// An analysis without `iterations` with the provider `kubernetes`.
pub const NO_PROGRESSIVE: &str = "Progressive traffic is not supported when using the kubernetes provider";
/// What is done about it, under the field's former name.
pub const ITERATIONS_SET: &str = "Setting canaryAnalysis.iterations: 10";

/// `analysis.mirror` with a router that cannot.
pub const NO_MIRROR: &str = "analysis.mirror is not supported by this provider, no request is copied";
/// `analysis.sessionAffinity` with a router that knows no cookies.
pub const NO_AFFINITY: &str =
    "analysis.sessionAffinity is not supported by this provider, users may change sides";
/// `analysis.stepWeightPromotion` of an A/B test with a router that moves all chosen requests at once.
pub const NO_PROMOTION_STEPS: &str = "analysis.stepWeightPromotion of an A/B test is not supported by this provider, the promotion takes one step";

/// Alert at the end of the initialisation.
pub fn alert_initialized(kind: &str) -> String {
    format!("New {kind} detected, initialization completed.")
}
/// Alert when a rollout starts.
pub const ALERT_PROGRESSING: &str = "New revision detected, progressing canary analysis.";
/// Alert when `confirm-rollout` is closed.
pub const ALERT_WAITING: &str = "Canary is waiting for approval.";
/// Alert when `confirm-traffic-increase` is closed.
pub const ALERT_WAITING_INCREASE: &str = "Canary traffic increase is waiting for approval.";
/// Alert when `confirm-promotion` is closed.
pub const ALERT_WAITING_PROMOTION: &str = "Canary promotion is waiting for approval.";
/// Alert when a rollback hook asked for it.
pub const ALERT_MANUAL_ROLLBACK: &str = "Rolling back manual webhook invoked";
/// Alert of a promotion.
pub const ALERT_SUCCEEDED: &str = "Canary analysis completed successfully, promotion finished.";
/// Alert of a rollout that ended because the target went back to the promoted revision; Flagger promotes it again.
pub const ALERT_REVERTED: &str = "Canary analysis ended, the target is back at the promoted revision.";
/// Alert of a promotion without analysis.
pub const ALERT_SKIPPED: &str = "Canary analysis was skipped, promotion finished.";

/// Why a rollout is rolled back. The text is kept in `status.rollbackReason` until it is done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RollbackCause {
    /// Failed checks reached the threshold.
    Threshold(i64),
    /// A rollback hook asked for it.
    Hook,
    /// The canary did not become ready in time; Flagger's readiness text.
    Deadline(String),
}

impl RollbackCause {
    /// The text of the event.
    pub fn event(&self, rollout: &Rollout) -> String {
        let name = rollout.full_name();
        match self {
            Self::Threshold(n) => format!("Rolling back {name} failed checks threshold reached {n}"),
            Self::Hook => format!("Rolling back {name} manual webhook invoked"),
            Self::Deadline(why) => format!("Rolling back {name} progress deadline exceeded {why}"),
        }
    }

    /// The text of the alert.
    pub fn alert(&self) -> String {
        match self {
            Self::Threshold(n) => format!("Failed checks threshold reached {n}"),
            Self::Hook => ALERT_MANUAL_ROLLBACK.to_owned(),
            Self::Deadline(why) => format!("Progress deadline exceeded {why}"),
        }
    }
}

impl Rollout {
    pub(crate) fn say_initialized(&self) -> String {
        format!("Initialization done! {}", self.full_name())
    }
    pub(crate) fn say_detected(&self) -> String {
        format!("New revision detected! Scaling up {}", self.target_name())
    }
    pub(crate) fn say_restarting(&self) -> String {
        format!("New revision detected! Restarting analysis for {}", self.target_name())
    }
    pub(crate) fn say_reverted(&self) -> String {
        format!("{} is back at the promoted revision, ending the analysis", self.target_name())
    }
    pub(crate) fn say_starting(&self) -> String {
        format!("Starting canary analysis for {}", self.target_name())
    }
    pub(crate) fn say_weight(&self, weight: u8) -> String {
        format!("Advance {} canary weight {weight}", self.full_name())
    }
    pub(crate) fn say_iteration(&self, n: i64, of: i64) -> String {
        format!("Advance {} canary iteration {n}/{of}", self.full_name())
    }
    pub(crate) fn say_primary_weight(&self, weight: u8) -> String {
        format!("Advance {} primary weight {weight}", self.full_name())
    }
    pub(crate) fn say_copying(&self) -> String {
        format!("Copying {} template spec to {}", self.target_name(), self.primary_name())
    }
    pub(crate) fn say_promoted(&self) -> String {
        format!("Promotion completed! Scaling down {}", self.target_name())
    }
    pub(crate) fn say_skipped(&self) -> String {
        format!("Promotion completed! Canary analysis was skipped for {}", self.target_name())
    }
    pub(crate) fn say_nothing_to_promote(&self) -> String {
        format!("Analysis ended, nothing to promote. Scaling down {}", self.target_name())
    }
    pub(crate) fn say_failed(&self) -> String {
        format!("Canary failed! Scaling down {}", self.full_name())
    }
    pub(crate) fn say_promotion_failed(&self, why: &str) -> String {
        format!("Promotion of {} failed, primary not ready: {why}", self.target_name())
    }
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
    /// Old pods of a ready primary that still end.
    pub(crate) fn say_primary_pods_leave(&self, count: u32) -> String {
        format!("{} waits for pods of the version before to end, {count} left", self.primary_name())
    }
    pub(crate) fn say_canary_not_ready(&self, why: &str) -> String {
        self.say_not_ready(true, why)
    }
    /// As [`Self::say_canary_not_ready`], once waiting longer is no use.
    pub(crate) fn say_canary_failed(&self, why: &str) -> String {
        self.say_not_ready(false, why)
    }
    /// Flagger's words to the letter, also where they are misspelt.
    fn say_not_ready(&self, retryable: bool, why: &str) -> String {
        let name = self.target_name();
        match self.target_kind {
            TargetKind::DaemonSet => {
                format!("canary damonset {name} not ready with retryable {retryable}: {why}")
            }
            kind => format!("canary {} {name} not ready: {why}", kind.lower()),
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
    pub(crate) fn say_scaler_missing(&self) -> String {
        let Some(reference) = &self.spec.autoscaler_ref else { return String::new() };
        let (name, namespace) = (&reference.name, &self.namespace);
        let kind = ScalerKind::of(reference).unwrap_or(ScalerKind::Horizontal);
        let (title, resource) = (kind.title(), kind.qualified());
        format!("{title} {name}.{namespace} get query error: {resource} \"{name}\" not found")
    }
    pub(crate) fn say_target_exchanged(&self, former: &str) -> String {
        format!(
            "spec.targetRef of {} names {} in the place of {former}: its primary is made, the former one serves until then",
            self.full_name(),
            crate::identity::target(self)
        )
    }
    pub(crate) fn say_service_exchanged(&self, renamed: bool) -> String {
        let name = self.full_name();
        match (self.router.shifts(), renamed) {
            (false, _) => format!("No HTTPRoute shifts the traffic of {name} any more! Restarting analysis"),
            (true, true) => format!("The Services of {name} have other names now! Restarting analysis"),
            (true, false) => format!("Another route shifts the traffic of {name} now! Restarting analysis"),
        }
    }
    pub(crate) fn say_overlap(&self, said: &str) -> String {
        format!(
            "requests of {} may go to another route that is older: {said}; let only one route have these hosts and \
             matches",
            self.full_name()
        )
    }
    pub(crate) fn say_port_not_ready(&self) -> String {
        let port = self.spec.service.as_ref().map(|service| service.port).unwrap_or_default();
        format!(
            "spec.service.port {port} of {} has no ready endpoints yet: the route stays on the former one",
            self.full_name()
        )
    }
    pub(crate) fn say_strangers(&self, service: &str, strangers: &[String]) -> String {
        format!(
            "Service {service}.{} selects pods of others too ({}): give the pods of {} {} a label in spec.selector.matchLabels \
             that those do not have",
            self.namespace,
            strangers.join(", "),
            self.target_kind.name(),
            self.target
        )
    }
    pub(crate) fn say_primary_kept(&self, why: &str) -> String {
        format!(
            "{}; it was there before this Canary was looked at, and is not made anew from {}, which nobody has \
             analysed: mend it, or delete it to have it made from the target",
            self.say_primary_not_ready(why),
            self.target_name()
        )
    }
    pub(crate) fn say_primary_missing(&self) -> String {
        format!(
            "{} {} not found, and {} failed its analysis, so that none is made of it: give it a revision that passes, or \
             the one that was promoted last",
            self.target_kind.lower(),
            self.primary_name(),
            self.target_name()
        )
    }
}

/// Event of a post-rollout hook's answer.
pub fn post_rollout(hook: &str, answer: Result<(), &str>) -> String {
    match answer {
        Ok(()) => format!("Post-rollout check {hook} passed"),
        Err(why) => format!("Post-rollout hook {hook} failed {why}"),
    }
}
