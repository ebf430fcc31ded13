//! What the projects' documentation and sources say of their metrics.

use promql_parser::parser::VectorSelector;

pub(crate) const DATA_PLANES: [&str; 9] =
    ["apisix", "contour", "envoy-gateway", "istio", "kgateway", "kuma", "linkerd", "nginx", "traefik"];

pub(crate) const SIGNALS: [&str; 5] =
    ["latency-p50", "latency-p95", "latency-p99", "saturation", "success-rate"];

/// For any data plane.
pub(crate) const WORKLOAD: [&str; 3] = ["cpu", "memory", "restarts"];

const ENVOY: &[&str] = &["envoy_cluster_name"];
const CONTAINER: &[&str] = &["namespace", "pod", "container", "image", "name", "id"];
const STATE: &[&str] = &["namespace", "pod", "uid", "container", "node", "resource", "unit"];
const ISTIO: &[&str] = &[
    "reporter",
    "destination_workload",
    "destination_workload_namespace",
    "destination_service",
    "destination_service_name",
    "destination_service_namespace",
    "response_code",
];

/// The labels of each metric, as far as they could tell the canary.
pub(crate) const LABELS: &[(&str, &[&str])] = &[
    ("apisix_http_latency_bucket", &["le", "type", "route", "service", "consumer", "node"]),
    ("apisix_http_status", &["code", "route", "matched_uri", "matched_host", "service", "consumer", "node"]),
    ("container_cpu_usage_seconds_total", CONTAINER),
    ("container_memory_working_set_bytes", CONTAINER),
    ("envoy_cluster_membership_healthy", ENVOY),
    ("envoy_cluster_upstream_rq_active", ENVOY),
    ("envoy_cluster_upstream_rq_time_bucket", ENVOY),
    ("envoy_cluster_upstream_rq_xx", &["envoy_cluster_name", "envoy_response_code_class"]),
    ("istio_request_duration_milliseconds_bucket", ISTIO),
    ("istio_requests_total", ISTIO),
    ("kube_pod_container_resource_limits", STATE),
    ("kube_pod_container_resource_requests", STATE),
    ("kube_pod_container_status_restarts_total", &["namespace", "pod", "uid", "container"]),
    (
        "kube_pod_info",
        &["namespace", "pod", "uid", "host_ip", "pod_ip", "node", "created_by_kind", "created_by_name"],
    ),
    ("nginx_ingress_controller_request_duration_seconds_bucket", NGINX),
    ("nginx_ingress_controller_requests", NGINX),
    ("response_latency_ms_bucket", &["le", "direction", "namespace", "deployment", "pod"]),
    ("response_total", &["direction", "namespace", "deployment", "pod", "classification", "status_code"]),
    ("traefik_service_request_duration_seconds_bucket", &["le", "code", "method", "protocol", "service"]),
    ("traefik_service_requests_total", &["code", "method", "protocol", "service"]),
];

const NGINX: &[&str] =
    &["le", "status", "method", "path", "namespace", "ingress", "service", "canary", "host"];

/// Labels as a data plane writes them for some object.
pub(crate) struct Sample {
    pub(crate) labels: &'static [(&'static str, &'static str)],
    /// Whether that object is the canary of the Canary `prod/shop` (target `web`, Service `store`).
    pub(crate) canary: bool,
}

impl Sample {
    /// Whether a selector has a condition on the last label, which is the one that tells objects apart.
    pub(crate) fn concerns(&self, selector: &VectorSelector) -> bool {
        self.labels.last().is_some_and(|(name, _)| !selector.matchers.find_matchers(name).is_empty())
    }

    /// Whether all conditions on its labels are met.
    pub(crate) fn matches(&self, selector: &VectorSelector) -> bool {
        self.labels.iter().all(|(name, value)| {
            selector.matchers.find_matchers(name).iter().all(|matcher| matcher.is_match(value))
        })
    }
}

const fn canary(labels: &'static [(&'static str, &'static str)]) -> Sample {
    Sample { labels, canary: true }
}

const fn other(labels: &'static [(&'static str, &'static str)]) -> Sample {
    Sample { labels, canary: false }
}

const PODS: &[Sample] = &[
    canary(&[("namespace", "prod"), ("pod", "web-7d9c5b8f6d-x2x7k")]),
    canary(&[("namespace", "prod"), ("pod", "web-x2x7k")]),
    other(&[("namespace", "test"), ("pod", "web-7d9c5b8f6d-x2x7k")]),
    other(&[("namespace", "prod"), ("pod", "web-primary-7d9c5b8f6d-x2x7k")]),
    other(&[("namespace", "prod"), ("pod", "web-primary-x2x7k")]),
    other(&[("namespace", "prod"), ("pod", "web-cache-7d9c5b8f6d-x2x7k")]),
    other(&[("namespace", "prod"), ("pod", "web-cache-x2x7k")]),
    other(&[("namespace", "prod"), ("pod", "web-db-0")]),
];

