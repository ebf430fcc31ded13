//! The primary's Deployment and the copies of configs.

use rstest::rstest;
use serde_json::{Value, json};
use serin_core::build::{
    BuildError,
    configs::{self, ConfigKind},
    primary, template,
};

use crate::support::{World, merge};

/// The primary as the API server has it after it was made.
fn live(world: &World) -> Value {
    let mut live = world.primary(None);
    merge(
        &mut live,
        &json!({
            "metadata": {
                "resourceVersion": "7",
                "annotations": {"deployment.kubernetes.io/revision": "3", "example.com/note": "mine"},
                "labels": {"example.com/team": "a"},
            },
            "spec": {"replicas": 5},
            "status": {"replicas": 5},
        }),
    );
    live
}

fn matches(world: &World, live: &Value) -> bool {
    let (rollout, selector, configs) = (world.rollout(), world.selector(), world.configs());
    template::matches(&rollout, &world.settings, &selector, world.target(), live, &configs)
}

#[test]
fn promoting_the_same_again_changes_no_pods() {
    let world = World::load("configs.yaml");
    let live = live(&world);
    let again = world.primary(Some(&live));
    assert_eq!(again["spec"]["template"], live["spec"]["template"]);
    assert!(matches(&world, &live));
}

#[test]
fn promotion_replaces_the_template_and_keeps_what_others_wrote() {
    let mut world = World::load("tutorial.yaml");
    let live = live(&world);
    merge(
        world.find_mut("Deployment"),
        &json!({"spec": {"minReadySeconds": 9, "template": {"metadata": {"annotations": {"flagger-id": "x", "b": "2"}}}}}),
    );
    assert!(!matches(&world, &live));
    insta::assert_yaml_snapshot!(world.primary(Some(&live)));
}

#[test]
fn replicas_are_copied_only_without_an_autoscaler_and_never_0() {
    let replicas = |autoscaled: bool, of_target: i64| {
        let mut world = World::load("tutorial.yaml");
        let live = live(&world);
        if !autoscaled {
            merge(world.find_mut("Canary"), &json!({"spec": {"autoscalerRef": null}}));
        }
        merge(world.find_mut("Deployment"), &json!({"spec": {"replicas": of_target}}));
        (
            world.primary(None)["spec"]["replicas"].clone(),
            world.primary(Some(&live))["spec"]["replicas"].clone(),
        )
    };
    assert_eq!(replicas(true, 3), (json!(3), json!(5)));
    assert_eq!(replicas(false, 3), (json!(3), json!(3)));
    assert_eq!(replicas(false, 0), (json!(1), json!(5)));
}

#[test]
fn a_primary_that_was_left_behind_is_adopted() {
    let world = World::load("tutorial.yaml");
    let owned = live(&world);
    let mut orphan = owned.clone();
    merge(&mut orphan, &json!({"metadata": {"ownerReferences": null}}));
    let owners = |live| world.primary(Some(live))["metadata"]["ownerReferences"].clone();
    assert_eq!(owners(&orphan), owned["metadata"]["ownerReferences"]);
    assert_eq!(owners(&owned), owned["metadata"]["ownerReferences"]);
}

#[test]
fn a_foreign_annotation_on_the_pods_is_a_difference() {
    let world = World::load("tutorial.yaml");
    let mut live = live(&world);
    merge(&mut live, &json!({"spec": {"template": {"metadata": {"annotations": {"flagger-id": "other"}}}}}));
    assert!(matches(&world, &live), "the promotion's own annotation does not count");
    merge(&mut live, &json!({"spec": {"template": {"metadata": {"annotations": {"restartedAt": "today"}}}}}));
    assert!(!matches(&world, &live));
}

