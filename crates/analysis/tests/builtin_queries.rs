//! The built-in queries, to the letter, by the names of providers that choose them.

#![expect(clippy::panic, reason = "helpers of tests may panic as tests do")]

use rstest::rstest;
use serin_analysis::TemplateModel;
use serin_analysis::builtin::{PodNames, REQUEST_DURATION, REQUEST_SUCCESS_RATE, metrics_provider};
use serin_analysis::checks::{Source, Subject, plan};
use serin_api::canary::CanaryMetric;

fn queries(provider: &str, pods: PodNames) -> [String; 2] {
    let model = TemplateModel {
        name: "shop".into(),
        namespace: "prod".into(),
        target: "web".into(),
        service: "store".into(),
        ingress: "in".into(),
        route: "out".into(),
        ..TemplateModel::default()
    };
    let subject = Subject { model, metrics_provider: metrics_provider("istio", Some(provider), false), pods };
    [REQUEST_SUCCESS_RATE, REQUEST_DURATION].map(|name| {
        let interval = Some("90s".to_owned());
        let metric = CanaryMetric { name: name.to_owned(), interval, ..CanaryMetric::default() };
        match &plan(&[metric], &subject)[0].source {
            Source::Query(query) => query.clone(),
            other => panic!("{other:?}"),
        }
    })
}

