use chrono::TimeDelta;
use rstest::rstest;
use serde_json::{Value, json};

use super::*;
use crate::{event::EventKind, strategy::Kind};

fn canary(change: &Value) -> Canary {
    let mut manifest = json!({
        "apiVersion": "flagger.app/v1beta1",
        "kind": "Canary",
        "metadata": {"name": "podinfo", "namespace": "test", "uid": "u"},
        "spec": {
            "targetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": "podinfo"},
            "service": {"port": 9898, "gatewayRefs": [{"name": "gateway"}]},
            "analysis": {"interval": "1m", "threshold": 5, "stepWeight": 10},
        },
    });
    patch(&mut manifest, change);
    serde_json::from_value(manifest).unwrap()
}

fn patch(value: &mut Value, change: &Value) {
    match change.as_object() {
        Some(fields) => fields.iter().for_each(|(key, change)| patch(&mut value[key], change)),
        None => *value = change.clone(),
    }
}

fn valid(change: &Value) -> Rollout {
    validate(&canary(change), &Settings::default()).unwrap()
}

fn errors(change: &Value) -> Vec<String> {
    let strict = Settings { no_cross_namespace_refs: true, ..Settings::default() };
    let errors = validate(&canary(change), &strict).err().unwrap_or_default();
    errors.iter().map(ToString::to_string).collect()
}

#[test]
fn names_and_metadata() {
    let change = json!({
        "metadata": {"generation": 3, "finalizers": [FINALIZER], "deletionTimestamp": "2026-01-01T00:00:00Z"},
        "spec": {"service": {"name": "front"}},
    });
    let rollout = valid(&change);
    assert_eq!((rollout.full_name().as_str(), rollout.uid.as_str()), ("podinfo.test", "u"));
    assert_eq!((rollout.target.as_str(), rollout.apex.as_str()), ("podinfo", "front"));
    assert_eq!((rollout.generation, rollout.deleting, rollout.finalizer), (Some(3), true, true));
    assert_eq!(valid(&json!({})).apex, "podinfo");
}

#[rstest]
#[case("gatewayapi:v1", "gatewayapi:v1")]
#[case("gatewayapi:v1beta1", "gatewayapi:v1")]
#[case("gatewayapi", "gatewayapi:v1")]
#[case("kubernetes", "kubernetes")]
fn providers(#[case] name: &str, #[case] expected: &str) {
    let rollout = valid(&json!({"spec": {"provider": name}}));
    assert_eq!((rollout.router.provider, rollout.metrics_provider.as_str()), (expected, name));
}

#[rstest]
#[case::unset(json!(null), 60)]
#[case::unreadable(json!("1min"), 60)]
#[case::below_the_floor(json!("2s"), 10)]
#[case::read(json!("1m30s"), 90)]
fn intervals(#[case] interval: Value, #[case] seconds: i64) {
    let rollout = valid(&json!({"spec": {"analysis": {"interval": interval}}}));
    assert_eq!(rollout.interval, TimeDelta::seconds(seconds));
}

#[rstest]
#[case(json!({}), Kind::Progressive, 10)]
#[case(json!({"maxWeight": 50}), Kind::Progressive, 5)]
#[case(json!({"maxWeight": 50, "mirror": true}), Kind::Progressive, 6)]
#[case(json!({"stepWeight": 0, "stepWeights": [1, 10, 50]}), Kind::Progressive, 3)]
#[case(json!({"iterations": 3}), Kind::BlueGreen, 4)]
#[case(json!({"iterations": 3, "match": [{"headers": {"a": {"exact": "b"}}}]}), Kind::AbTest, 3)]
fn strategies(#[case] analysis: Value, #[case] kind: Kind, #[case] steps: usize) {
    let strategy = valid(&json!({"spec": {"analysis": analysis}})).strategy;
    assert_eq!((strategy.kind, strategy.steps.len()), (kind, steps));
}

#[test]
fn the_kubernetes_provider_only_iterates() {
    let change = json!({
        "spec": {
            "provider": "kubernetes",
            "service": {"gatewayRefs": []},
            "analysis": {"match": [{"headers": {"a": {"exact": "b"}}}]},
        }
    });
    let rollout = valid(&change);
    assert_eq!((rollout.strategy.kind, rollout.strategy.steps.len()), (Kind::BlueGreen, 11));
    assert_eq!((rollout.spec.analysis.match_.len(), rollout.spec.analysis.iterations), (0, Some(10)));
}