const ENVOY_GATEWAY: &[Sample] = &[
    canary(&[("envoy_cluster_name", "service/prod/store-canary/9898/http")]),
    canary(&[("envoy_cluster_name", "httproute/prod/store/rule/0/backend/1")]),
    other(&[("envoy_cluster_name", "service/prod/store-primary/9898/http")]),
    other(&[("envoy_cluster_name", "service/test/store-canary/9898/http")]),
    other(&[("envoy_cluster_name", "httproute/prod/store/rule/0/backend/0")]),
    other(&[("envoy_cluster_name", "httproute/prod/store/rule/0")]),
];

const CONTOUR: &[Sample] = &[
    canary(&[("envoy_cluster_name", "prod_store-canary_9898")]),
    other(&[("envoy_cluster_name", "prod_store-primary_9898")]),
    other(&[("envoy_cluster_name", "test_store-canary_9898")]),
    other(&[("envoy_cluster_name", "prod_my-store-canary_9898")]),
];

const KGATEWAY: &[Sample] = &[
    canary(&[("envoy_cluster_name", "kube_prod_store-canary_9898")]),
    other(&[("envoy_cluster_name", "kube_prod_store-primary_9898")]),
    other(&[("envoy_cluster_name", "kube_test_store-canary_9898")]),
];

const KUMA: &[Sample] = &[
    canary(&[("envoy_cluster_name", "store-canary_prod_svc_9898")]),
    canary(&[("envoy_cluster_name", "default_store-canary_prod_zone-1_msvc_9898")]),
    canary(&[("envoy_cluster_name", "default_store-canary_prod__msvc_9898")]),
    canary(&[("envoy_cluster_name", "kri_msvc_default_zone-1_prod_store-canary_9898")]),
    other(&[("envoy_cluster_name", "store-primary_prod_svc_9898")]),
    other(&[("envoy_cluster_name", "store-canary_test_svc_9898")]),
    other(&[("envoy_cluster_name", "default_store-primary_prod_zone-1_msvc_9898")]),
    other(&[("envoy_cluster_name", "kri_msvc_default_zone-1_prod_store_9898")]),
    other(&[("envoy_cluster_name", "localhost_9898")]),
];

const ISTIO_SERVICES: &[Sample] = &[
    canary(&[("destination_service_namespace", "prod"), ("destination_service_name", "store-canary")]),
    other(&[("destination_service_namespace", "prod"), ("destination_service_name", "store-primary")]),
    other(&[("destination_service_namespace", "prod"), ("destination_service_name", "store")]),
    other(&[("destination_service_namespace", "test"), ("destination_service_name", "store-canary")]),
];

const LINKERD: &[Sample] = &[
    canary(&[("direction", "inbound"), ("namespace", "prod"), ("deployment", "web")]),
    other(&[("direction", "inbound"), ("namespace", "prod"), ("deployment", "web-primary")]),
    other(&[("direction", "inbound"), ("namespace", "test"), ("deployment", "web")]),
    other(&[("direction", "outbound"), ("namespace", "prod"), ("deployment", "web")]),
];

const INGRESS: &[Sample] = &[
    canary(&[("namespace", "prod"), ("ingress", "in"), ("canary", "prod-store-canary-9898")]),
    other(&[("namespace", "prod"), ("ingress", "in"), ("canary", "")]),
    other(&[("namespace", "prod"), ("ingress", "in"), ("canary", "prod-store-primary-9898")]),
    other(&[("namespace", "test"), ("ingress", "in"), ("canary", "test-store-canary-9898")]),
];

const TRAEFIK: &[Sample] = &[
    canary(&[("service", "prod-store-canary-9898@kubernetesgateway")]),
    canary(&[("service", "prod-store-canary-http-9898@kubernetesgateway")]),
    canary(&[(
        "service",
        "httproute-prod-store-gw-infra-gateway-ep-web-0-af329269dd38031b03e3-svc-prod-store-canary-1@kubernetesgateway",
    )]),
    other(&[("service", "prod-store-primary-http-9898@kubernetesgateway")]),
    other(&[("service", "test-store-canary-http-9898@kubernetesgateway")]),
    other(&[(
        "service",
        "httproute-prod-store-gw-infra-gateway-ep-web-0-af329269dd38031b03e3-svc-prod-store-primary-0@kubernetesgateway",
    )]),
    other(&[(
        "service",
        "httproute-prod-store-gw-infra-gateway-ep-web-0-af329269dd38031b03e3-wrr@kubernetesgateway",
    )]),
];

/// Labels of the canary, and of what is beside it, on a data plane; of pods everywhere.
pub(crate) fn samples(data_plane: &str) -> Vec<&'static Sample> {
    let own = match data_plane {
        "contour" => CONTOUR,
        "envoy-gateway" => ENVOY_GATEWAY,
        "istio" => ISTIO_SERVICES,
        "kgateway" => KGATEWAY,
        "kuma" => KUMA,
        "linkerd" => LINKERD,
        "nginx" => INGRESS,
        "traefik" => TRAEFIK,
        // The pods alone tell.
        _ => &[],
    };
    own.iter().chain(PODS).collect()
}
