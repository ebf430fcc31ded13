//! From raw objects to facts.

use std::{collections::BTreeMap, sync::Arc};

use rstest::rstest;
use serde_json::{Value, json};
use serin_core::{
    Observation, Routing, Seen,
    build::{configs::config_refs, scaler},
    hash,
    observe::{Answers, Obstacle, Readiness, Services, Synced},
    plan::ServiceRole,
    snapshot::{SliceTally, Slices, Snapshot, TrackedConfig, Troubles},
};

use crate::support::{World, apply_route, apply_service, merge};

/// Everything as it is once the Canary is initialised.
fn settled(world: &World) -> Snapshot {
    let service = |role| present(apply_service(&world.service(role, None), None));
    let rollout = world.rollout();
    let source = world.find("HorizontalPodAutoscaler");
    let reference = rollout.spec.autoscaler_ref.as_ref().unwrap();
    let configs = config_refs(world.target()).into_iter().map(|r| {
        let config = world.config(r.kind, &r.name);
        (r.key(), config.map_or(Seen::Absent, |config| Seen::Present(TrackedConfig::of(r.kind, config))))
    });
    Snapshot {
        canary: Arc::new(world.canary()),
        target: present(world.target().clone()),
        primary: present(world.primary(None)),
        configs: configs.collect(),
        config_copies: BTreeMap::new(),
        apex_service: service(ServiceRole::Apex),
        primary_service: service(ServiceRole::Primary),
        canary_service: service(ServiceRole::Canary),
        scaler_source: present(source.clone()),
        scaler_primary: present(scaler::scaler(&rollout, reference, source, None).unwrap()),
        routes: world.routes(Some(&apply_route(&world.route(Routing::PRIMARY, None), None))),
        route_refused: None,
        troubles: Troubles::default(),
        slices: slices("podinfo-primary-1", 1),
        former_route: Seen::Absent,
        orphans: BTreeMap::new(),
        now: "2026-01-01T00:00:00Z".parse().unwrap(),
        answers: Answers::default(),
        derived: Arc::default(),
    }
}

fn facts(world: &World, snapshot: &Snapshot) -> Observation {
    let facts = snapshot.facts(&Arc::new(world.rollout()), &world.settings);
    assert_eq!(facts.obstacle, None);
    facts
}

/// What the user is told to clear away.
fn obstacle(world: &World, snapshot: &Snapshot) -> Obstacle {
    snapshot.facts(&Arc::new(world.rollout()), &world.settings).obstacle.unwrap()
}

/// The endpoints of the primary's Service, ready ones of one maker; the canary has none.
fn slices(maker: &str, ready: u32) -> Slices {
    let tally = SliceTally {
        ports: ["http".to_owned()].into(),
        ready: [(maker.to_owned(), ready)].into(),
        leaving: 0,
    };
    Slices { primary: Seen::Present(vec![tally]), canary: Seen::Present(Vec::new()) }
}

fn present<T>(object: T) -> Seen<Arc<T>> {
    Seen::Present(Arc::new(object))
}

fn unknown<T>() -> Seen<T> {
    Seen::Unknown("no answer".to_owned())
}

#[test]
fn a_settled_canary() {
    let world = World::load("configs.yaml");
    let facts = facts(&world, &settled(&world));
    let target = facts.target.present().unwrap();
    let primary = facts.primary.present().unwrap();
    let configs = facts.configs.present().unwrap();
    assert_eq!(target.replicas, 0);
    assert_eq!(primary.replicas, 1);
    assert_eq!(primary.promotion_id, Some(hash::promotion_id(&facts.rollout.uid, &target.revision, configs)));
    assert!(primary.matches_target);
    assert!(matches!(primary.readiness, Readiness::NotReady { .. }));
    assert_eq!(configs.len(), 6);
    assert_eq!(
        facts.services,
        Services {
            apex: Synced::Yes,
            apex_in_use: false,
            primary: Synced::Yes,
            canary: Synced::Yes,
            elsewhere: false
        }
    );
    let scaler = facts.scaler.unwrap();
    assert_eq!((scaler.primary, scaler.min_replicas), (Seen::Present(true), Seen::Present(1)));
    let route = facts.route.present().unwrap();
    assert!(route.in_shape && route.routing == Some(Routing::PRIMARY));
}

