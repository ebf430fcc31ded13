//! The rights that the chart grants are those of the kustomization.

use kube::core::DynamicObject;
use serde_json::{Value, json};
use serin_e2e::{
    helm::{self, CHART},
    install::repository,
    manifest,
};

async fn rendered(options: &[&str]) -> Vec<DynamicObject> {
    let image = helm::values("minimal.yaml");
    let options = [&[image.as_str()], options].concat();
    helm::template(CHART, "serin", "serin-system", &options).await.unwrap()
}

fn kustomization(file: &str) -> Vec<DynamicObject> {
    let path = repository().join("deploy/kustomize/base").join(file);
    manifest::parse(&std::fs::read_to_string(path).unwrap()).unwrap()
}

fn kind(object: &DynamicObject) -> &str {
    &object.types.as_ref().unwrap().kind
}

/// The rules of a kind of role and where they hold, by the roles' names.
fn granted(objects: &[DynamicObject], role: &str) -> Vec<Value> {
    let of_kind = objects.iter().filter(|object| kind(object) == role);
    of_kind
        .map(|object| json!([object.metadata.name, object.metadata.namespace, object.data["rules"]]))
        .collect()
}

/// Who is bound to what.
fn bound(objects: &[DynamicObject]) -> Vec<Value> {
    let bindings = objects.iter().filter(|object| kind(object).ends_with("Binding"));
    bindings
        .map(|object| json!([object.metadata.namespace, object.data["roleRef"], object.data["subjects"]]))
        .collect()
}

#[tokio::test]
async fn the_chart_grants_what_the_kustomization_grants() {
    let objects = rendered(&[]).await;
    let expected = kustomization("cluster-role.yaml");
    assert_eq!(granted(&objects, "ClusterRole"), granted(&expected, "ClusterRole"));
    assert_eq!(bound(&objects), bound(&expected));
    assert_eq!(
        granted(&objects, "Role"),
        [] as [Value; 0],
        "without an election there is no right to leases"
    );
}

#[tokio::test]
async fn the_bundled_prometheus_may_only_look() {
    let objects = rendered(&["--set=prometheus.install=true"]).await;
    let roles = granted(&objects, "ClusterRole");
    let copy = roles.iter().find(|role| role[0] == "serin-prometheus").unwrap();
    let original =
        std::fs::read_to_string(repository().join("deploy/kustomize/prometheus/rights.yaml")).unwrap();
    assert_eq!(copy[2], granted(&manifest::parse(&original).unwrap(), "ClusterRole")[0][2]);
    let verbs = copy[2].as_array().unwrap().iter().flat_map(|rule| rule["verbs"].as_array().unwrap());
    assert!(verbs.into_iter().all(|verb| ["get", "list", "watch"].contains(&verb.as_str().unwrap())));
}

#[tokio::test]
async fn an_election_adds_leases_in_the_namespace_of_the_release() {
    let objects = rendered(&["--set=leaderElection.enabled=true"]).await;
    let rules = kustomization("role.yaml").swap_remove(0).data["rules"].clone();
    assert_eq!(granted(&objects, "Role"), [json!(["serin-leader-election", "serin-system", rules])]);
}

#[tokio::test]
async fn one_namespace_means_no_right_outside_of_it() {
    let objects = rendered(&["--set=namespace=test,leaderElection.enabled=true"]).await;
    assert_eq!(granted(&objects, "ClusterRole"), [] as [Value; 0]);
    let rules = kustomization("cluster-role.yaml").swap_remove(0).data["rules"].clone();
    let leases = kustomization("role.yaml").swap_remove(0).data["rules"].clone();
    // Flagger's precedence: the Lease is in the namespace that is served.
    let expected = [json!(["serin", "test", rules]), json!(["serin-leader-election", "test", leases])];
    assert_eq!(granted(&objects, "Role"), expected);
    for binding in bound(&objects) {
        assert_eq!((&binding[0], &binding[1]["kind"]), (&json!("test"), &json!("Role")));
        assert_eq!(binding[2][0]["namespace"], "serin-system");
    }
}
