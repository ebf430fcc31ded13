//! What configs cost: requests to the API server.

use k8s_openapi::api::core::v1::ConfigMap;
use rstest::rstest;

use super::*;
use crate::{cache::ConfigHandler, watch::Named};

/// ConfigMaps and Secrets that the target uses, as many of each.
const EACH: usize = 10;

impl Operator {
    /// An operator whose target takes its environment from 20 configs.
    fn with_configs() -> Self {
        let operator = Self::new();
        for n in 0..EACH {
            operator.api.put(
                &config_map(n),
                json!({"metadata": {"name": format!("map-{n}"), "namespace": "test"}, "data": {"n": "1"}}),
            );
            let secret = json!({"metadata": {"name": format!("secret-{n}"), "namespace": "test"}, "type": "Opaque", "data": {"n": "MQ=="}});
            operator.api.put(&format!("/api/v1/namespaces/test/secrets/secret-{n}"), secret);
        }
        let sources: Vec<Value> = (0..EACH)
            .flat_map(|n| {
                let map = json!({"configMapRef": {"name": format!("map-{n}")}});
                [map, json!({"secretRef": {"name": format!("secret-{n}")}})]
            })
            .collect();
        operator.api.edit(TARGET, |target| {
            target["spec"]["template"]["spec"]["containers"][0]["envFrom"] = sources.into();
        });
        operator
    }

    /// The watch of ConfigMaps tells of a version.
    fn deliver_config_map(&self, object: Value) {
        let (caches, queue) = (Arc::clone(&self.ctx.cluster.caches), Arc::clone(&self.ctx.cluster.queue));
        let object: Named<ConfigMap> = serde_json::from_value(object).unwrap();
        ConfigHandler { kind: Kind::ConfigMap, caches, queue }.applied(object);
    }
}

fn config_map(n: usize) -> String {
    format!("/api/v1/namespaces/test/configmaps/map-{n}")
}

fn of_configs(requests: &[String]) -> Vec<&String> {
    requests.iter().filter(|request| request.contains("configmaps") || request.contains("secrets")).collect()
}

#[tokio::test]
async fn twenty_configs_are_copied_in_one_look() {
    let operator = Operator::with_configs();
    let (verdict, requests) = operator.look().await;
    assert!(matches!(verdict, ReconcileEnd::Settled(_)), "{verdict:?}");
    for n in 0..EACH {
        let copy = operator.api.get(&format!("{}-primary", config_map(n))).unwrap();
        assert_eq!(copy["data"], json!({"n": "1"}));
    }
    let primary = operator.api.get(PRIMARY).unwrap();
    let sources = primary["spec"]["template"]["spec"]["containers"][0]["envFrom"].to_string();
    assert_eq!(sources.matches("-primary").count(), 2 * EACH);
    // Whose the name of its copy is, is asked before anything is made; then each is read once to be known, once to be
    // copied, and its copy is looked for and made.
    assert_eq!(of_configs(&requests).len(), 5 * 2 * EACH, "{requests:#?}");
    assert_eq!(operator.look().await.1, Vec::<String>::new());
}

#[tokio::test]
async fn a_config_of_the_users_that_has_the_name_of_a_copy_stays() {
    let operator = Operator::with_configs();
    let users = json!({"metadata": {"name": "map-1-primary", "namespace": "test"}, "data": {"n": "mine"}});
    let path = format!("{}-primary", config_map(1));
    operator.api.put(&path, users);
    let (_, requests) = operator.look().await;
    let copy = operator.api.get(&path).unwrap();
    assert_eq!((&copy["data"], copy["metadata"].get("ownerReferences")), (&json!({"n": "mine"}), None));
    let made = |request: &&String| request.starts_with("POST ") && !request.ends_with(" events");
    assert_eq!(requests.iter().find(made), None, "{requests:#?}");
}

#[tokio::test]
async fn of_twenty_configs_only_the_changed_one_is_read_again() {
    let operator = Operator::with_configs();
    operator.look().await;
    let changed = operator.api.edit(&config_map(3), |object| object["data"] = json!({"n": "2"}));
    operator.deliver_config_map(changed.clone());
    let (_, requests) = operator.look().await;
    let configs = of_configs(&requests);
    let reads = |config: &str| configs.iter().filter(|request| **request == config).count();
    assert_eq!(reads("GET configmaps/map-4"), 1, "only to be copied again: {requests:#?}");
    assert_eq!(configs[0], "GET configmaps/map-3", "{requests:#?}");
    // A version that is known already costs nothing.
    operator.deliver_config_map(changed);
    assert_eq!(operator.look().await.1, Vec::<String>::new());
}

#[rstest]
#[case::tracked(true)]
#[case::not_tracked(false)]
#[tokio::test]
async fn without_tracking_no_config_is_read(#[case] tracking: bool) {
    let mut operator = Operator::with_configs();
    operator.ctx.options.settings.config_tracking = tracking;
    let (_, requests) = operator.look().await;
    assert_eq!(of_configs(&requests).is_empty(), !tracking, "{requests:#?}");
}