#[test]
fn a_changed_target() {
    let mut world = World::load("configs.yaml");
    let mut snapshot = settled(&world);
    let before = facts(&world, &snapshot).target.present().unwrap().revision.clone();
    merge(world.find_mut("Deployment"), &json!({"spec": {"template": {"spec": {"dnsPolicy": "None"}}}}));
    snapshot.target = present(world.target().clone());
    let facts = facts(&world, &snapshot);
    assert_ne!(facts.target.present().unwrap().revision, before);
    assert!(!facts.primary.present().unwrap().matches_target);
}

#[test]
fn what_cannot_be_read_is_unknown() {
    let world = World::load("configs.yaml");
    let mut snapshot = settled(&world);
    snapshot.target = unknown();
    snapshot.scaler_source = unknown();
    snapshot.routes.values_mut().for_each(|seen| *seen = unknown());
    let facts = facts(&world, &snapshot);
    let why = Synced::Unknown("no answer".to_owned());
    assert_eq!((facts.target, facts.primary), (unknown(), unknown()));
    assert_eq!(facts.configs, unknown());
    assert_eq!(
        facts.services,
        Services {
            apex: why.clone(),
            apex_in_use: false,
            primary: why.clone(),
            canary: why,
            elsewhere: false
        }
    );
    assert_eq!(facts.scaler.unwrap().primary, unknown());
    assert_eq!(facts.route, unknown());
}

#[test]
fn an_unreadable_config_hides_the_primary_too() {
    let world = World::load("configs.yaml");
    let mut snapshot = settled(&world);
    snapshot.configs.insert("secret/podinfo-secret-env".to_owned(), unknown());
    let seen = facts(&world, &snapshot);
    assert_eq!((seen.configs, seen.primary), (unknown(), unknown()));
    snapshot.configs.remove("secret/podinfo-secret-env");
    assert!(matches!(facts(&world, &snapshot).configs, Seen::Unknown(_)));
}

#[test]
fn a_missing_config_is_named_if_it_is_required() {
    let mut world = World::load("configs.yaml");
    let mut snapshot = settled(&world);
    snapshot.configs.insert("configmap/podinfo-config-vol".to_owned(), Seen::Absent);
    let seen = facts(&world, &snapshot);
    assert_eq!(seen.configs, Seen::Absent);
    assert_eq!(
        seen.missing_config.as_deref(),
        Some(
            "GetTargetConfigs failed: configmap podinfo-config-vol.default get query error: \
             configmap podinfo-config-vol.default get query error: configmaps \"podinfo-config-vol\" not found"
        )
    );
    let volumes = json!([{"name": "config", "configMap": {"name": "podinfo-config-vol", "optional": true}}]);
    merge(world.find_mut("Deployment"), &json!({"spec": {"template": {"spec": {"volumes": volumes}}}}));
    snapshot.target = present(world.target().clone());
    assert_eq!(facts(&world, &snapshot).configs.present().map(BTreeMap::len), Some(4));
}

#[test]
fn without_tracking_there_are_no_configs() {
    let mut world = World::load("configs.yaml");
    world.settings.config_tracking = false;
    assert_eq!(facts(&world, &settled(&world)).configs, Seen::Present(BTreeMap::new()));
}

#[rstest]
#[case::absent(Seen::Absent, Synced::No)]
#[case::drifted(present(json!({"metadata": {"name": "podinfo"}, "spec": {}})), Synced::No)]
#[case::unknown(unknown(), Synced::Unknown("no answer".to_owned()))]
fn services(#[case] live: Seen<Arc<Value>>, #[case] expected: Synced) {
    let world = World::load("configs.yaml");
    let mut snapshot = settled(&world);
    snapshot.apex_service = live;
    assert_eq!(facts(&world, &snapshot).services.apex, expected);
}

