//! The text of the built-in queries. Line breaks and indentation collapse to one space when rendered.

/// Query templates of one data plane.
pub(super) struct Queries {
    /// Percentage of requests that did not fail on the server's side.
    pub(super) success_rate: &'static str,
    /// 99th percentile, or the mean where a data plane offers no histogram; `Observer::milliseconds` has its unit.
    pub(super) duration: &'static str,
}

/// The pods of a Deployment; those of its primary have one more part in their names.
pub(super) const REPLICA_SET_PODS: &str = r#"kubernetes_pod_name=~"{{target}}-[0-9a-zA-Z]+(-[0-9a-zA-Z]+)""#;

/// The pods of a DaemonSet. The pattern above finds those of its primary, and none of its own.
pub(super) const DAEMON_SET_PODS: &str = r#"kubernetes_pod_name=~"{{target}}-[0-9a-zA-Z]+""#;

pub(super) const APISIX: Queries = Queries {
    success_rate: r#"
        sum(rate(apisix_http_status{
            route=~"{{namespace}}_{{route}}-{{target}}-canary_.+",
            code!~"5.."}[{{interval}}]))
        / sum(rate(apisix_http_status{route=~"{{namespace}}_{{route}}-{{target}}-canary_.+"}[{{interval}}]))
        * 100"#,
    duration: r#"
        histogram_quantile(0.99, sum(rate(apisix_http_latency_bucket{
            type=~"request",
            route=~"{{namespace}}_{{route}}-{{target}}-canary_.+"}[{{interval}}])) by (le))"#,
};

pub(super) const APPMESH: Queries = Queries {
    success_rate: r#"
        sum(rate(envoy_cluster_upstream_rq{
            kubernetes_namespace="{{namespace}}",
            kubernetes_pod_name=~"{{target}}-[0-9a-zA-Z]+(-[0-9a-zA-Z]+)",
            envoy_response_code!~"5.*"}[{{interval}}]))
        / sum(rate(envoy_cluster_upstream_rq{
            kubernetes_namespace="{{namespace}}",
            kubernetes_pod_name=~"{{target}}-[0-9a-zA-Z]+(-[0-9a-zA-Z]+)"}[{{interval}}]))
        * 100"#,
    duration: r#"
        histogram_quantile(0.99, sum(rate(envoy_cluster_upstream_rq_time_bucket{
            kubernetes_namespace="{{namespace}}",
            kubernetes_pod_name=~"{{target}}-[0-9a-zA-Z]+(-[0-9a-zA-Z]+)"}[{{interval}}])) by (le))"#,
};

pub(super) const CONTOUR: Queries = Queries {
    success_rate: r#"
        sum(rate(envoy_cluster_upstream_rq{
            envoy_cluster_name=~"{{namespace}}_{{service}}-canary_[0-9a-zA-Z-]+",
            envoy_response_code!~"5.*"}[{{interval}}]))
        / sum(rate(envoy_cluster_upstream_rq{
            envoy_cluster_name=~"{{namespace}}_{{service}}-canary_[0-9a-zA-Z-]+",
            }[{{interval}}]))
        * 100"#,
    duration: r#"
        histogram_quantile(0.99, sum(rate(envoy_cluster_upstream_rq_time_bucket{
            envoy_cluster_name=~"{{namespace}}_{{service}}-canary_[0-9a-zA-Z-]+",}[{{interval}}])) by (le))"#,
};

pub(super) const GLOO: Queries = Queries {
    success_rate: r#"
        sum(rate(envoy_cluster_upstream_rq{
            envoy_cluster_name=~"{{namespace}}-{{target}}-canaryupstream-[0-9a-zA-Z-]+_[0-9a-zA-Z-]+",
            envoy_response_code!~"5.*"}[{{interval}}]))
        / sum(rate(envoy_cluster_upstream_rq{
            envoy_cluster_name=~"{{namespace}}-{{target}}-canaryupstream-[0-9a-zA-Z-]+_[0-9a-zA-Z-]+",
            }[{{interval}}]))
        * 100"#,
    duration: r#"
        histogram_quantile(0.99, sum(rate(envoy_cluster_upstream_rq_time_bucket{
            envoy_cluster_name=~"{{namespace}}-{{target}}-canaryupstream-[0-9a-zA-Z-]+_[0-9a-zA-Z-]+",
            }[{{interval}}])) by (le))"#,
};

