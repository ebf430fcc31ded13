//! The copy of the user's Ingress.

use std::{collections::BTreeMap, sync::Arc};

use rstest::rstest;
use serde_json::{Value, json};
use serin_core::{
    Rollout, Routing, Seen,
    affinity::Cookies,
    build::BuildError,
    identity,
    observe::{Acceptance, Route},
    orphans,
    router::{self, How, Objects, Scene, Write, nginx::INGRESS},
    state::ObjectNames,
    validate::{Settings, validate},
};

use crate::support::{World, merge};

const PREFIX: &str = "nginx.ingress.kubernetes.io";

/// The user's Ingress and its copy, as the API server has them.
struct Desk {
    rollout: Rollout,
    objects: Objects,
}

fn source() -> Value {
    let backend = |name: &str| json!({"service": {"name": name, "port": {"number": 80}}});
    json!({
        "apiVersion": "networking.k8s.io/v1", "kind": "Ingress",
        "metadata": {
            "name": "shop", "namespace": "test", "labels": {"app": "podinfo"},
            "annotations": {
                "nginx.ingress.kubernetes.io/rewrite-target": "/",
                "nginx.ingress.kubernetes.io/canary-by-header": "x-other",
                "kubectl.kubernetes.io/last-applied-configuration": "{}",
            },
        },
        "spec": {
            "ingressClassName": "nginx",
            "tls": [{"hosts": ["a.example.com"], "secretName": "tls"}],
            "rules": [
                {"host": "a.example.com", "http": {"paths": [
                    {"path": "/", "pathType": "Prefix", "backend": backend("podinfo")},
                    {"path": "/docs", "pathType": "Prefix", "backend": backend("docs")},
                ]}},
                {"host": "b.example.com"},
                {"http": {"paths": [{"path": "/s", "pathType": "Exact", "backend": {"resource": {"kind": "B", "name": "b"}}}]}},
            ],
        },
    })
}

fn rollout(analysis: Value) -> Rollout {
    try_rollout(analysis, &json!({})).unwrap()
}

fn try_rollout(analysis: Value, spec: &Value) -> Result<Rollout, Vec<String>> {
    let mut world = World::load("tutorial.yaml");
    let canary = world.find_mut("Canary");
    canary["spec"]["provider"] = json!("nginx");
    canary["spec"]["ingressRef"] =
        json!({"apiVersion": "networking.k8s.io/v1", "kind": "Ingress", "name": "shop"});
    canary["spec"]["service"] = json!({"port": 80});
    canary["spec"]["analysis"] = analysis;
    merge(&mut canary["spec"], spec);
    let errors = |errors: Vec<_>| errors.iter().map(ToString::to_string).collect();
    validate(&world.canary(), &Settings::default()).map_err(errors)
}

impl Desk {
    fn new(analysis: Value) -> Self {
        let mut desk = Self { rollout: rollout(analysis), objects: Objects::new() };
        desk.objects =
            router::objects(&desk.rollout).into_iter().map(|object| (object, Seen::Absent)).collect();
        desk.put(source());
        desk
    }

    fn put(&mut self, object: Value) {
        let name = object["metadata"]["name"].as_str().unwrap();
        self.objects.insert(INGRESS.named("test", name), Seen::Present(Arc::new(object)));
    }

    fn live(&self) -> Option<&Value> {
        self.objects[&router::route(&self.rollout).unwrap()].object()
    }

    fn edit(&mut self, name: &str, change: impl FnOnce(&mut Value)) {
        let mut object = self.objects[&INGRESS.named("test", name)].object().unwrap().clone();
        change(&mut object);
        self.put(object);
    }