#[test]
fn without_a_target_the_services_of_the_primary_are_known_and_kept() {
    let world = World::load("configs.yaml");
    let mut snapshot = settled(&world);
    snapshot.target = Seen::Absent;
    let seen = facts(&world, &snapshot);
    let missing = "deployment podinfo.default get query error: deployments.apps \"podinfo\" not found";
    assert_eq!((&seen.services.apex, &seen.services.primary), (&Synced::Yes, &Synced::Yes));
    assert_eq!(seen.services.canary, Synced::Unknown(missing.to_owned()));
    assert_eq!(seen.configs, Seen::Unknown(missing.to_owned()));
    assert!(!seen.primary.present().unwrap().matches_target);
    merge(
        Arc::make_mut(match &mut snapshot.apex_service {
            Seen::Present(service) => service,
            _ => unreachable!(),
        }),
        &json!({"spec": {"selector": {"app": "nobody"}}}),
    );
    let drifted = facts(&world, &snapshot).services;
    assert_eq!((drifted.apex, drifted.apex_in_use), (Synced::No, true));
    snapshot.primary = Seen::Absent;
    let seen = facts(&world, &snapshot).services;
    assert_eq!(seen.primary, Synced::Unknown(missing.to_owned()), "nothing tells which pods");
}

#[test]
fn a_target_without_the_label_is_an_obstacle() {
    let world = World::load("configs.yaml");
    let mut snapshot = settled(&world);
    let mut target = world.target().clone();
    target["spec"]["selector"]["matchLabels"] = json!({"component": "podinfo"});
    snapshot.target = present(target);
    let facts = snapshot.facts(&Arc::new(world.rollout()), &world.settings);
    let obstacle = facts.obstacle.unwrap();
    assert!(obstacle.message.starts_with("getSelectorLabel failed: deployment podinfo"), "{obstacle:?}");
    // What does not follow from the labels is known all the same.
    assert!(facts.target.present().is_some());
    assert!(facts.route.present().is_some_and(|route| route.routing == Some(Routing::PRIMARY)));
    assert_eq!(facts.primary, Seen::Unknown(obstacle.message.clone()));
    assert_eq!(facts.services.primary, Synced::Unknown(obstacle.message));
}

/// Traffic is looked after before anything else: what belongs to another Canary must not look like a route to mend.
#[test]
fn a_route_of_another_canary_is_not_ours_to_mend() {
    let world = World::load("configs.yaml");
    let mut snapshot = settled(&world);
    let foreign = json!({"metadata": {"ownerReferences": [{
        "apiVersion": "flagger.app/v1beta1", "kind": "Canary", "name": "other", "uid": "another", "controller": true,
    }]}});
    for route in snapshot.routes.values_mut() {
        if let Seen::Present(live) = route {
            merge(Arc::make_mut(live), &foreign);
        }
    }
    let facts = snapshot.facts(&Arc::new(world.rollout()), &world.settings);
    assert_eq!(facts.route, Seen::Unknown("it is somebody else's".to_owned()));
    assert_eq!(facts.obstacle.unwrap().reason, "NameTaken");
}

#[test]
fn the_kubernetes_provider_has_no_route() {
    let mut world = World::load("configs.yaml");
    merge(world.find_mut("Canary"), &json!({"spec": {"provider": "kubernetes"}}));
    assert_eq!(facts(&world, &settled(&world)).route, Seen::Absent);
}

#[rstest]
#[case::of_the_primary(json!({"primaryReadyThreshold": 50}), (true, false))]
#[case::of_the_canary_rounded_down(json!({"canaryReadyThreshold": 75}), (false, true))]
#[case::defaults(json!({}), (false, false))]
fn each_side_is_judged_by_its_own_threshold(#[case] analysis: Value, #[case] expected: (bool, bool)) {
    let mut world = World::load("configs.yaml");
    merge(world.find_mut("Canary"), &json!({"spec": {"analysis": analysis}}));
    let mut snapshot = settled(&world);
    let half = json!({"spec": {"replicas": 2}, "status": {"replicas": 2, "updatedReplicas": 2, "availableReplicas": 1}});
    for side in [&mut snapshot.target, &mut snapshot.primary] {
        if let Seen::Present(live) = side {
            let live = Arc::make_mut(live);
            merge(live, &half);
            live["metadata"]["generation"] = Value::Null;
        }
    }
    let facts = facts(&world, &snapshot);
    let ready = |readiness: &Readiness| *readiness == Readiness::Ready;
    let (primary, target) = (facts.primary.present().unwrap(), facts.target.present().unwrap());
    assert_eq!((ready(&primary.readiness), ready(&target.readiness)), expected);
}