#[test]
fn without_analysis_no_step_is_needed() {
    let rollout = valid(&json!({"spec": {"skipAnalysis": true, "analysis": {"stepWeight": 0}}}));
    assert!(rollout.strategy.steps.is_empty());
}

#[test]
fn thresholds_and_hooks() {
    let hooks = json!([{"name": "a", "url": "http://a/"}, {"name": "b", "url": "http://b/", "type": "rollback", "muteAlert": true}]);
    let rollout = valid(&json!({"spec": {"analysis": {"threshold": 0, "webhooks": hooks}}}));
    assert_eq!(rollout.threshold, 1);
    let kinds: Vec<_> =
        rollout.hooks.iter().map(|h| (h.index, h.name.as_str(), h.kind, h.mute_alert)).collect();
    assert_eq!(kinds, [(0, "a", HookKind::Rollout, false), (1, "b", HookKind::Rollback, true)]);
}

#[test]
fn every_error_names_field_value_and_remedy() {
    let changes = [
        json!({"provider": "istio"}),
        json!({"targetRef": {"kind": "StatefulSet"}}),
        json!({"targetRef": {"kind": "Service", "apiVersion": "serving.knative.dev/v1"}}),
        json!({"targetRef": {"kind": "Service"}, "service": {"name": "other"}}),
        json!({"service": null}),
        json!({"service": {"port": 70000, "targetPort": -1}}),
        json!({"service": {"gatewayRefs": []}}),
        json!({"service": {"match": [{"uri": {"suffix": "x"}}]}}),
        json!({"analysis": {"stepWeight": 0}}),
        json!({"analysis": {"match": [{"sourceLabels": {"a": "b"}}], "iterations": 1}}),
        json!({"analysis": {"sessionAffinity": {"cookieName": "a", "primaryCookieName": "a"}}}),
        json!({"analysis": {"metrics": [{"name": "m", "templateRef": {"name": "t", "namespace": "other"}}]}}),
        json!({"analysis": {"alerts": [{"name": "a", "providerRef": {"name": "slack", "namespace": "other"}}]}}),
        json!({"upstreamRef": {"apiVersion": "gloo.solo.io/v1", "kind": "Upstream", "name": "u", "namespace": "other"}}),
        json!({"autoscalerRef": {"apiVersion": "autoscaling/v2", "kind": "VerticalPodAutoscaler", "name": "s"}}),
    ];
    let all: Vec<String> = changes.iter().flat_map(|change| errors(&json!({"spec": change}))).collect();
    insta::assert_snapshot!(all.join("\n"));
}

#[test]
fn all_errors_are_told_at_once() {
    let change = json!({"provider": "istio", "targetRef": {"kind": "Job"}, "service": {"port": 0}});
    assert_eq!(errors(&json!({"spec": change})).len(), 3);
}

#[rstest]
#[case("gatewayapi:v1", "gatewayapi:v1:service")]
#[case("kubernetes", "kubernetes:service")]
fn built_in_queries_know_that_the_target_is_a_service(#[case] provider: &str, #[case] expected: &str) {
    let target = json!({"apiVersion": "v1", "kind": "Service"});
    let rollout = valid(&json!({"spec": {"provider": provider, "targetRef": target}}));
    assert_eq!(rollout.subject().metrics_provider, expected);
}

#[rstest]
#[case("Deployment", TargetKind::Deployment)]
#[case("DaemonSet", TargetKind::DaemonSet)]
#[case("Service", TargetKind::Service)]
fn target_kinds(#[case] kind: &str, #[case] expected: TargetKind) {
    let rollout = valid(&json!({"spec": {"targetRef": {"kind": kind}}}));
    assert_eq!((rollout.target_kind, rollout.target_kind.name()), (expected, kind));
    assert_eq!(rollout.config_tracking, expected != TargetKind::Service);
}

#[test]
fn a_service_without_a_route_needs_no_service_field() {
    let target = json!({"apiVersion": "v1", "kind": "Service", "name": "podinfo"});
    let rollout = valid(&json!({"spec": {"provider": "kubernetes", "targetRef": target, "service": null}}));
    assert_eq!((rollout.apex.as_str(), rollout.canary_service().as_str()), ("podinfo", "podinfo-canary"));
}

