//! The objects that a Canary names.

use serin_api::{CanarySpec, canary::CrossNamespaceRef};

use super::{Settings, SpecError};
use crate::build::scaler::ScalerKind;

/// Everything wrong with references to other objects.
pub(super) fn check(spec: &CanarySpec, namespace: &str, settings: &Settings) -> Vec<SpecError> {
    let mut errors: Vec<SpecError> = scaler(spec).into_iter().collect();
    if settings.no_cross_namespace_refs {
        let templates = spec.analysis.metrics.iter().filter_map(|metric| metric.template_ref.as_ref());
        let upstream = spec
            .upstream_ref
            .as_ref()
            .map(|r| CrossNamespaceRef { name: r.name.clone(), namespace: r.namespace.clone() });
        let providers = spec.analysis.alerts.iter().map(|alert| &alert.provider_ref);
        errors.extend(upstream.and_then(|r| foreign("spec.upstreamRef", "gloo upstream", &r, namespace)));
        errors.extend(
            templates.filter_map(|r| foreign("spec.analysis.metrics", "metric template", r, namespace)),
        );
        errors.extend(
            providers.filter_map(|r| foreign("spec.analysis.alerts", "alert provider", r, namespace)),
        );
    }
    errors
}

fn foreign(field: &'static str, what: &str, reference: &CrossNamespaceRef, own: &str) -> Option<SpecError> {
    let other = reference.namespace_or(own);
    (other != own).then(|| {
        let name = format!("{}.{other}", reference.name);
        let problem = format!("can't access {what} {name}, cross-namespace references are blocked");
        SpecError::new(field, name, problem, "move it to the Canary's namespace")
    })
}

fn scaler(spec: &CanarySpec) -> Option<SpecError> {
    let reference = spec.autoscaler_ref.as_ref()?;
    ScalerKind::of(reference).is_none().then(|| {
        let problem = "this kind of autoscaler is not supported";
        let remedy = "use a HorizontalPodAutoscaler or a ScaledObject";
        SpecError::new("spec.autoscalerRef.kind", &reference.kind, problem, remedy)
    })
}
