//! The moments at which something is told, each up to where it is.

use std::{collections::BTreeMap, sync::Arc};

use serde_json::json;
use serin_analysis::outcome::{Outcome, SetupError, TemplateName};
use serin_core::{
    Observation, Routing, Seen,
    affinity::Cookies,
    build::configs::{ConfigKind, ConfigRef, missing},
    observe::{Route, Scaler, Synced},
    router::{Router, gateway_api as route, kubernetes::Kubernetes},
};
use serin_sim::VirtualScaler;

use crate::scenario::Scenario;

const STEP: &str = r#"{"stepWeight":50,"maxWeight":50}"#;
const DAEMON_SET: &str =
    r#"{"targetRef": {"apiVersion": "apps/v1", "kind": "DaemonSet", "name": "podinfo"}}"#;
const SERVICE: &str = r#"{"targetRef": {"apiVersion": "v1", "kind": "Service", "name": "podinfo"}}"#;
const KUBERNETES: &str = r#"{"provider":"kubernetes"}"#;
const NGINX: &str = r#"{
    "provider": "nginx",
    "ingressRef": {"apiVersion": "networking.k8s.io/v1", "kind": "Ingress", "name": "shop"}
}"#;

fn quiet(mut s: Scenario) -> Scenario {
    s.take_told();
    s.take_alerts();
    s
}

fn initialized(analysis: &str) -> Scenario {
    quiet(Scenario::initialized(analysis))
}

fn of(analysis: &str, spec: &str) -> Scenario {
    quiet(Scenario::initialized_with(analysis, spec))
}

/// A canary under analysis, with its first share of the traffic.
fn running(mut s: Scenario) -> Scenario {
    s.ship("b");
    s.pods_ready();
    quiet(s)
}

