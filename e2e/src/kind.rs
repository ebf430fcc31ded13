//! The kinds of object that the tests read and write.

use kube::core::{ApiResource, GroupVersionKind};

/// One kind, by what its URL is made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Kind {
    group: &'static str,
    version: &'static str,
    /// The kind as in manifests.
    pub name: &'static str,
    plural: &'static str,
}

impl Kind {
    /// `flagger.app/v1beta1` Canary.
    pub const CANARY: Self = Self::new("flagger.app", "v1beta1", "Canary", "canaries");
    /// `flagger.app/v1beta1` MetricTemplate.
    pub const METRIC_TEMPLATE: Self =
        Self::new("flagger.app", "v1beta1", "MetricTemplate", "metrictemplates");
    /// `flagger.app/v1beta1` AlertProvider.
    pub const ALERT_PROVIDER: Self = Self::new("flagger.app", "v1beta1", "AlertProvider", "alertproviders");
    /// `coordination.k8s.io/v1` Lease.
    pub const LEASE: Self = Self::new("coordination.k8s.io", "v1", "Lease", "leases");
    /// `gateway.networking.k8s.io/v1` HTTPRoute.
    pub const ROUTE: Self = Self::new("gateway.networking.k8s.io", "v1", "HTTPRoute", "httproutes");
    /// `gateway.networking.k8s.io/v1` Gateway.
    pub const GATEWAY: Self = Self::new("gateway.networking.k8s.io", "v1", "Gateway", "gateways");
    /// `networking.k8s.io/v1` Ingress.
    pub const INGRESS: Self = Self::new("networking.k8s.io", "v1", "Ingress", "ingresses");
    /// `apps/v1` Deployment.
    pub const DEPLOYMENT: Self = Self::new("apps", "v1", "Deployment", "deployments");
    /// `apps/v1` DaemonSet.
    pub const DAEMON_SET: Self = Self::new("apps", "v1", "DaemonSet", "daemonsets");
    /// `keda.sh/v1alpha1` ScaledObject.
    pub const SCALED_OBJECT: Self = Self::new("keda.sh", "v1alpha1", "ScaledObject", "scaledobjects");
    /// `autoscaling/v2` `HorizontalPodAutoscaler`.
    pub const AUTOSCALER: Self =
        Self::new("autoscaling", "v2", "HorizontalPodAutoscaler", "horizontalpodautoscalers");
    /// `discovery.k8s.io/v1` EndpointSlice.
    pub const SLICE: Self = Self::new("discovery.k8s.io", "v1", "EndpointSlice", "endpointslices");
    /// `v1` Service.
    pub const SERVICE: Self = Self::new("", "v1", "Service", "services");
    /// `v1` Pod.
    pub const POD: Self = Self::new("", "v1", "Pod", "pods");
    /// `v1` Event.
    pub const EVENT: Self = Self::new("", "v1", "Event", "events");
    /// `v1` ConfigMap.
    pub const CONFIG_MAP: Self = Self::new("", "v1", "ConfigMap", "configmaps");
    /// `v1` Secret.
    pub const SECRET: Self = Self::new("", "v1", "Secret", "secrets");
    /// `v1` Node.
    pub const NODE: Self = Self::new("", "v1", "Node", "nodes");
    /// `v1` Namespace.
    pub const NAMESPACE: Self = Self::new("", "v1", "Namespace", "namespaces");

    /// `apiextensions.k8s.io/v1` `CustomResourceDefinition`.
    pub const DEFINITION: Self =
        Self::new("apiextensions.k8s.io", "v1", "CustomResourceDefinition", "customresourcedefinitions");
    /// `rbac.authorization.k8s.io/v1` `ClusterRole`.
    pub const CLUSTER_ROLE: Self =
        Self::new("rbac.authorization.k8s.io", "v1", "ClusterRole", "clusterroles");

    /// All of a namespace that manifests and patches of tests name.
    const NAMESPACED: [Self; 14] = [
        Self::CANARY,
        Self::METRIC_TEMPLATE,
        Self::ROUTE,
        Self::GATEWAY,
        Self::INGRESS,
        Self::DEPLOYMENT,
        Self::DAEMON_SET,
        Self::AUTOSCALER,
        Self::SCALED_OBJECT,
        Self::SLICE,
        Self::SERVICE,
        Self::POD,
        Self::CONFIG_MAP,
        Self::SECRET,
    ];

    /// The namespaced kind of this name.
    pub fn named(name: &str) -> Option<Self> {
        Self::NAMESPACED.into_iter().find(|kind| kind.name == name)
    }

    const fn new(
        group: &'static str,
        version: &'static str,
        name: &'static str,
        plural: &'static str,
    ) -> Self {
        Self { group, version, name, plural }
    }

    /// What the client needs to build URLs.
    pub fn resource(self) -> ApiResource {
        let gvk = GroupVersionKind::gvk(self.group, self.version, self.name);
        ApiResource::from_gvk_with_plural(&gvk, self.plural)
    }
}
