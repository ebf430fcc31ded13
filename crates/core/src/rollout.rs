//! A Canary whose every field has been checked and defaulted.

use chrono::TimeDelta;
use serin_analysis::{builtin::PodNames, checks::Subject, template::TemplateModel};
use serin_api::{CanarySpec, canary::SessionAffinity};

use crate::strategy::{Kind, Strategy, Unsupported};

mod router;
mod target;

pub use router::{Capabilities, RouterFacts};
pub use target::TargetKind;

/// A valid Canary. [`crate::validate::validate`] is the only way to make one.
#[derive(Clone, Debug)]
pub struct Rollout {
    /// `metadata.name`.
    pub name: String,
    /// `metadata.namespace`.
    pub namespace: String,
    /// `metadata.uid`.
    pub uid: String,
    /// `metadata.generation`.
    pub generation: Option<i64>,
    /// Whether `metadata.deletionTimestamp` is set.
    pub deleting: bool,
    /// Whether the finalizer `finalizer.flagger.app` is set.
    pub finalizer: bool,
    /// `spec.targetRef.kind`.
    pub target_kind: TargetKind,
    /// `spec.targetRef.name`.
    pub target: String,
    /// `spec.service.name`, or the target's name.
    pub apex: String,
    /// What routes the traffic.
    pub router: RouterFacts,
    /// What stands before the slash in the annotations of an Ingress controller.
    pub ingress_annotations: String,
    /// Chooses the built-in queries: see [`serin_analysis::builtin::metrics_provider`].
    pub metrics_provider: String,
    /// The steps to run.
    pub strategy: Strategy,
    /// Time between two checks.
    pub interval: TimeDelta,
    /// How long requests under way may take to end before the canary is scaled down.
    pub drain: TimeDelta,
    /// Whether changes to the target's ConfigMaps and Secrets are releases too (`-enable-config-tracking`).
    pub config_tracking: bool,
    /// Failed checks that end the rollout; at least 1.
    pub threshold: i64,
    /// The webhooks, in the order of the manifest.
    pub hooks: Vec<Hook>,
    /// What of the analysis has no effect here; told when an analysis starts. Flagger's texts.
    pub warnings: Vec<Unsupported>,
    /// The manifest, for everything that is only passed on.
    pub spec: CanarySpec,
}

/// When a webhook is called.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum HookKind {
    /// Gate before a rollout starts.
    ConfirmRollout,
    /// Test before any traffic is shifted.
    PreRollout,
    /// Check of every interval (also the type "").
    Rollout,
    /// Gate before each shift of traffic.
    ConfirmTrafficIncrease,
    /// Gate before the promotion.
    ConfirmPromotion,
    /// Told of the end.
    PostRollout,
    /// Asked whether to roll back.
    Rollback,
    /// Told of every event.
    Event,
}

/// One entry of `analysis.webhooks`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Hook {
    /// Its place in `analysis.webhooks`.
    pub index: usize,
    /// `name`, for events.
    pub name: String,
    /// Stands for `url`, which may hold a secret.
    pub endpoint: String,
    /// `type`.
    pub kind: HookKind,
    /// `muteAlert`.
    pub mute_alert: bool,
}

impl Rollout {
    /// `<name>.<namespace>`, as Flagger's texts call the Canary.
    pub fn full_name(&self) -> String {
        format!("{}.{}", self.name, self.namespace)
    }

    /// `<target>.<namespace>`.
    pub fn target_name(&self) -> String {
        format!("{}.{}", self.target, self.namespace)
    }

    /// `<target>-primary`.
    pub fn primary(&self) -> String {
        format!("{}-primary", self.target)
    }

    /// `<target>-primary.<namespace>`.
    pub fn primary_name(&self) -> String {
        format!("{}-primary.{}", self.target, self.namespace)
    }

    /// `<apex>-primary`: the Service of the primary.
    pub fn primary_service(&self) -> String {
        format!("{}-primary", self.apex)
    }

    /// `<apex>-canary`: the Service of the canary.
    pub fn canary_service(&self) -> String {
        format!("{}-canary", self.apex)
    }

    /// The hooks of a kind, in order.
    pub fn hooks_of(&self, kind: HookKind) -> impl Iterator<Item = &Hook> {
        self.hooks.iter().filter(move |hook| hook.kind == kind)
    }

    /// The names that queries and their messages use.
    pub fn subject(&self) -> Subject {
        let named = |r: Option<&serin_api::canary::ObjectRef>| r.map_or(&self.target, |r| &r.name).clone();
        let model = TemplateModel {
            name: self.name.clone(),
            namespace: self.namespace.clone(),
            target: self.target.clone(),
            service: self.apex.clone(),
            ingress: named(self.spec.ingress_ref.as_ref()),
            route: named(self.spec.route_ref.as_ref()),
            ..TemplateModel::default()
        };
        let pods = PodNames::of(&self.spec.target_ref.kind);
        Subject { model, metrics_provider: self.metrics_provider.clone(), pods }
    }

    /// `analysis.sessionAffinity` where it applies: the router knows users by cookies, and they are not chosen by
    /// `analysis.match` already.
    pub fn affinity(&self) -> Option<&SessionAffinity> {
        let applies = self.router.capabilities.affinity && self.strategy.kind != Kind::AbTest;
        self.spec.analysis.session_affinity.as_ref().filter(|_| applies)
    }
}