#[test]
fn a_service_of_something_elsewhere_counts_as_ready() {
    let world = World::load("service.yaml");
    let made = |elsewhere: bool| {
        let mut service = world.target().clone();
        if elsewhere {
            merge(&mut service, &json!({"spec": {"type": "ExternalName", "selector": null}}));
        }
        let owner = serin_core::build::owner::reference(&world.rollout());
        service["metadata"]["ownerReferences"] = json!([owner]);
        present(service)
    };
    let mut snapshot = blank(&world);
    (snapshot.primary_service, snapshot.canary_service) = (made(false), made(true));
    let endpoints = facts(&world, &snapshot).endpoints;
    assert_eq!((endpoints.primary, endpoints.canary), (Seen::Present(0), Seen::Present(1)));
}

#[test]
fn without_a_right_to_endpoints_the_pods_that_are_called_ready_count() {
    for (fixture, status) in [("tutorial.yaml", "readyReplicas"), ("daemonset.yaml", "numberReady")] {
        let world = World::load(fixture);
        let mut target = world.target().clone();
        merge(&mut target, &json!({"status": {status: 2}}));
        let mut snapshot = Snapshot { target: present(target), ..blank(&world) };
        snapshot.slices = Slices { primary: Seen::Absent, canary: Seen::Absent };
        let endpoints = facts(&world, &snapshot).endpoints;
        assert_eq!((endpoints.primary, endpoints.canary), (Seen::Absent, Seen::Present(2)), "{fixture}");
    }
}

/// The target and nothing else.
fn blank(world: &World) -> Snapshot {
    Snapshot {
        canary: Arc::new(world.canary()),
        target: present(world.target().clone()),
        primary: Seen::Absent,
        configs: BTreeMap::new(),
        config_copies: BTreeMap::new(),
        apex_service: Seen::Absent,
        primary_service: Seen::Absent,
        canary_service: Seen::Absent,
        scaler_source: Seen::Absent,
        scaler_primary: Seen::Absent,
        routes: world.routes(None),
        route_refused: None,
        troubles: Troubles::default(),
        slices: Slices { primary: Seen::Present(Vec::new()), canary: Seen::Present(Vec::new()) },
        former_route: Seen::Absent,
        orphans: BTreeMap::new(),
        now: "2026-01-01T00:00:00Z".parse().unwrap(),
        answers: Answers::default(),
        derived: Arc::default(),
    }
}

#[test]
fn the_canary_of_a_service_is_made_and_followed() {
    let world = World::load("service.yaml");
    let mut snapshot = blank(&world);
    let absent = facts(&world, &snapshot);
    assert_eq!(
        absent.services,
        Services {
            apex: Synced::Yes,
            apex_in_use: false,
            primary: Synced::Yes,
            canary: Synced::No,
            elsewhere: false
        }
    );
    assert_eq!(absent.configs, Seen::Present(BTreeMap::new()));
    let primary = world.primary(None);
    let canary = serin_core::build::service_target::canary(&world.rollout(), world.target(), None);
    (snapshot.primary, snapshot.canary_service) = (present(primary), present(canary));
    let made = facts(&world, &snapshot);
    assert_eq!(made.services.canary, Synced::Yes);
    let (target, primary) = (made.target.present().unwrap(), made.primary.present().unwrap());
    assert_eq!((&target.readiness, &primary.readiness), (&Readiness::Ready, &Readiness::Ready));
    assert_eq!(
        primary.promotion_id,
        Some(hash::promotion_id(&made.rollout.uid, &target.revision, &BTreeMap::new()))
    );
    assert!(primary.matches_target);
}

/// An object of the user's, with a name that something of ours would have.
fn users(name: &str) -> Seen<Arc<Value>> {
    present(json!({"metadata": {
        "name": name,
        "managedFields": [{"manager": "kubectl-client-side-apply", "operation": "Update", "fieldsV1": {}}],
    }}))
}

