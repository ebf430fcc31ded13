//! The kinds of object that Serin reads or writes.

use kube::core::{ApiResource, GroupVersionKind};

/// A kind of object in the cluster.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Kind {
    /// `flagger.app/v1beta1` Canary.
    Canary,
    /// `flagger.app/v1beta1` MetricTemplate.
    MetricTemplate,
    /// `flagger.app/v1beta1` AlertProvider.
    AlertProvider,
    /// `apps/v1` Deployment.
    Deployment,
    /// `v1` Service.
    Service,
    /// `gateway.networking.k8s.io/v1` HTTPRoute.
    HttpRoute,
    /// `autoscaling/v2` `HorizontalPodAutoscaler`.
    Autoscaler,
    /// `discovery.k8s.io/v1` EndpointSlice.
    EndpointSlice,
    /// `v1` ConfigMap.
    ConfigMap,
    /// `v1` Secret.
    Secret,
}

impl Kind {
    /// Group, version, kind and plural.
    pub const fn parts(self) -> (&'static str, &'static str, &'static str, &'static str) {
        match self {
            Self::Canary => ("flagger.app", "v1beta1", "Canary", "canaries"),
            Self::MetricTemplate => ("flagger.app", "v1beta1", "MetricTemplate", "metrictemplates"),
            Self::AlertProvider => ("flagger.app", "v1beta1", "AlertProvider", "alertproviders"),
            Self::Deployment => ("apps", "v1", "Deployment", "deployments"),
            Self::Service => ("", "v1", "Service", "services"),
            Self::HttpRoute => ("gateway.networking.k8s.io", "v1", "HTTPRoute", "httproutes"),
            Self::Autoscaler => ("autoscaling", "v2", "HorizontalPodAutoscaler", "horizontalpodautoscalers"),
            Self::EndpointSlice => ("discovery.k8s.io", "v1", "EndpointSlice", "endpointslices"),
            Self::ConfigMap => ("", "v1", "ConfigMap", "configmaps"),
            Self::Secret => ("", "v1", "Secret", "secrets"),
        }
    }

    /// The kind as in manifests.
    pub const fn name(self) -> &'static str {
        self.parts().2
    }

    /// What the client needs to build URLs.
    pub fn resource(self) -> ApiResource {
        let (group, version, kind, plural) = self.parts();
        ApiResource::from_gvk_with_plural(&GroupVersionKind::gvk(group, version, kind), plural)
    }

    /// `<plural>.<group>`, as roles and API errors name it.
    pub fn qualified(self) -> String {
        match self.parts() {
            ("", _, _, plural) => plural.to_owned(),
            (group, _, _, plural) => format!("{plural}.{group}"),
        }
    }
}