    fn ask<T>(&self, ask: impl FnOnce(&Scene<'_>) -> T) -> T {
        let cookies = Cookies::default();
        let rollout = &self.rollout;
        ask(&Scene { rollout, selector: None, cookies: &cookies, objects: &self.objects, refused: None })
    }

    fn read(&self) -> Result<Seen<Route>, BuildError> {
        self.ask(|scene| router::of(&self.rollout).read(scene))
    }

    fn facts(&self) -> Route {
        self.read().unwrap().present().unwrap().clone()
    }

    fn build(&self, intent: Routing) -> Write {
        let mut writes = self.ask(|scene| router::of(&self.rollout).build(scene, intent).unwrap());
        assert_eq!(writes.len(), 1);
        writes.pop().unwrap()
    }

    fn write(&mut self, write: &Write) {
        assert_eq!(write.object.name, "shop-canary", "the user's own Ingress is never written");
        let live = self.live().cloned();
        let object = match write.how {
            How::Apply { .. } => applied(&write.body, live.as_ref()),
            How::Merge => {
                let mut object = live.unwrap();
                merge(&mut object, &write.body);
                object
            }
        };
        self.put(object);
    }

    fn route(&mut self, intent: Routing) {
        let write = self.build(intent);
        self.write(&write);
    }

    /// The annotations of the controller, without its prefix, and our own.
    fn annotations(&self) -> BTreeMap<String, String> {
        let all = self.live().unwrap()["metadata"]["annotations"].as_object().unwrap();
        let ours = all.iter().filter_map(|(key, value)| {
            let key = key.strip_prefix("nginx.ingress.kubernetes.io/").or(Some(key))?;
            (key.starts_with("canary") || key.starts_with("serin/"))
                .then(|| (key.to_owned(), value.as_str().unwrap().to_owned()))
        });
        ours.collect()
    }
}

/// An Ingress after a server-side apply: what was ours and is not sent goes, what others set stays.
fn applied(body: &Value, live: Option<&Value>) -> Value {
    let mut object = live.cloned().unwrap_or_else(|| json!({"metadata": {"resourceVersion": "1"}}));
    let pointer = "/metadata/managedFields/0/fieldsV1/f:metadata/f:annotations";
    let former: Vec<String> = live
        .and_then(|live| live.pointer(pointer)?.as_object())
        .map(|keys| keys.keys().map(|key| key.trim_start_matches("f:").to_owned()).collect())
        .unwrap_or_default();
    for key in former {
        object["metadata"]["annotations"].as_object_mut().unwrap().remove(&key);
    }
    merge(&mut object, body);
    let keys = body["metadata"]["annotations"].as_object().unwrap().keys();
    let keys: serde_json::Map<String, Value> = keys.map(|key| (format!("f:{key}"), json!({}))).collect();
    object["metadata"]["managedFields"] = json!([{"manager": "serin", "operation": "Apply",
        "fieldsV1": {"f:metadata": {"f:annotations": keys}}}]);
    if object["spec"]["tls"] == json!([]) {
        object["spec"].as_object_mut().unwrap().remove("tls");
    }
    object
}

fn weighted() -> Value {
    json!({"stepWeight": 10})
}

fn chosen(headers: &Value) -> Value {
    json!({"iterations": 2, "match": [{"headers": headers}]})
}

#[test]
fn the_copy_leads_to_the_canary_and_is_ours() {
    let write = Desk::new(weighted()).build(Routing::PRIMARY);
    assert_eq!(write.how, How::Apply { takes_over: false });
    assert_eq!(write.failure.say("no"), "ingress shop-canary.test create error: no");
    insta::assert_yaml_snapshot!(write.body);
}

#[rstest]
#[case::rest(Routing::PRIMARY, &[("canary", "true"), ("canary-weight", "0")])]
#[case::share(Routing::weighted(30), &[("canary", "true"), ("canary-weight", "30")])]
#[case::all(Routing::CANARY, &[("canary", "true"), ("canary-weight", "100")])]
#[case::under_way(
    Routing::PRIMARY.kept_warm(),
    &[("canary", "true"), ("canary-weight", "0"), ("serin/kept-warm", "true")]
)]
fn a_share_of_all_requests(#[case] intent: Routing, #[case] expected: &[(&str, &str)]) {
    let mut desk = Desk::new(weighted());
    desk.route(Routing::weighted(50).kept_warm());
    desk.route(intent);
    let expected: BTreeMap<String, String> =
        expected.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
    assert_eq!(desk.annotations(), expected);
    let facts = desk.facts();
    assert_eq!((facts.routing, facts.in_shape, facts.warm), (Some(intent), true, intent.warm));
    assert_eq!((facts.acceptance, facts.refused, facts.preexisting), (Acceptance::Accepted, None, false));
}