#[test]
fn every_name_that_is_taken_is_told_at_once() {
    let world = World::load("configs.yaml");
    let mut snapshot = settled(&world);
    snapshot.primary = users("podinfo-primary");
    snapshot.primary_service = users("podinfo-primary");
    snapshot.canary_service = users("podinfo-canary");
    snapshot.scaler_primary = users("podinfo-primary");
    let another = json!({"kind": "Canary", "name": "b", "uid": "b", "controller": true});
    snapshot.apex_service = present(json!({"metadata": {"ownerReferences": [another]}}));
    for key in ["configmap/podinfo-config-vol", "secret/podinfo-secret-env"] {
        snapshot.config_copies.insert(key.to_owned(), users("taken"));
    }
    let error = obstacle(&world, &snapshot).message;
    insta::assert_snapshot!(error.replace("; ", ";\n"));
}

#[test]
fn what_the_user_names_and_what_cannot_be_read_is_no_conflict() {
    let world = World::load("configs.yaml");
    let mut snapshot = settled(&world);
    snapshot.apex_service = users("podinfo");
    snapshot.canary_service = unknown();
    snapshot.scaler_primary = unknown();
    snapshot.config_copies.insert("configmap/podinfo-config-vol".to_owned(), unknown());
    // A config that is not tracked is not copied either.
    snapshot.config_copies.insert("configmap/another".to_owned(), users("another-primary"));
    facts(&world, &snapshot);
}

/// A Service that selects other pods than the target's is another application's, unless it was taken before.
#[rstest]
#[case::the_targets_pods(json!({"app": "podinfo"}), None, None)]
#[case::the_primarys_pods(json!({"app": "podinfo-primary"}), None, None)]
#[case::no_pods(json!({}), None, None)]
#[case::other_pods(json!({"app": "db"}), None, Some("Service podinfo selects the pods of another application (app=db)"))]
#[case::taken_before(json!({"app": "db"}), Some("podinfo"), None)]
fn a_service_of_another_application_is_not_taken(
    #[case] selector: Value,
    #[case] taken: Option<&str>,
    #[case] expected: Option<&str>,
) {
    let mut world = World::load("tutorial.yaml");
    if let Some(name) = taken {
        world.find_mut("Canary")["status"] = json!({"phase": "Initialized", "serviceName": name});
    }
    let mut snapshot = blank(&world);
    let service = json!({"metadata": {"name": "podinfo"}, "spec": {"selector": selector}});
    snapshot.apex_service = present(service);
    let found =
        snapshot.facts(&Arc::new(world.rollout()), &world.settings).obstacle.map(|obstacle| obstacle.message);
    let fits = match (&found, expected) {
        (Some(found), Some(expected)) => found.starts_with(expected),
        (found, expected) => found.is_none() && expected.is_none(),
    };
    assert!(fits, "{found:?}");
}

#[test]
fn what_was_generated_for_a_canary_is_no_target() {
    let world = World::load("tutorial.yaml");
    let mut target = world.target().clone();
    let owner = json!({"kind": "Canary", "name": "a", "uid": "a", "controller": true});
    merge(&mut target, &json!({"metadata": {"ownerReferences": [owner]}}));
    let snapshot = Snapshot { target: present(target), ..blank(&world) };
    let error = obstacle(&world, &snapshot).message;
    assert!(error.starts_with("Deployment podinfo is owned by Canary a"), "{error}");
    assert!(error.contains("spec.targetRef.name"), "{error}");
}

#[test]
fn the_value_of_the_label_fits_with_its_suffix() {
    let world = World::load("tutorial.yaml");
    let mut target = world.target().clone();
    merge(&mut target, &json!({"spec": {"selector": {"matchLabels": {"app": "a".repeat(56)}}}}));
    let snapshot = Snapshot { target: present(target), ..blank(&world) };
    let error = obstacle(&world, &snapshot).message;
    assert!(error.contains("spec.selector.matchLabels app") && error.contains("to 55 characters"), "{error}");
}