pub(super) const HTTP: Queries = Queries {
    success_rate: r#"
        sum(rate(http_request_duration_seconds_count{
            kubernetes_namespace="{{namespace}}",
            kubernetes_pod_name=~"{{target}}-[0-9a-zA-Z]+(-[0-9a-zA-Z]+)",
            status!~"5.*"}[{{interval}}]))
        / sum(rate(http_request_duration_seconds_count{
            kubernetes_namespace="{{namespace}}",
            kubernetes_pod_name=~"{{target}}-[0-9a-zA-Z]+(-[0-9a-zA-Z]+)"}[{{interval}}]))
        * 100"#,
    duration: r#"
        histogram_quantile(0.99, sum(rate(http_request_duration_seconds_bucket{
            kubernetes_namespace="{{namespace}}",
            kubernetes_pod_name=~"{{target}}-[0-9a-zA-Z]+(-[0-9a-zA-Z]+)"}[{{interval}}])) by (le))"#,
};

pub(super) const ISTIO: Queries = Queries {
    success_rate: r#"
        sum(rate(istio_requests_total{
            reporter="destination",
            destination_workload_namespace="{{namespace}}",
            destination_workload=~"{{target}}",
            response_code!~"5.*"}[{{interval}}]))
        / sum(rate(istio_requests_total{
            reporter="destination",
            destination_workload_namespace="{{namespace}}",
            destination_workload=~"{{target}}"}[{{interval}}]))
        * 100"#,
    duration: r#"
        histogram_quantile(0.99, sum(rate(istio_request_duration_milliseconds_bucket{
            reporter="destination",
            destination_workload_namespace="{{namespace}}",
            destination_workload=~"{{target}}"}[{{interval}}])) by (le))"#,
};

pub(super) const KNATIVE: Queries = Queries {
    success_rate: r#"
        sum(rate(envoy_cluster_upstream_rq{
            envoy_cluster_name=~"{{namespace}}/{{route}}",
            envoy_response_code!~"5.*"}[{{interval}}]))
        / sum(rate(envoy_cluster_upstream_rq{envoy_cluster_name=~"{{namespace}}/{{route}}",}[{{interval}}]))
        * 100"#,
    duration: r#"
        histogram_quantile(0.99, sum(rate(envoy_cluster_upstream_rq_time_bucket{
            envoy_cluster_name=~"{{namespace}}/{{route}}",}[{{interval}}])) by (le))"#,
};

pub(super) const KUMA: Queries = Queries {
    success_rate: r#"
        sum(rate(envoy_cluster_upstream_rq{
            service=~"{{target}}-canary_{{namespace}}_svc_[0-9a-zA-Z-]+",
            envoy_response_code!~"5.*"}[{{interval}}]))
        / sum(rate(envoy_cluster_upstream_rq{
            service=~"{{target}}-canary_{{namespace}}_svc_[0-9a-zA-Z-]+",
            }[{{interval}}]))
        * 100"#,
    duration: r#"
        histogram_quantile(0.99, sum(rate(envoy_cluster_upstream_rq_time_bucket{
            service=~"{{target}}-canary_{{namespace}}_svc_[0-9a-zA-Z-]+",}[{{interval}}])) by (le))"#,
};