#[test]
fn spread_and_anti_affinity_follow_the_primary() {
    let mut world = World::load("tutorial.yaml");
    let selector = json!({
        "matchLabels": {"app": "podinfo", "tier": "podinfo"},
        "matchExpressions": [
            {"key": "app", "operator": "In", "values": ["other", "podinfo", "podinfo"]},
            {"key": "tier", "operator": "In", "values": ["podinfo"]},
        ],
    });
    let term = json!({"topologyKey": "kubernetes.io/hostname", "labelSelector": selector});
    let pod = json!({
        "topologySpreadConstraints": [{"maxSkew": 1, "labelSelector": selector}],
        "affinity": {
            "podAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": [term]},
            "podAntiAffinity": {
                "requiredDuringSchedulingIgnoredDuringExecution": [term],
                "preferredDuringSchedulingIgnoredDuringExecution": [{"weight": 1, "podAffinityTerm": term}],
            },
        },
        "containers": [],
    });
    merge(world.find_mut("Deployment"), &json!({"spec": {"template": {"spec": pod}}}));
    insta::assert_yaml_snapshot!(world.primary(None)["spec"]["template"]["spec"]);
}

/// The term of a target that is called `checkout-deployment` and selects `app: checkout`, `part-of: shop`.
#[rstest]
#[case::own_value(
    json!({"matchLabels": {"app": "checkout"}}),
    json!({"matchLabels": {"app": "checkout-primary"}})
)]
#[case::among_others(
    json!({"matchExpressions": [{"key": "app", "operator": "In", "values": ["cart", "checkout"]}]}),
    json!({"matchExpressions": [{"key": "app", "operator": "In", "values": ["cart", "checkout-primary"]}]})
)]
#[case::everybody_else(
    json!({"matchExpressions": [{"key": "app", "operator": "NotIn", "values": ["checkout"]}]}),
    json!({"matchExpressions": [{"key": "app", "operator": "NotIn", "values": ["checkout", "checkout-primary"]}]})
)]
#[case::by_a_label_of_both(
    json!({"matchLabels": {"part-of": "shop"}}),
    json!({
        "matchLabels": {"part-of": "shop"},
        "matchExpressions": [{"key": "app", "operator": "NotIn", "values": ["checkout"]}],
    })
)]
#[case::both_labels(
    json!({"matchLabels": {"app": "checkout", "part-of": "shop"}}),
    json!({"matchLabels": {"app": "checkout-primary", "part-of": "shop"}})
)]
#[case::as_in_flagger(
    json!({"matchLabels": {"name": "checkout-deployment"}}),
    json!({"matchLabels": {"name": "checkout-deployment-primary"}})
)]
#[case::of_others(json!({"matchLabels": {"app": "cart"}}), json!({"matchLabels": {"app": "cart"}}))]
#[case::any_value(
    json!({"matchExpressions": [{"key": "app", "operator": "Exists"}]}),
    json!({"matchExpressions": [{"key": "app", "operator": "Exists"}]})
)]
fn terms_that_mean_the_targets_own_pods(#[case] selector: Value, #[case] expected: Value) {
    let mut world = World::load("tutorial.yaml");
    merge(world.find_mut("Canary"), &json!({"spec": {"targetRef": {"name": "checkout-deployment"}}}));
    let labels = json!({"app": "checkout", "part-of": "shop"});
    let term = json!({"topologyKey": "kubernetes.io/hostname", "labelSelector": selector, "matchLabelKeys": ["pod-template-hash"]});
    let pod = json!({
        "topologySpreadConstraints": [{"maxSkew": 1, "labelSelector": selector}],
        "affinity": {"podAntiAffinity": {
            "requiredDuringSchedulingIgnoredDuringExecution": [term],
            "preferredDuringSchedulingIgnoredDuringExecution": [{"weight": 1, "podAffinityTerm": term}],
        }},
    });
    let change = json!({
        "metadata": {"name": "checkout-deployment"},
        "spec": {"selector": {"matchLabels": labels}, "template": {"metadata": {"labels": labels}, "spec": pod}},
    });
    merge(world.find_mut("Deployment"), &change);
    let made = world.primary(None);
    let pod = &made["spec"]["template"]["spec"];
    let anti = &pod["affinity"]["podAntiAffinity"];
    let required = &anti["requiredDuringSchedulingIgnoredDuringExecution"][0];
    assert_eq!(required["labelSelector"], expected);
    assert_eq!(required["matchLabelKeys"], json!(["pod-template-hash"]));
    let preferred = &anti["preferredDuringSchedulingIgnoredDuringExecution"][0]["podAffinityTerm"];
    assert_eq!(preferred["labelSelector"], expected);
    assert_eq!(pod["topologySpreadConstraints"][0]["labelSelector"], expected);
}

