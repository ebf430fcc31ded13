//! From a manifest to a [`Rollout`] that later steps trust.

use kube::ResourceExt;
use serin_analysis::builtin::metrics_provider;
use serin_api::{Canary, CanarySpec, canary::WebhookType};

use crate::{
    Rollout,
    keys::FINALIZER,
    rollout::{Hook, HookKind, TargetKind},
};

mod names;
mod provider;
mod references;
mod revert;
mod service;
mod strategy;

pub use crate::{settings::Settings, spec_error::SpecError};
pub use revert::validate_revert;

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
            router: router.facts(),
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