#[rstest]
#[case::exact(json!({"x-user": {"exact": "qa"}}), &[("canary-by-header", "x-user"), ("canary-by-header-value", "qa")])]
#[case::regex(json!({"x-user": {"regex": "q.*"}}), &[("canary-by-header", "x-user"), ("canary-by-header-pattern", "q.*")])]
#[case::always(json!({"x-user": {}}), &[("canary-by-header", "x-user")])]
#[case::cookie(json!({"cookie": {"exact": "canary"}}), &[("canary-by-cookie", "canary")])]
#[case::cookie_by_regex(
    json!({"cookie": {"regex": "a=b"}}),
    &[("canary-by-header", "cookie"), ("canary-by-header-pattern", "a=b")]
)]
#[case::either(
    json!({"cookie": {"exact": "canary"}, "x-user": {"exact": "qa"}}),
    &[("canary-by-cookie", "canary"), ("canary-by-header", "x-user"), ("canary-by-header-value", "qa")]
)]
fn requests_are_chosen(#[case] headers: Value, #[case] expected: &[(&str, &str)]) {
    let mut desk = Desk::new(chosen(&headers));
    desk.route(Routing::CANARY.kept_warm());
    let mut found = desk.annotations();
    found.retain(|key, _| key.starts_with("canary-by"));
    let expected: BTreeMap<String, String> =
        expected.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
    assert_eq!(found, expected);
    assert_eq!(desk.annotations()["canary-weight"], "0");
    for intent in
        [Routing::CANARY, Routing { everybody: true, ..Routing::CANARY.kept_warm() }, Routing::PRIMARY]
    {
        desk.route(intent);
        assert_eq!((desk.facts().routing, desk.facts().in_shape), (Some(intent), true));
    }
    assert_eq!(desk.annotations().len(), 2, "what chose requests is gone");
}

#[rstest]
#[case::text("abc")]
#[case::much("101")]
#[case::less("-1")]
fn a_weight_that_is_none_is_not_known(#[case] weight: &str) {
    let mut desk = Desk::new(weighted());
    desk.route(Routing::PRIMARY);
    desk.edit("shop-canary", |copy| {
        copy["metadata"]["annotations"][format!("{PREFIX}/canary-weight")] = weight.into();
    });
    assert_eq!(desk.facts().routing, None);
}

#[test]
fn what_others_set_on_the_copy_stays() {
    let mut desk = Desk::new(weighted());
    desk.route(Routing::weighted(10));
    let key = format!("{PREFIX}/canary-by-header");
    desk.edit("shop-canary", |copy| copy["metadata"]["annotations"][&key] = "x-qa".into());
    assert!(desk.facts().in_shape);
    desk.route(Routing::PRIMARY);
    assert_eq!(desk.live().unwrap()["metadata"]["annotations"][&key], "x-qa");
    assert_eq!((desk.facts().routing, desk.facts().in_shape), (Some(Routing::PRIMARY), true));
}

#[rstest]
#[case::path(|source: &mut Value| source["spec"]["rules"][0]["http"]["paths"][0]["path"] = "/new".into())]
#[case::label(|source: &mut Value| source["metadata"]["labels"]["team"] = "blue".into())]
#[case::annotation(|source: &mut Value| source["metadata"]["annotations"]["a/b"] = "c".into())]
#[case::annotation_gone(|source: &mut Value| source["metadata"]["annotations"] = json!({}))]
#[case::tls_gone(|source: &mut Value| drop(source["spec"].as_object_mut().unwrap().remove("tls")))]
fn the_copy_follows_the_users_ingress(#[case] change: fn(&mut Value)) {
    let mut desk = Desk::new(weighted());
    desk.route(Routing::weighted(20));
    desk.edit("shop", change);
    assert_eq!((desk.facts().routing, desk.facts().in_shape), (Some(Routing::weighted(20)), false));
    desk.route(Routing::weighted(20));
    assert!(desk.facts().in_shape);
}

#[test]
fn without_an_ingress_that_leads_to_the_application_none_is_made() {
    let mut desk = Desk::new(weighted());
    desk.edit("shop", |source| source["spec"]["rules"].as_array_mut().unwrap().truncate(0));
    let error = desk.read().unwrap_err();
    assert_eq!(error.reason(), "BackendNotFound");
    assert!(error.to_string().starts_with("backend podinfo not found in ingress shop: "), "{error}");
    desk.objects.insert(INGRESS.named("test", "shop"), Seen::Absent);
    let error = desk.read().unwrap_err();
    assert_eq!(error.reason(), "IngressNotFound");
    let flaggers = "ingress shop.test get query error: ingresses.networking.k8s.io \"shop\" not found";
    assert!(error.to_string().starts_with(flaggers), "{error}");
    desk.objects.insert(INGRESS.named("test", "shop"), Seen::Unknown("no answer".to_owned()));
    assert_eq!(desk.read().unwrap(), Seen::Unknown("no answer".to_owned()));
}