#[test]
fn labels_under_the_included_prefixes_are_copied() {
    let mut world = World::load("tutorial.yaml");
    world.settings.include_label_prefix = vec!["team/".to_owned()];
    let metadata = json!({
        "labels": {"team/name": "a", "team/toolkit.fluxcd.io": "b", "other": "c"},
        "annotations": {"team/mail": "a@example.com", "other": "c"},
    });
    merge(world.find_mut("Deployment"), &json!({"metadata": metadata}));
    let made = world.primary(None);
    assert_eq!(made["metadata"]["labels"], json!({"app": "podinfo-primary", "team/name": "a"}));
    let promoted = world.primary(Some(&made));
    assert_eq!(promoted["metadata"]["labels"], json!({"app": "podinfo-primary", "team/name": "a"}));
    assert_eq!(
        promoted["metadata"]["annotations"],
        json!({"team/mail": "a@example.com", "deployment.kubernetes.io/revision": "1"})
    );
}

#[test]
fn a_selector_without_a_known_label_is_refused() {
    let mut world = World::load("tutorial.yaml");
    world.find_mut("Deployment")["spec"]["selector"]["matchLabels"] = json!({"component": "podinfo"});
    let built = primary::primary(&world.rollout(), &world.settings, world.target(), None, &world.configs());
    let error = built.unwrap_err();
    assert!(matches!(error, BuildError::Selector { .. }));
    assert_eq!(
        error.to_string(),
        "getSelectorLabel failed: deployment podinfo.test spec.selector.matchLabels must contain one of \
         [app name app.kubernetes.io/name]"
    );
}

#[test]
fn configs_are_used_as_they_are_when_tracking_is_off_or_they_are_ignored() {
    let mut world = World::load("configs.yaml");
    let ignore = json!({"metadata": {"annotations": {"flagger.app/config-tracking": "disabled"}}});
    merge(world.objects.iter_mut().find(|o| o["metadata"]["name"] == "podinfo-config-vol").unwrap(), &ignore);
    let pod = world.primary(None)["spec"]["template"]["spec"].clone();
    assert_eq!(pod["volumes"][0]["configMap"]["name"], "podinfo-config-vol");
    assert_eq!(pod["volumes"][1]["secret"]["secretName"], "podinfo-secret-vol-primary");
    let (rollout, none) = (world.rollout(), std::collections::BTreeMap::new());
    let untracked = primary::primary(&rollout, &world.settings, world.target(), None, &none).unwrap();
    assert_eq!(untracked["spec"]["template"]["spec"], world.target()["spec"]["template"]["spec"]);
}

#[test]
fn a_copy_follows_its_source_and_keeps_other_owners() {
    let world = World::load("configs.yaml");
    let rollout = world.rollout();
    let source = json!({"metadata": {"name": "c"}, "data": {"a": "1"}, "binaryData": {"b": "AA=="}});
    let other = json!({"kind": "Canary", "name": "other", "uid": "u", "controller": true});
    let live = json!({
        "metadata": {"name": "c-primary", "resourceVersion": "5", "ownerReferences": [other], "annotations": {"n": "m"}},
        "data": {"old": "0"},
    });
    let copy = configs::config_copy(&rollout, &world.settings, ConfigKind::ConfigMap, &source, Some(&live));
    assert!(!configs::in_sync(&copy, &live) && configs::in_sync(&copy, &copy));
    insta::assert_yaml_snapshot!(copy);
}
