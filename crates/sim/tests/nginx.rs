//! Rollouts behind the NGINX Ingress controller go as any other.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod scenario;

use scenario::Scenario;
use serin_core::{Routing, identity, state::codec};

const NGINX: &str = r#"{
    "provider": "nginx", "service": {"port": 80},
    "ingressRef": {"apiVersion": "networking.k8s.io/v1", "kind": "Ingress", "name": "shop"}
}"#;

#[test]
fn a_progressive_release_is_promoted_and_drained() {
    let mut s = Scenario::initialized_with(r#"{"maxWeight":50,"stepWeight":50}"#, NGINX);
    assert_eq!(s.line(), "Initialized w=0 fc=0 it=0 applied=a promoted=a replicas=0 route=100/0");
    assert_eq!(s.world.status.route_name.as_deref(), Some("nginx/shop-canary"));
    s.ship("b");
    s.pods_ready();
    assert_eq!(s.line(), "Progressing w=50 fc=0 it=0 applied=b promoted=a replicas=1 route=50/50");
    s.interval();
    s.pods_ready();
    assert_eq!(s.line(), "Finalising w=0 fc=0 it=0 applied=b promoted=a replicas=1 route=100/0");
    assert_eq!(s.world.route, Some(Routing::PRIMARY.kept_warm()), "requests to the canary may be under way");
    s.drain();
    assert_eq!(s.line(), "Succeeded w=0 fc=0 it=0 applied=b promoted=b replicas=0 route=100/0");
    assert_eq!(s.world.route, Some(Routing::PRIMARY));
}

#[test]
fn an_a_b_test_is_rolled_back_when_its_canary_fails() {
    let analysis = r#"{"iterations":3,"match":[{"headers":{"x-user":{"exact":"qa"}}}]}"#;
    let mut s = Scenario::initialized_with(analysis, NGINX);
    s.ship("b");
    s.pods_ready();
    assert_eq!(s.line(), "Progressing w=0 fc=0 it=1 applied=b promoted=a replicas=1 route=0/100");
    s.canary_fails();
    s.interval();
    s.drain();
    assert_eq!(s.line(), "Failed w=0 fc=0 it=0 applied=b promoted=a replicas=0 route=100/0");
}

#[test]
fn another_ingress_begins_the_analysis_anew() {
    let mut s = Scenario::initialized_with(r#"{"maxWeight":50,"stepWeight":50}"#, NGINX);
    s.ship("b");
    s.pods_ready();
    s.take_events();
    let mut rollout = (*s.world.rollout).clone();
    "store".clone_into(&mut rollout.spec.ingress_ref.as_mut().unwrap().name);
    s.world.rollout = std::sync::Arc::new(rollout);
    s.settle();
    assert!(s.take_events().contains(
        &"Another route shifts the traffic of podinfo.default now! Restarting analysis".to_owned()
    ));
    assert_eq!(s.world.status.leftovers, ["nginx/shop-canary"]);
    assert_eq!(s.world.status.route_name.as_deref(), Some("nginx/store-canary"));
    let former =
        identity::former_route(&s.world.rollout, &codec::names(&s.world.status), &s.world.status.leftovers);
    assert_eq!(former.as_deref(), Some("nginx/shop-canary"));
}