#[rstest]
#[case::provider(json!({"provider": "istio"}), "kubernetes")]
#[case::no_gateway(json!({"service": {"gatewayRefs": []}}), "kubernetes")]
#[case::no_step(json!({"analysis": {"stepWeight": 0}}), "gatewayapi:v1")]
#[case::matching(json!({"service": {"match": [{"uri": {"suffix": "x"}}]}}), "gatewayapi:v1")]
#[case::cookies(
    json!({"analysis": {"sessionAffinity": {"cookieName": "a", "primaryCookieName": "a"}}}),
    "gatewayapi:v1"
)]
#[case::written_by_flagger(
    json!({"analysis": {"metrics": [{"name": "m", "templateRef": {"name": "t", "namespace": "other"}}]}}),
    "gatewayapi:v1"
)]
#[case::scaler(
    json!({"autoscalerRef": {"apiVersion": "v1", "kind": "VerticalPodAutoscaler", "name": "s"}}),
    "gatewayapi:v1"
)]
fn a_revert_needs_little(#[case] change: Value, #[case] provider: &str) {
    let settings = Settings { no_cross_namespace_refs: true, ..Settings::default() };
    let canary = canary(&json!({"spec": change}));
    assert!(validate(&canary, &settings).is_err());
    let rollout = validate_revert(&canary, &settings).unwrap();
    assert_eq!((rollout.router.provider, rollout.apex.as_str()), (provider, "podinfo"));
}

#[test]
fn a_revert_needs_a_target_and_its_services() {
    for change in [json!({"targetRef": {"kind": "Job"}}), json!({"service": null})] {
        assert!(validate_revert(&canary(&json!({"spec": change})), &Settings::default()).is_err());
    }
}

#[test]
fn what_has_no_effect_without_a_route_is_told() {
    let warnings = |analysis: Value| {
        let rollout = valid(&json!({"spec": {"provider": "kubernetes", "analysis": analysis}}));
        let texts: Vec<String> =
            rollout.warnings.iter().map(|it| EventKind::Unsupported(*it).text(&rollout)).collect();
        texts.join("; ")
    };
    let headers = json!([{"headers": {"a": {"exact": "b"}}}]);
    assert_eq!(warnings(json!({"iterations": 3})), "");
    assert_eq!(
        warnings(json!({"iterations": 3, "match": headers})),
        "A/B testing is not supported when using the kubernetes provider"
    );
    assert_eq!(
        warnings(json!({"stepWeight": 10})),
        "Progressive traffic is not supported when using the kubernetes provider; \
         Setting canaryAnalysis.iterations: 10"
    );
}

#[rstest]
#[case::any(json!({"hosts": ["*"]}))]
#[case::any_among_others(json!({"hosts": ["*", "not a host"]}))]
#[case::wildcard(json!({"hosts": ["*.example.com", "app", "a.svc.cluster.local"]}))]
#[case::quoted_port(json!({"targetPort": "9898"}))]
#[case::timeouts(json!({"timeout": "0s", "backendTimeout": "1h30m"}))]
#[case::regex(json!({"match": [{"uri": {"regex": "/v[0-9]+/.*"}}, {"uri": {"prefix": "/a%20b"}, "method": {"exact": "GET"}}]}))]
#[case::rewrite(json!({"match": [{"uri": {"prefix": "/v1"}}], "rewrite": {"uri": "/", "type": "ReplacePrefixMatch"}}))]
#[case::rewrite_all(json!({"rewrite": {"uri": "/", "type": "ReplacePrefixMatch"}}))]
#[case::listeners(json!({"gatewayRefs": [{"name": "g", "sectionName": "a"}, {"name": "g", "sectionName": "b"}, {"name": "g", "namespace": "x"}]}))]
#[case::ports_of_a_gateway(json!({"gatewayRefs": [{"name": "g", "port": 80}, {"name": "g", "port": 443}]}))]
#[case::cors(json!({"corsPolicy": {"allowOrigin": ["*"], "allowMethods": ["GET"], "maxAge": "24h"}}))]
fn what_a_route_can_say(#[case] service: Value) {
    assert_eq!(errors(&json!({"spec": {"service": service}})), Vec::<String>::new());
}

#[test]
fn any_host_is_no_host_name() {
    let rollout = valid(&json!({"spec": {"service": {"hosts": ["*", "a.example.com"]}}}));
    let service = rollout.spec.service.unwrap();
    assert!(crate::router::gateway_api::hostnames(&service).is_empty());
}