pub(super) const LINKERD: Queries = Queries {
    success_rate: r#"
        sum(rate(response_total{
            namespace="{{namespace}}",
            deployment=~"{{target}}",
            classification!="failure",
            direction="inbound"}[{{interval}}]))
        / sum(rate(response_total{
            namespace="{{namespace}}",
            deployment=~"{{target}}",
            direction="inbound"}[{{interval}}]))
        * 100"#,
    duration: r#"
        histogram_quantile(0.99, sum(rate(response_latency_ms_bucket{
            namespace="{{namespace}}",
            deployment=~"{{target}}",
            direction="inbound"}[{{interval}}])) by (le))"#,
};

pub(super) const NGINX: Queries = Queries {
    success_rate: r#"
        sum(rate(nginx_ingress_controller_requests{
            namespace="{{namespace}}",
            ingress="{{ingress}}",
            canary!="",
            status!~"5.*"}[{{interval}}]))
        / sum(rate(nginx_ingress_controller_requests{
            namespace="{{namespace}}",
            ingress="{{ingress}}",
            canary!=""}[{{interval}}]))
        * 100"#,
    duration: r#"
        sum(rate(nginx_ingress_controller_response_duration_seconds_sum{
            namespace="{{namespace}}",
            ingress="{{ingress}}",
            canary!=""}[{{interval}}]))
        / sum(rate(nginx_ingress_controller_response_duration_seconds_count{
            namespace="{{namespace}}",
            ingress="{{ingress}}",
            canary!=""}[{{interval}}]))
        * 1000"#,
};

pub(super) const OSM: Queries = Queries {
    success_rate: r#"
        sum(rate(osm_request_total{
            destination_namespace="{{namespace}}",
            destination_kind="Deployment",
            destination_name="{{target}}",
            response_code!~"5.*"}[{{interval}}]))
        / sum(rate(osm_request_total{
            destination_namespace="{{namespace}}",
            destination_kind="Deployment",
            destination_name="{{target}}"}[{{interval}}]))
        * 100"#,
    duration: r#"
        histogram_quantile(0.99, sum(rate(osm_request_duration_ms_bucket{
            destination_namespace="{{namespace}}",
            destination_kind="Deployment",
            destination_name="{{target}}"}[{{interval}}])) by (le))"#,
};

pub(super) const SKIPPER: Queries = Queries {
    success_rate: r#"
        {{- $route := printf "kube(ew)?_%s__%s_canary__.*__%s_canary(_[0-9]+)?" namespace ingress service }}
        sum(rate(skipper_response_duration_seconds_bucket{
            route=~"{{ $route }}",code!~"5..",le="+Inf"}[{{interval}}]))
        / sum(rate(skipper_response_duration_seconds_bucket{route=~"{{ $route }}",le="+Inf"}[{{interval}}]))
        * 100"#,
    duration: r#"
        {{- $route := printf "kube(ew)?_%s__%s_canary__.*__%s_canary(_[0-9]+)?" namespace ingress service }}
        sum(rate(skipper_serve_route_duration_seconds_sum{route=~"{{ $route }}"}[{{interval}}]))
        / sum(rate(skipper_serve_route_duration_seconds_count{route=~"{{ $route }}"}[{{interval}}]))
        * 1000"#,
};

pub(super) const TRAEFIK: Queries = Queries {
    success_rate: r#"
        sum(rate(traefik_service_request_duration_seconds_bucket{
            service=~"{{namespace}}-{{target}}-canary-[0-9a-zA-Z-]+@kubernetescrd",
            code!~"5..",
            le="+Inf"}[{{interval}}]))
        / sum(rate(traefik_service_request_duration_seconds_bucket{
            service=~"{{namespace}}-{{target}}-canary-[0-9a-zA-Z-]+@kubernetescrd",
            le="+Inf"}[{{interval}}]))
        * 100"#,
    duration: r#"
        histogram_quantile(0.99, sum(rate(traefik_service_request_duration_seconds_bucket{
            service=~"{{namespace}}-{{target}}-canary-[0-9a-zA-Z-]+@kubernetescrd"}[{{interval}}])) by (le))
        * 1000"#,
};