#[test]
fn a_share_is_taken_back_whatever_became_of_the_users_ingress() {
    let mut desk = Desk::new(weighted());
    desk.route(Routing::weighted(30).kept_warm());
    for source in [Seen::Absent, Seen::Unknown("no answer".to_owned())] {
        let mut desk = Desk { rollout: desk.rollout.clone(), objects: desk.objects.clone() };
        let lost = source == Seen::Absent;
        desk.objects.insert(INGRESS.named("test", "shop"), source);
        assert_eq!(desk.facts().refused.is_some(), lost);
        let write = desk.build(Routing::PRIMARY);
        assert_eq!((write.how, &write.body["metadata"]["resourceVersion"]), (How::Merge, &json!("1")));
        desk.write(&write);
        assert_eq!(desk.facts().routing, Some(Routing::PRIMARY));
        assert_eq!(desk.live().unwrap()["spec"]["ingressClassName"], "nginx");
    }
}

#[test]
fn a_copy_of_flaggers_is_taken_over() {
    let mut desk = Desk::new(chosen(&json!({"x-user": {"exact": "qa"}})));
    desk.route(Routing::CANARY);
    desk.edit("shop-canary", |copy| {
        copy["metadata"]["managedFields"][0]["manager"] = "flagger".into();
        copy["metadata"]["managedFields"][0]["operation"] = "Update".into();
    });
    assert_eq!((desk.facts().routing, desk.facts().in_shape), (Some(Routing::CANARY), true));
    assert_eq!(desk.build(Routing::PRIMARY).how, How::Apply { takes_over: true });
}

#[test]
fn an_ingress_of_somebody_else_is_not_overwritten() {
    let desk = Desk::new(weighted());
    let mut copy = desk.build(Routing::PRIMARY).body;
    assert_eq!(router::of(&desk.rollout).conflict(&desk.rollout, &copy), None);
    copy["metadata"].as_object_mut().unwrap().remove("ownerReferences");
    let conflict = router::of(&desk.rollout).conflict(&desk.rollout, &copy).unwrap();
    assert_eq!(
        conflict.to_string(),
        "Ingress shop-canary was not made for this Canary, and is not overwritten with the canary's copy of Ingress shop: \
         rename or delete it, or rename Ingress shop"
    );
}

#[rstest]
#[case::weights(weighted(), Routing::weighted(5))]
#[case::chosen(chosen(&json!({"x-user": {"exact": "qa"}})), Routing::CANARY)]
fn a_copy_that_is_given_up_loses_its_share(#[case] analysis: Value, #[case] intent: Routing) {
    let mut desk = Desk::new(analysis);
    desk.route(intent);
    let router = router::of(&desk.rollout);
    assert!(router.shares(desk.live().unwrap()));
    assert_eq!(router.retire(&desk.rollout, desk.live().unwrap()), router.release(desk.live().unwrap()));
    assert_eq!(desk.ask(|scene| router.revert(scene, None).unwrap()).len(), 1);
    let write = router.release(desk.live().unwrap()).unwrap();
    desk.write(&write);
    assert_eq!(desk.facts().routing, Some(Routing::PRIMARY));
    assert_eq!((router.shares(desk.live().unwrap()), router.release(desk.live().unwrap())), (false, None));
}

#[test]
fn its_ports_are_those_of_the_users_ingress() {
    let mut desk = Desk::new(weighted());
    desk.edit("shop", |source| {
        source["spec"]["rules"][0]["http"]["paths"][1]["backend"]["service"]["port"] = json!({"name": "web"});
    });
    let copy = desk.build(Routing::PRIMARY).body;
    let backends = router::of(&desk.rollout).backends(&copy);
    let found: Vec<String> =
        backends.iter().map(|backend| format!("{} {:?}", backend.service, backend.port)).collect();
    assert_eq!(found, ["podinfo-canary Int(80)", "docs String(\"web\")"]);
}

