//! From a manifest to a [`Rollout`] that later steps trust.

use std::fmt;

use chrono::TimeDelta;
use kube::ResourceExt;
use serin_analysis::builtin::metrics_provider;
use serin_api::{Canary, CanarySpec, canary::WebhookType};

use crate::{
    Rollout,
    rollout::{Hook, HookKind, TargetKind},
};

mod names;
mod provider;
pub(crate) mod re2;
mod references;
mod revert;
mod service;
mod strategy;

pub use revert::validate_revert;

/// The finalizer of Canaries with `revertOnDeletion`.
pub const FINALIZER: &str = "finalizer.flagger.app";

/// What the operator's flags say about all Canaries.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// `-mesh-provider`: routes the traffic of Canaries without `spec.provider`.
    pub mesh_provider: String,
    /// `-ingress-annotations-prefix`: what stands before the slash in the annotations of an Ingress controller.
    pub ingress_annotations: String,
    /// The shortest time between two checks; shorter intervals are raised to it.
    pub min_interval: TimeDelta,
    /// `-selector-labels`: keys of which one must select the target's pods, the first one wins.
    pub selector_labels: Vec<String>,
    /// `-include-label-prefix`: labels and annotations with one of these go from the target to the primary;
    /// `*` stands for all.
    pub include_label_prefix: Vec<String>,
    /// `-enable-config-tracking`: whether changes to ConfigMaps and Secrets start a rollout.
    pub config_tracking: bool,
    /// `-no-cross-namespace-refs`: whether templates and alert providers must be in the Canary's namespace.
    pub no_cross_namespace_refs: bool,
    /// How long requests under way may take to end before the canary is scaled down.
    pub drain: TimeDelta,
}

impl Default for Settings {
    /// Flagger's defaults, with the Gateway API for the mesh provider.
    fn default() -> Self {
        Self {
            mesh_provider: "gatewayapi:v1".to_owned(),
            ingress_annotations: "nginx.ingress.kubernetes.io".to_owned(),
            min_interval: TimeDelta::seconds(10),
            selector_labels: ["app", "name", "app.kubernetes.io/name"].map(ToOwned::to_owned).to_vec(),
            include_label_prefix: Vec::new(),
            config_tracking: true,
            no_cross_namespace_refs: false,
            drain: TimeDelta::milliseconds(500),
        }
    }
}

/// What is wrong with one field of a Canary.
#[derive(Clone, Debug, PartialEq, Eq, Hash, thiserror::Error)]
pub struct SpecError {
    /// Path of the field, such as `spec.service.port`.
    pub field: &'static str,
    /// Its value; empty if it is missing.
    pub value: String,
    /// What is wrong with it; Flagger's text where it has one.
    pub problem: String,
    /// What the user can do.
    pub remedy: String,
}

impl SpecError {
    pub(crate) fn new(
        field: &'static str,
        value: impl Into<String>,
        problem: impl Into<String>,
        remedy: impl Into<String>,
    ) -> Self {
        Self { field, value: value.into(), problem: problem.into(), remedy: remedy.into() }
    }
}

impl fmt::Display for SpecError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.field)?;
        if !self.value.is_empty() {
            write!(f, " {:?}", self.value)?;
        }
        write!(f, ": {} ({})", self.problem, self.remedy)
    }
}

/// Checks every field that decides something and fills in what the manifest leaves out.
///
/// All errors are returned, not only the first.
///
/// # Errors
/// One [`SpecError`] for each field that is wrong, with its value and a remedy.
pub fn validate(canary: &Canary, settings: &Settings) -> Result<Rollout, Vec<SpecError>> {
    let errors = writable(&canary.spec, settings);
    checked(canary, settings, errors)
}

/// What the API server would refuse of the objects that are generated.
fn writable(spec: &CanarySpec, settings: &Settings) -> Vec<SpecError> {
    let mut errors = names::check(spec);
    errors.extend(provider::router(spec, settings).map(|router| router.limits(spec)).unwrap_or_default());
    errors
}