#[test]
fn what_the_api_server_would_refuse_is_told_by_the_canarys_field() {
    let long = "a".repeat(56);
    let many =
        |n: usize| -> Vec<Value> { (0..n).map(|i| json!({"uri": {"exact": format!("/{i}")}})).collect() };
    let headers: serde_json::Map<String, Value> = (0..17).map(|i| (format!("h{i}"), json!("v"))).collect();
    let changes = [
        json!({"targetRef": {"name": long}}),
        json!({"targetRef": {"name": "my.app"}}),
        json!({"targetRef": {"name": "App"}}),
        json!({"targetRef": {"name": "a".repeat(240)}, "service": {"name": "app"}}),
        json!({"service": {"name": "my_app"}}),
        json!({"autoscalerRef": {"apiVersion": "keda.sh/v1alpha1", "kind": "ScaledObject", "name": long}}),
        json!({"service": {"targetPort": "a-port-whose-name-is-long"}}),
        json!({"service": {"targetPort": "70000"}}),
        json!({"service": {"portName": "Web", "appProtocol": "h2 c"}}),
        json!({"service": {"apex": {"labels": {"a b": "c", "d": "e f"}, "annotations": {"/": ""}}}}),
        json!({"service": {"hosts": ["App.Example.com", "https://app.example.com/", "app.example.com:80", "10.0.0.1", "", "a_b"]}}),
        json!({"service": {"hosts": (0..17).map(|i| format!("h{i}")).collect::<Vec<_>>()}}),
        json!({"service": {"timeout": "1.5s", "backendTimeout": "15"}}),
        json!({"service": {"timeout": "1s", "backendTimeout": "2s"}}),
        json!({"service": {"gatewayRefs": [{"name": "g"}, {"name": "g", "sectionName": "a"}]}}),
        json!({"service": {"match": [
            {"uri": {"prefix": "api"}}, {"uri": {"exact": "/a//b/"}}, {"uri": {"prefix": "/a/../b"}},
            {"uri": {"exact": "/a%2Fb"}}, {"uri": {"exact": "/a?b=c"}}, {"method": {"exact": "get"}},
            {"headers": {"x y": {"exact": "z"}}}, {"queryParams": {"q": {"exact": "z".repeat(1025)}}},
            {"uri": {"regex": "/(?!internal).*"}},
        ]}}),
        json!({"service": {"match": many(65)}}),
        json!({"service": {"match": many(43)}, "analysis": {"sessionAffinity": {"cookieName": "c"}}}),
        json!({"analysis": {"iterations": 1, "match": [{"headers": {"user-agent": {"regex": "^(?!.*Chrome).*Safari"}}}, {"headers": {"cookie": {"regex": "*a"}}}]}}),
        json!({"service": {"rewrite": {"uri": "no-slash"}}}),
        json!({"service": {"rewrite": {"uri": "/", "type": "ReplacePrefixMatch", "authority": "API.example.com:80"}, "match": [{"uri": {"exact": "/v1"}}]}}),
        json!({"service": {"headers": {"request": {"add": {"x:y": "z", "empty": ""}, "remove": ["a", "a"]}, "response": {"set": headers}}}}),
        json!({"service": {"corsPolicy": {"allowOrigin": ["https://a.example/", "*"], "allowMethods": ["get", "PUT", "PUT"], "maxAge": "10ms"}}}),
    ];
    let all: Vec<String> = changes.iter().flat_map(|change| errors(&json!({"spec": change}))).collect();
    insta::assert_snapshot!(all.join("\n").replace(&"z".repeat(40), "z…z"));
}

#[test]
fn patterns_are_not_looked_at_where_nothing_matches_them() {
    let spec = json!({"provider": "kubernetes", "service": {"hosts": ["A"], "match": [{"uri": {"regex": "(?!a)"}}]}});
    assert_eq!(errors(&json!({"spec": spec})), Vec::<String>::new());
}

#[test]
fn what_cannot_be_written_keeps_no_target_from_taking_over() {
    for service in [json!({"hosts": ["A"]}), json!({"timeout": "1.5s"}), json!({"name": "a".repeat(60)})] {
        assert!(
            validate_revert(&canary(&json!({"spec": {"service": service}})), &Settings::default()).is_ok()
        );
    }
}