#[rstest]
#[case::no_ingress(weighted(), json!({"ingressRef": null}), "spec.ingressRef: ingress selector is empty (name")]
#[case::long(
    weighted(),
    json!({"ingressRef": {"name": "a".repeat(250)}}),
    "spec.ingressRef.name \"aaa"
)]
#[case::share_of_the_chosen(
    json!({"stepWeight": 10, "match": [{"headers": {"a": {"exact": "b"}}}]}),
    json!({}),
    "spec.analysis.match: nginx cannot send a share of the requests"
)]
#[case::path(
    json!({"iterations": 1, "match": [{"uri": {"prefix": "/a"}}]}),
    json!({}),
    "spec.analysis.match: nginx chooses requests by a header or a cookie"
)]
#[case::two_headers(
    chosen(&json!({"a": {"exact": "b"}, "c": {"exact": "d"}})),
    json!({}),
    "spec.analysis.match \"a, c\": nginx compares one header with one value"
)]
#[case::two_cookies(
    json!({"iterations": 1, "match": [
        {"headers": {"cookie": {"exact": "a"}}}, {"headers": {"cookie": {"exact": "b"}}}
    ]}),
    json!({}),
    "spec.analysis.match \"cookie\": nginx compares one cookie with one value"
)]
#[case::prefix(
    chosen(&json!({"a": {"prefix": "b"}})),
    json!({}),
    "spec.analysis.match \"a\": nginx compares headers by exact or regex"
)]
fn what_nginx_cannot_do_is_refused(#[case] analysis: Value, #[case] spec: Value, #[case] expected: &str) {
    let errors = try_rollout(analysis, &spec).unwrap_err();
    assert!(errors.iter().any(|error| error.starts_with(expected)), "{errors:#?}");
}

#[test]
fn what_nginx_cannot_do_beside_is_left_out_and_told() {
    let rollout = rollout(json!({
        "iterations": 2, "match": [{"headers": {"a": {"exact": "b"}}}], "mirror": true, "stepWeightPromotion": 10,
        "sessionAffinity": {"cookieName": "c"},
    }));
    assert_eq!(rollout.warnings.len(), 3, "{:?}", rollout.warnings);
    let analysis = &rollout.spec.analysis;
    assert!(!analysis.mirror && rollout.affinity().is_none());
    assert_eq!(rollout.strategy.promotion_step, 0);
    assert_eq!(rollout.subject().metrics_provider, "nginx");
    assert_eq!(rollout.subject().model.ingress, "shop");
}

#[test]
fn a_copy_of_another_ingress_is_remembered_until_it_is_gone() {
    let now = rollout(weighted());
    let mut before = ObjectNames::default();
    identity::record(&now, &mut before);
    assert_eq!(before.route.as_deref(), Some("nginx/shop-canary"));
    assert_eq!(identity::former_route(&now, &before, &[]), None);
    assert!(!identity::other_service(&now, &before));
    before.route = Some("nginx/old-canary".to_owned());
    assert_eq!(identity::former_route(&now, &before, &[]).as_deref(), Some("nginx/old-canary"));
    assert!(identity::other_service(&now, &before));
    let objects = |entry: &str| {
        let found = orphans::objects(&now, entry);
        found.iter().map(|object| format!("{:?} {}", object.kind, object.name)).collect::<Vec<_>>()
    };
    assert_eq!(objects("nginx/old-canary"), ["Route(Ingress) old-canary"]);
    assert_eq!(objects("nginx/shop-canary"), [] as [&str; 0]);
}

/// The canary's Service has `service.port` alone: a copy that leads to another port would lead nowhere.
#[rstest]
#[case::another_number(json!({"number": 8080}), Some("8080"))]
#[case::another_name(json!({"name": "web"}), Some("\"web\""))]
#[case::its_name(json!({"name": "http"}), None)]
fn an_ingress_that_leads_to_a_port_that_the_canary_lacks_is_told(
    #[case] port: Value,
    #[case] told: Option<&str>,
) {
    let mut desk = Desk::new(json!({"stepWeight": 10}));
    let path = "/spec/rules/0/http/paths/0/backend/service/port";
    desk.edit("shop", |ingress| *ingress.pointer_mut(path).unwrap() = port);
    match (desk.read(), told) {
        (Ok(seen), None) => assert_eq!(seen, Seen::Absent),
        (Err(error), Some(port)) => {
            assert_eq!(error.reason(), "PortNotFound");
            assert!(error.to_string().contains(&format!("leads to port {port} of Service")), "{error}");
        }
        (answer, _) => panic!("{answer:?}"),
    }
}