pub(crate) fn suspended() -> Scenario {
    Scenario::with_spec(STEP, r#"{"suspend":true}"#)
}

pub(crate) fn initialisation() -> Scenario {
    let mut s = Scenario::new(STEP);
    s.pods_ready();
    s
}

pub(crate) fn initialisation_of_a_daemon_set() -> Scenario {
    let mut s = Scenario::with_spec(STEP, DAEMON_SET);
    s.pods_ready();
    s
}

pub(crate) fn providers_down() -> Scenario {
    let mut s = quiet(Scenario::new(STEP));
    s.world.status = serin_api::CanaryStatus::default();
    s.script.providers = Some("prometheus not avaiable: connection refused".to_owned());
    s.settle();
    s
}

pub(crate) fn first_primary_fails() -> Scenario {
    let mut s = quiet(Scenario::new(STEP));
    s.primary_fails();
    s
}

pub(crate) fn promotion() -> Scenario {
    let mut s = initialized(STEP);
    s.ship("b");
    s.pods_ready();
    s.interval();
    s.pods_ready();
    s.drain();
    s
}

pub(crate) fn promotion_of_a_daemon_set() -> Scenario {
    let mut s = of(STEP, DAEMON_SET);
    s.ship("b");
    s
}

pub(crate) fn failure_of_a_daemon_set() -> Scenario {
    let mut s = running(of(STEP, DAEMON_SET));
    s.canary_fails();
    s
}

pub(crate) fn service_is_missing() -> Scenario {
    of(r#"{"iterations":1}"#, SERVICE).look(|o| o.target = Seen::Absent)
}

pub(crate) fn daemon_set_is_missing() -> Scenario {
    of(STEP, DAEMON_SET).look(|o| o.target = Seen::Absent)
}

pub(crate) fn stepped_promotion() -> Scenario {
    let mut s = running(initialized(r#"{"stepWeights":[50],"stepWeightPromotion":30}"#));
    s.interval();
    s.pods_ready();
    s.interval();
    s
}

pub(crate) fn skipped_analysis() -> Scenario {
    let mut s = running(of(STEP, r#"{"skipAnalysis":true}"#));
    s.pods_ready();
    s.drain();
    s
}

pub(crate) fn ab_test() -> Scenario {
    let mut s = initialized(r#"{"iterations":2,"match":[{"headers":{"x":{"exact":"y"}}}]}"#);
    s.ship("b");
    s.pods_ready();
    s.interval();
    s
}

pub(crate) fn blue_green() -> Scenario {
    let mut s = running(initialized(r#"{"iterations":1}"#));
    s.interval();
    s
}

pub(crate) fn blue_green_mirrored() -> Scenario {
    let mut s = running(initialized(r#"{"iterations":1,"mirror":true}"#));
    s.interval();
    s
}

pub(crate) fn mirrored_step() -> Scenario {
    let mut s = initialized(r#"{"stepWeight":50,"mirror":true}"#);
    s.ship("b");
    s.pods_ready();
    s
}

pub(crate) fn kubernetes_without_iterations() -> Scenario {
    let mut s = of(r#"{"stepWeight":50,"match":[{"headers":{"x":{"exact":"y"}}}]}"#, KUBERNETES);
    s.ship("b");
    s.pods_ready();
    s
}

pub(crate) fn nginx_leaves_out_what_it_cannot_do() -> Scenario {
    let analysis = r#"{"iterations":2,"mirror":true,"stepWeightPromotion":10,"sessionAffinity":{"cookieName":"c"},
        "match":[{"headers":{"x":{"exact":"y"}}}]}"#;
    let mut s = of(analysis, NGINX);
    s.ship("b");
    s.pods_ready();
    s
}

pub(crate) fn another_ingress_is_named_in_a_rollout() -> Scenario {
    let mut s = running(of(STEP, NGINX));
    let rollout = Arc::make_mut(&mut s.world.rollout);
    "store".clone_into(&mut rollout.spec.ingress_ref.as_mut().unwrap().name);
    s.look(|_| {})
}

/// A gate, a hook or a check of each kind is closed once and opened then.
pub(crate) fn gates() -> Scenario {
    let hook = |name: &str, kind: &str| json!({"name": name, "type": kind, "url": "http://t/"});
    let hooks = [
        ("cr", "confirm-rollout"),
        ("pre", "pre-rollout"),
        ("roll", "rollout"),
        ("cti", "confirm-traffic-increase"),
        ("cp", "confirm-promotion"),
        ("rb", "rollback"),
    ];
    let webhooks: Vec<_> = hooks.iter().map(|(name, kind)| hook(name, kind)).collect();
    let analysis = json!({"threshold": 9, "stepWeight": 50, "maxWeight": 50, "webhooks": webhooks});
    let mut s = initialized(&analysis.to_string());
    for (name, _) in hooks {
        s.script.closed.insert(name.to_owned(), "no".to_owned());
    }
    s.ship("b");
    s.script.closed.remove("cr");
    s.interval();
    s.pods_ready();
    for open in ["pre", "cti"] {
        s.script.closed.remove(open);
        s.interval();
    }
    s.interval();
    for open in ["roll", "cp"] {
        s.script.closed.remove(open);
        s.interval();
    }
    s
}

pub(crate) fn rollback_hook() -> Scenario {
    let webhooks = r#"[{"name":"rb","type":"rollback","url":"http://t/"}]"#;
    let mut s = initialized(&format!(r#"{{"stepWeight":50,"webhooks":{webhooks}}}"#));
    s.script.closed.insert("rb".to_owned(), "no".to_owned());
    let mut s = running(s);
    s.script.closed.clear();
    s.interval();
    s.drain();
    s
}

pub(crate) fn threshold() -> Scenario {
    let mut s = running(initialized(
        r#"{"threshold":1,"stepWeight":50,"webhooks":[{"name":"roll","url":"http://t/"}]}"#,
    ));
    s.script.closed.insert("roll".to_owned(), "no".to_owned());
    s.interval();
    s.drain();
    s
}

pub(crate) fn deadline() -> Scenario {
    let mut s = running(initialized(STEP));
    s.canary_fails();
    s.drain();
    s
}

pub(crate) fn failed_promotion() -> Scenario {
    let mut s = running(initialized(STEP));
    s.interval();
    let mut s = quiet(s);
    s.primary_fails();
    s
}

pub(crate) fn newer_revision() -> Scenario {
    let mut s = running(initialized(STEP));
    s.ship("c");
    s
}

pub(crate) fn way_back() -> Scenario {
    let mut s = running(initialized(STEP));
    s.ship("a");
    s.drain();
    s
}

fn told_to(mut s: Scenario, command: &serde_json::Value) -> Scenario {
    s.world.command = Some(command.to_string());
    s.settle();
    s
}

pub(crate) fn paused_by_a_person() -> Scenario {
    let s = running(initialized(STEP));
    told_to(s, &json!({"id": "1", "verb": "pause", "revision": "b", "by": "alice"}))
}

pub(crate) fn aborted_by_a_person() -> Scenario {
    let s = running(initialized(STEP));
    let command = json!({"id": "1", "verb": "abort", "revision": "b", "by": "alice", "reason": "errors"});
    let mut s = told_to(s, &command);
    s.drain();
    s
}

pub(crate) fn nothing_to_abort() -> Scenario {
    told_to(initialized(STEP), &json!({"id": "1", "verb": "abort", "revision": "a", "by": "alice"}))
}

pub(crate) fn command_for_another_revision() -> Scenario {
    let s = running(initialized(STEP));
    told_to(s, &json!({"id": "1", "verb": "promote", "revision": "a", "by": "alice"}))
}

pub(crate) fn deletion() -> Scenario {
    let mut s = initialized(STEP);
    let rollout = Arc::make_mut(&mut s.world.rollout);
    rollout.spec.revert_on_deletion = true;
    rollout.deleting = true;
    rollout.finalizer = true;
    s.step();
    s.world.pods_ready();
    s.step();
    s.world.pass(chrono::TimeDelta::seconds(1));
    s.step();
    s
}

pub(crate) fn deployment_is_missing() -> Scenario {
    initialized(STEP).look(|o| o.target = Seen::Absent)
}

fn without_a_config(o: &mut Observation) {
    let config = ConfigRef { kind: ConfigKind::ConfigMap, name: "app".to_owned(), required: true };
    o.configs = Seen::Absent;
    o.missing_config = Some(missing(&config, "default"));
}

pub(crate) fn config_is_missing() -> Scenario {
    initialized(STEP).look(without_a_config)
}

pub(crate) fn config_is_missing_at_first() -> Scenario {
    initialized(STEP).look(|o| {
        without_a_config(o);
        o.primary = Seen::Absent;
    })
}

pub(crate) fn some_config_is_missing() -> Scenario {
    initialized(STEP).look(|o| o.configs = Seen::Absent)
}

pub(crate) fn autoscaler_is_missing() -> Scenario {
    let scaled = r#"{"autoscalerRef":{"apiVersion":"autoscaling/v2","kind":"HorizontalPodAutoscaler","name":"podinfo"}}"#;
    let mut s = Scenario::with_spec(STEP, scaled);
    s.world.scaler = Some(VirtualScaler { min_replicas: 1, paused: None, copied: false });
    s.pods_ready();
    quiet(s).look(|o| {
        o.scaler = Some(Scaler { primary: Seen::Absent, min_replicas: Seen::Absent, paused: Seen::Absent });
    })
}

/// A promotion with session affinity, while an old pod of the primary ends slowly.
pub(crate) fn old_pods_end() -> Scenario {
    let mut s = initialized(r#"{"stepWeight":50,"maxWeight":50,"sessionAffinity":{"cookieName":"ck"}}"#);
    s.ship("b");
    s.pods_ready();
    s.interval();
    s.world.leaving = 1;
    s.pods_ready();
    let mut s = quiet(s);
    s.seconds(16);
    s
}

/// Amid a rollout: the version under analysis goes on, and is copied.
pub(crate) fn primary_is_gone() -> Scenario {
    running(initialized(STEP)).look(|o| o.primary = Seen::Absent)
}

pub(crate) fn primary_is_gone_between_rollouts() -> Scenario {
    let mut s = initialized(STEP);
    s.world.change_target("b");
    s.look(|o| o.primary = Seen::Absent)
}

/// The version before is gone, and the one that is there failed.
pub(crate) fn primary_is_gone_after_a_failure() -> Scenario {
    let mut s = running(initialized(
        r#"{"stepWeight":50,"maxWeight":50,"threshold":1,"webhooks":[{"name":"roll","url":"http://t/"}]}"#,
    ));
    s.script.closed.insert("roll".into(), "no".into());
    s.interval();
    s.drain();
    s.drain();
    assert_eq!(s.world.status.phase, serin_api::Phase::Failed);
    quiet(s).look(|o| o.primary = Seen::Absent)
}

/// The status was lost, and with it what the primary runs.
pub(crate) fn primary_that_was_there_before_fails() -> Scenario {
    let mut s = initialized(STEP);
    s.world.change_target("b");
    s.world.status = serin_api::CanaryStatus { phase: serin_api::Phase::Initializing, ..Default::default() };
    s.world.primary.as_mut().unwrap().pods = serin_sim::Pods::Failed;
    s.look(|_| {})
}

pub(crate) fn target_is_exchanged() -> Scenario {
    let mut s = initialized(STEP);
    "web".clone_into(&mut Arc::make_mut(&mut s.world.rollout).target);
    s.look(|_| {})
}

pub(crate) fn service_is_renamed_in_a_rollout() -> Scenario {
    let mut s = running(initialized(STEP));
    "web".clone_into(&mut Arc::make_mut(&mut s.world.rollout).apex);
    s.look(|_| {})
}

pub(crate) fn another_route_takes_the_same_requests() -> Scenario {
    let mut s = initialized(STEP);
    s.world.overlaps = Some("HTTPRoute podinfo.default parent gateway: OverlapFound: with a/b".to_owned());
    s.ship("b");
    s.pods_ready();
    s
}

pub(crate) fn provider_is_changed_in_a_rollout() -> Scenario {
    let mut s = running(initialized(STEP));
    Arc::make_mut(&mut s.world.rollout).router = Kubernetes.facts();
    s.look(|o| o.former_route = Seen::Absent)
}

/// What a gateway reports of the route, in a look when the next step is due.
pub(crate) fn route_is_not_accepted() -> Scenario {
    let s = running(initialized(STEP));
    let parent = json!({"group": "gateway.networking.k8s.io", "kind": "Gateway", "name": "gateway"});
    let accepted = json!({"type": "Accepted", "status": "False", "observedGeneration": 1, "reason": "No",
        "message": "", "lastTransitionTime": "2026-01-01T00:00:00Z"});
    let live = json!({"apiVersion": "gateway.networking.k8s.io/v1", "kind": "HTTPRoute",
        "metadata": {"name": "podinfo", "namespace": "default", "generation": 2},
        "spec": {"parentRefs": [parent], "rules": []},
        "status": {"parents": [{"parentRef": parent, "controllerName": "c", "conditions": [accepted]}]}});
    let live = serde_json::from_value(live).unwrap();
    let (cookies, gateways) = (Cookies::default(), route::Gateways::new());
    let seen = route::Surroundings { selector: None, cookies: &cookies, gateways: &gateways, refused: None };
    let read = route::read(&s.world.rollout, &seen, &live).unwrap();
    s.look(|o| {
        let acceptance = read.acceptance.clone();
        o.route = o.route.clone().map(|route| Route { acceptance, ..route });
    })
}

pub(crate) fn canary_without_endpoints() -> Scenario {
    running(initialized(STEP)).look(|o| {
        o.endpoints.canary = Seen::Present(0);
        o.route = o
            .route
            .clone()
            .map(|route| serin_core::observe::Route { routing: Some(Routing::PRIMARY.kept_warm()), ..route });
    })
}

fn unreadable(change: fn(&mut Observation)) -> Scenario {
    running(initialized(STEP)).look(change)
}

pub(crate) fn target_is_unreadable() -> Scenario {
    unreadable(|o| o.target = Seen::Unknown("timeout".to_owned()))
}

pub(crate) fn configs_are_unreadable() -> Scenario {
    unreadable(|o| o.configs = Seen::Unknown("timeout".to_owned()))
}

pub(crate) fn service_is_unreadable() -> Scenario {
    unreadable(|o| o.services.apex = Synced::Unknown("timeout".to_owned()))
}

/// A round of the analysis with one metric.
fn checked(metric: &str, outcome: Outcome) -> Scenario {
    let mut s = running(initialized(&format!(r#"{{"stepWeight":50,"metrics":[{metric}]}}"#)));
    let name =
        serde_json::from_str::<serde_json::Value>(metric).unwrap()["name"].as_str().unwrap().to_owned();
    s.script.values = BTreeMap::from([(name, outcome)]);
    s.interval();
    s
}

const RATE: &str = r#"{"name":"request-success-rate","thresholdRange":{"min":99,"max":99.5}}"#;
const DURATION: &str = r#"{"name":"request-duration","thresholdRange":{"min":100,"max":500}}"#;
const INLINE: &str = r#"{"name":"errors","query":"vector(0)","thresholdRange":{"min":1,"max":2}}"#;
const TEMPLATE: &str = r#"{"name":"errors","templateRef":{"name":"t"},"thresholdRange":{"min":1,"max":2}}"#;

fn no_data() -> Outcome {
    Outcome::NoData("no values found".to_owned())
}

fn no_answer() -> Outcome {
    Outcome::Error("connection refused".to_owned())
}

pub(crate) fn rate_is_low() -> Scenario {
    checked(RATE, Outcome::sample(98.7449))
}

pub(crate) fn rate_is_high() -> Scenario {
    checked(RATE, Outcome::sample(100.0))
}

pub(crate) fn rate_has_no_values() -> Scenario {
    checked(RATE, no_data())
}

pub(crate) fn rate_cannot_be_had() -> Scenario {
    checked(RATE, no_answer())
}

pub(crate) fn duration_is_low() -> Scenario {
    checked(DURATION, Outcome::sample(0.03))
}

pub(crate) fn duration_is_high() -> Scenario {
    checked(DURATION, Outcome::sample(1.5159))
}

pub(crate) fn duration_has_no_values() -> Scenario {
    checked(DURATION, no_data())
}

pub(crate) fn duration_cannot_be_had() -> Scenario {
    checked(DURATION, no_answer())
}

pub(crate) fn query_is_low() -> Scenario {
    checked(INLINE, Outcome::sample(0.5))
}

pub(crate) fn query_is_high() -> Scenario {
    checked(INLINE, Outcome::sample(2.5))
}

pub(crate) fn query_shows_the_revision_before() -> Scenario {
    let mut s = running(checked(INLINE, Outcome::sample(2.5)));
    s.ship("c");
    s.pods_ready();
    let mut s = quiet(s);
    s.interval();
    s
}

pub(crate) fn query_has_no_values() -> Scenario {
    checked(INLINE, no_data())
}

pub(crate) fn query_cannot_be_had() -> Scenario {
    checked(INLINE, no_answer())
}

pub(crate) fn template_is_high() -> Scenario {
    checked(TEMPLATE, Outcome::sample(2.5))
}

pub(crate) fn template_is_low() -> Scenario {
    checked(TEMPLATE, Outcome::sample(0.5))
}

pub(crate) fn template_has_no_values() -> Scenario {
    checked(TEMPLATE, no_data())
}

pub(crate) fn template_cannot_be_had() -> Scenario {
    checked(TEMPLATE, no_answer())
}

fn unusable(problem: SetupError) -> Scenario {
    checked(TEMPLATE, Outcome::Setup(problem))
}

fn template() -> TemplateName {
    TemplateName { name: "t".to_owned(), namespace: "default".to_owned() }
}

pub(crate) fn nothing_to_query() -> Scenario {
    unusable(SetupError::NothingToQuery)
}

pub(crate) fn metrics_server_is_unusable() -> Scenario {
    unusable(SetupError::MetricsServer { address: "x://y".to_owned(), error: "why".to_owned() })
}

pub(crate) fn template_is_missing() -> Scenario {
    unusable(SetupError::Template { template: template(), error: "why".to_owned() })
}

pub(crate) fn secret_is_missing() -> Scenario {
    unusable(SetupError::Secret { template: template(), secret: "s".to_owned(), error: "why".to_owned() })
}

pub(crate) fn provider_is_unusable() -> Scenario {
    let (provider, error) = ("datadog".to_owned(), "why".to_owned());
    unusable(SetupError::Provider { template: template(), provider, error })
}

pub(crate) fn template_does_not_render() -> Scenario {
    unusable(SetupError::Render { template: template(), error: "why".to_owned() })
}