#[rstest]
#[case::http(
    &["kubernetes", "gatewayapi", "gatewayapi:v1", "gatewayapi:v1beta1", "gatewayapi:v1:service"],
    r#"
        sum(rate(http_request_duration_seconds_count{kubernetes_namespace="prod", kubernetes_pod_name=~"web-[0-9a-zA-Z]+(-[0-9a-zA-Z]+)", status!~"5.*"}[90s]))
        / sum(rate(http_request_duration_seconds_count{kubernetes_namespace="prod", kubernetes_pod_name=~"web-[0-9a-zA-Z]+(-[0-9a-zA-Z]+)"}[90s]))
        * 100"#,
    r#"
        histogram_quantile(0.99,
        sum(rate(http_request_duration_seconds_bucket{kubernetes_namespace="prod", kubernetes_pod_name=~"web-[0-9a-zA-Z]+(-[0-9a-zA-Z]+)"}[90s])) by (le))"#,
)]
#[case::istio(
    &["istio", "istio:service", "kubernetes:service", "crossover", "smi:v1alpha2", "envoy-gateway", ""],
    r#"
        sum(rate(istio_requests_total{reporter="destination", destination_workload_namespace="prod", destination_workload=~"web", response_code!~"5.*"}[90s]))
        / sum(rate(istio_requests_total{reporter="destination", destination_workload_namespace="prod", destination_workload=~"web"}[90s]))
        * 100"#,
    r#"
        histogram_quantile(0.99,
        sum(rate(istio_request_duration_milliseconds_bucket{reporter="destination", destination_workload_namespace="prod", destination_workload=~"web"}[90s])) by (le))"#,
)]
#[case::linkerd(
    &["linkerd"],
    r#"
        sum(rate(response_total{namespace="prod", deployment=~"web", classification!="failure", direction="inbound"}[90s]))
        / sum(rate(response_total{namespace="prod", deployment=~"web", direction="inbound"}[90s]))
        * 100"#,
    r#"
        histogram_quantile(0.99,
        sum(rate(response_latency_ms_bucket{namespace="prod", deployment=~"web", direction="inbound"}[90s])) by (le))"#,
)]
#[case::appmesh(
    &["appmesh", "appmesh:v1beta2"],
    r#"
        sum(rate(envoy_cluster_upstream_rq{kubernetes_namespace="prod", kubernetes_pod_name=~"web-[0-9a-zA-Z]+(-[0-9a-zA-Z]+)", envoy_response_code!~"5.*"}[90s]))
        / sum(rate(envoy_cluster_upstream_rq{kubernetes_namespace="prod", kubernetes_pod_name=~"web-[0-9a-zA-Z]+(-[0-9a-zA-Z]+)"}[90s]))
        * 100"#,
    r#"
        histogram_quantile(0.99,
        sum(rate(envoy_cluster_upstream_rq_time_bucket{kubernetes_namespace="prod", kubernetes_pod_name=~"web-[0-9a-zA-Z]+(-[0-9a-zA-Z]+)"}[90s])) by (le))"#,
)]
#[case::contour(
    &["contour"],
    r#"
        sum(rate(envoy_cluster_upstream_rq{envoy_cluster_name=~"prod_store-canary_[0-9a-zA-Z-]+", envoy_response_code!~"5.*"}[90s]))
        / sum(rate(envoy_cluster_upstream_rq{envoy_cluster_name=~"prod_store-canary_[0-9a-zA-Z-]+",}[90s]))
        * 100"#,
    r#"
        histogram_quantile(0.99,
        sum(rate(envoy_cluster_upstream_rq_time_bucket{envoy_cluster_name=~"prod_store-canary_[0-9a-zA-Z-]+",}[90s])) by (le))"#,
)]
#[case::gloo(
    &["gloo", "gloo:v1"],
    r#"
        sum(rate(envoy_cluster_upstream_rq{envoy_cluster_name=~"prod-web-canaryupstream-[0-9a-zA-Z-]+_[0-9a-zA-Z-]+", envoy_response_code!~"5.*"}[90s]))
        / sum(rate(envoy_cluster_upstream_rq{envoy_cluster_name=~"prod-web-canaryupstream-[0-9a-zA-Z-]+_[0-9a-zA-Z-]+",}[90s]))
        * 100"#,
    r#"
        histogram_quantile(0.99,
        sum(rate(envoy_cluster_upstream_rq_time_bucket{envoy_cluster_name=~"prod-web-canaryupstream-[0-9a-zA-Z-]+_[0-9a-zA-Z-]+",}[90s])) by (le))"#,
)]
#[case::kuma(
    &["kuma"],
    r#"
        sum(rate(envoy_cluster_upstream_rq{service=~"web-canary_prod_svc_[0-9a-zA-Z-]+", envoy_response_code!~"5.*"}[90s]))
        / sum(rate(envoy_cluster_upstream_rq{service=~"web-canary_prod_svc_[0-9a-zA-Z-]+",}[90s]))
        * 100"#,
    r#"
        histogram_quantile(0.99,
        sum(rate(envoy_cluster_upstream_rq_time_bucket{service=~"web-canary_prod_svc_[0-9a-zA-Z-]+",}[90s])) by (le))"#,
)]
#[case::knative(
    &["knative"],
    r#"
        sum(rate(envoy_cluster_upstream_rq{envoy_cluster_name=~"prod/out", envoy_response_code!~"5.*"}[90s]))
        / sum(rate(envoy_cluster_upstream_rq{envoy_cluster_name=~"prod/out",}[90s]))
        * 100"#,
    r#"
        histogram_quantile(0.99,
        sum(rate(envoy_cluster_upstream_rq_time_bucket{envoy_cluster_name=~"prod/out",}[90s])) by (le))"#,
)]
#[case::nginx(
    &["nginx"],
    r#"
        sum(rate(nginx_ingress_controller_requests{namespace="prod", ingress="in", canary!="", status!~"5.*"}[90s]))
        / sum(rate(nginx_ingress_controller_requests{namespace="prod", ingress="in", canary!=""}[90s]))
        * 100"#,
    r#"
        sum(rate(nginx_ingress_controller_response_duration_seconds_sum{namespace="prod", ingress="in", canary!=""}[90s]))
        / sum(rate(nginx_ingress_controller_response_duration_seconds_count{namespace="prod", ingress="in", canary!=""}[90s]))
        * 1000"#,
)]
#[case::osm(
    &["osm"],
    r#"
        sum(rate(osm_request_total{destination_namespace="prod", destination_kind="Deployment", destination_name="web", response_code!~"5.*"}[90s]))
        / sum(rate(osm_request_total{destination_namespace="prod", destination_kind="Deployment", destination_name="web"}[90s]))
        * 100"#,
    r#"
        histogram_quantile(0.99,
        sum(rate(osm_request_duration_ms_bucket{destination_namespace="prod", destination_kind="Deployment", destination_name="web"}[90s])) by (le))"#,
)]
#[case::traefik(
    &["traefik"],
    r#"
        sum(rate(traefik_service_request_duration_seconds_bucket{service=~"prod-web-canary-[0-9a-zA-Z-]+@kubernetescrd", code!~"5..", le="+Inf"}[90s]))
        / sum(rate(traefik_service_request_duration_seconds_bucket{service=~"prod-web-canary-[0-9a-zA-Z-]+@kubernetescrd", le="+Inf"}[90s]))
        * 100"#,
    r#"
        histogram_quantile(0.99,
        sum(rate(traefik_service_request_duration_seconds_bucket{service=~"prod-web-canary-[0-9a-zA-Z-]+@kubernetescrd"}[90s])) by (le))
        * 1000"#,
)]
#[case::apisix(
    &["apisix"],
    r#"
        sum(rate(apisix_http_status{route=~"prod_out-web-canary_.+", code!~"5.."}[90s]))
        / sum(rate(apisix_http_status{route=~"prod_out-web-canary_.+"}[90s]))
        * 100"#,
    r#"
        histogram_quantile(0.99,
        sum(rate(apisix_http_latency_bucket{type=~"request", route=~"prod_out-web-canary_.+"}[90s])) by (le))"#,
)]
#[case::skipper(
    &["skipper"],
    r#"
        sum(rate(skipper_response_duration_seconds_bucket{route=~"kube(ew)?_prod__in_canary__.*__store_canary(_[0-9]+)?",code!~"5..",le="+Inf"}[90s]))
        / sum(rate(skipper_response_duration_seconds_bucket{route=~"kube(ew)?_prod__in_canary__.*__store_canary(_[0-9]+)?",le="+Inf"}[90s]))
        * 100"#,
    r#"
        sum(rate(skipper_serve_route_duration_seconds_sum{route=~"kube(ew)?_prod__in_canary__.*__store_canary(_[0-9]+)?"}[90s]))
        / sum(rate(skipper_serve_route_duration_seconds_count{route=~"kube(ew)?_prod__in_canary__.*__store_canary(_[0-9]+)?"}[90s]))
        * 1000"#,
)]
fn the_queries_of_a_provider_are_flaggers(
    #[case] providers: &[&str],
    #[case] success_rate: &str,
    #[case] duration: &str,
) {
    let on_one_line = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
    let expected = [success_rate, duration].map(on_one_line);
    for provider in providers {
        let queries = queries(provider, PodNames::OfReplicaSet);
        assert_eq!(queries, expected, "{provider}");
        assert!(queries.iter().all(|query| promql_parser::parser::parse(query).is_ok()), "{provider}");
    }
}