fn checked(
    canary: &Canary,
    settings: &Settings,
    mut errors: Vec<SpecError>,
) -> Result<Rollout, Vec<SpecError>> {
    let mut spec = canary.spec.clone();
    let mut note = |found: Vec<SpecError>| errors.extend(found);
    let router = provider::router(&spec, settings);
    let able = router.as_ref().map(|router| router.capabilities());
    let warnings = able.map(|able| strategy::fit(&mut spec.analysis, able)).unwrap_or_default();
    let target_kind = target_kind(&spec);
    let strategy = strategy::strategy(&spec, able.map_or(true, |able| able.weights));
    note(service::check(&spec, router.as_ref().ok().copied()));
    note(references::check(&spec, &canary.namespace().unwrap_or_default(), settings));
    note(
        [router.clone().err(), target_kind.clone().err(), strategy.clone().err()]
            .into_iter()
            .flatten()
            .collect(),
    );
    match (router, target_kind, strategy) {
        (Ok(router), Ok(target_kind), Ok(strategy)) if errors.is_empty() => Ok(Rollout {
            name: canary.name_any(),
            namespace: canary.namespace().unwrap_or_default(),
            uid: canary.uid().unwrap_or_default(),
            generation: canary.metadata.generation,
            deleting: canary.metadata.deletion_timestamp.is_some(),
            finalizer: canary.finalizers().iter().any(|finalizer| finalizer == FINALIZER),
            target_kind,
            target: spec.target_ref.name.clone(),
            apex: spec.apex_name().to_owned(),
            router,
            ingress_annotations: settings.ingress_annotations.clone(),
            metrics_provider: metrics_provider(
                &settings.mesh_provider,
                spec.provider.as_deref(),
                target_kind == TargetKind::Service,
            ),
            strategy,
            interval: spec.analysis.interval_or_default(settings.min_interval),
            drain: settings.drain,
            config_tracking: settings.config_tracking && target_kind.has_pods(),
            threshold: spec.analysis.threshold_or_default(),
            hooks: hooks(&spec),
            warnings,
            spec,
        }),
        _ => Err(errors),
    }
}

fn target_kind(spec: &CanarySpec) -> Result<TargetKind, SpecError> {
    let target = &spec.target_ref;
    let error = |problem, remedy| {
        let kind = format!("{} of {}", target.kind, target.api_version);
        Err(SpecError::new("spec.targetRef.kind", kind, problem, remedy))
    };
    match target.kind.as_str() {
        "Deployment" => Ok(TargetKind::Deployment),
        "DaemonSet" => Ok(TargetKind::DaemonSet),
        "Service" if target.api_version.starts_with("serving.knative.dev/") => error(
            "a Knative Service splits traffic between its revisions itself, which is not supported",
            "release a Deployment, or keep Flagger for this Canary",
        ),
        "Service" => Ok(TargetKind::Service),
        _ => error("this kind cannot be released", "name a Deployment, a DaemonSet or a Service"),
    }
}

fn hooks(spec: &CanarySpec) -> Vec<Hook> {
    let hooks = spec.analysis.webhooks.iter().enumerate().map(|(index, hook)| Hook {
        endpoint: crate::hash::short(&hook.url),
        index,
        name: hook.name.clone(),
        kind: hook_kind(hook.hook_type()),
        mute_alert: hook.mute_alert,
    });
    hooks.collect()
}

fn hook_kind(kind: WebhookType) -> HookKind {
    match kind {
        WebhookType::ConfirmRollout => HookKind::ConfirmRollout,
        WebhookType::PreRollout => HookKind::PreRollout,
        WebhookType::Rollout => HookKind::Rollout,
        WebhookType::ConfirmTrafficIncrease => HookKind::ConfirmTrafficIncrease,
        WebhookType::ConfirmPromotion => HookKind::ConfirmPromotion,
        WebhookType::PostRollout => HookKind::PostRollout,
        WebhookType::Rollback => HookKind::Rollback,
        WebhookType::Event => HookKind::Event,
    }
}

#[cfg(test)]
mod tests;
