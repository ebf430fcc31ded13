//! The kinds of object that Serin reads or writes.

use kube::core::{ApiResource, GroupVersionKind};
use serin_api::canary::AutoscalerRef;
use serin_core::{build::scaler::ScalerKind, rollout::TargetKind, router::ObjectKind};

/// A kind of object in the cluster.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Kind {
    /// `flagger.app/v1beta1` Canary.
    Canary,
    /// `flagger.app/v1beta1` MetricTemplate.
    MetricTemplate,
    /// `flagger.app/v1beta1` AlertProvider.
    AlertProvider,
    /// `apps/v1` Deployment.
    Deployment,
    /// `apps/v1` DaemonSet.
    DaemonSet,
    /// `v1` Service.
    Service,
    /// What a router looks at or writes.
    Routed(&'static ObjectKind),
    /// `autoscaling/v2` `HorizontalPodAutoscaler`.
    Autoscaler,
    /// `keda.sh/v1alpha1` ScaledObject.
    ScaledObject,
    /// `discovery.k8s.io/v1` EndpointSlice.
    EndpointSlice,
    /// `v1` ConfigMap.
    ConfigMap,
    /// `v1` Secret.
    Secret,
}

impl Kind {
    /// Group, version, kind and plural.
    pub(crate) const fn parts(self) -> (&'static str, &'static str, &'static str, &'static str) {
        match self {
            Self::Canary => ("flagger.app", "v1beta1", "Canary", "canaries"),
            Self::MetricTemplate => ("flagger.app", "v1beta1", "MetricTemplate", "metrictemplates"),
            Self::AlertProvider => ("flagger.app", "v1beta1", "AlertProvider", "alertproviders"),
            Self::Deployment => ("apps", "v1", "Deployment", "deployments"),
            Self::DaemonSet => ("apps", "v1", "DaemonSet", "daemonsets"),
            Self::Service => ("", "v1", "Service", "services"),
            Self::Routed(kind) => (kind.group, kind.version, kind.name, kind.plural),
            Self::Autoscaler => ("autoscaling", "v2", "HorizontalPodAutoscaler", "horizontalpodautoscalers"),
            Self::ScaledObject => ("keda.sh", "v1alpha1", "ScaledObject", "scaledobjects"),
            Self::EndpointSlice => ("discovery.k8s.io", "v1", "EndpointSlice", "endpointslices"),
            Self::ConfigMap => ("", "v1", "ConfigMap", "configmaps"),
            Self::Secret => ("", "v1", "Secret", "secrets"),
        }
    }

    /// The kind of a target and of its primary.
    pub(crate) const fn of_target(kind: TargetKind) -> Self {
        match kind {
            TargetKind::Deployment => Self::Deployment,
            TargetKind::DaemonSet => Self::DaemonSet,
            TargetKind::Service => Self::Service,
        }
    }

    /// The kind of an autoscaler; one that is not known is nowhere read.
    pub(crate) fn of_scaler(reference: &AutoscalerRef) -> Self {
        match ScalerKind::of(reference) {
            Some(ScalerKind::Keda) => Self::ScaledObject,
            Some(ScalerKind::Horizontal) | None => Self::Autoscaler,
        }
    }

    /// The kind as in manifests.
    pub(crate) const fn name(self) -> &'static str {
        self.parts().2
    }

    /// What the client needs to build URLs.
    pub(crate) fn resource(self) -> ApiResource {
        let (group, version, kind, plural) = self.parts();
        ApiResource::from_gvk_with_plural(&GroupVersionKind::gvk(group, version, kind), plural)
    }

    /// `<plural>.<group>`, as roles and API errors name it.
    pub(crate) fn qualified(self) -> String {
        match self.parts() {
            ("", _, _, plural) => plural.to_owned(),
            (group, _, _, plural) => format!("{plural}.{group}"),
        }
    }
}
