//! What the chart renders for values of each kind, and that an API server takes it.

use anyhow::{Result, ensure};
use kube::core::DynamicObject;
use serde_json::{Value, json};
use serin_e2e::{
    helm::{self, CHART},
    manifest,
    scene::{TestResult, together},
};

const FILES: [&str; 4] = ["minimal.yaml", "flagger-defaults.yaml", "flagger-all.yaml", "serin.yaml"];

/// Kinds of which the cluster has no definition.
const FOREIGN: [&str; 3] = ["PodMonitor", "ServiceMonitor", "AuthorizationPolicy"];

async fn rendered(file: &str) -> Vec<DynamicObject> {
    helm::template(CHART, "flagger", "flagger-system", &[&helm::values(file)]).await.unwrap()
}

/// The objects as YAML, without what is compared with its original elsewhere.
pub(super) fn outline(objects: &[DynamicObject]) -> String {
    let documents = objects.iter().map(|object| {
        let mut value = serde_json::to_value(object).unwrap();
        for field in ["rules", "spec", "data"] {
            let chart = value["metadata"]["labels"]["helm.sh/chart"].as_str().unwrap_or_default();
            let copied = field != "spec" && chart.starts_with("serin-");
            let repeated = copied || value["kind"] == "CustomResourceDefinition";
            if repeated && value.get(field).is_some() {
                value[field] = json!("as in deploy/");
            }
        }
        serde_saphyr::to_string(&value).unwrap()
    });
    documents.collect::<Vec<_>>().join("---\n")
}

#[tokio::test]
async fn an_image_is_all_that_has_to_be_given() {
    insta::assert_snapshot!(outline(&rendered("minimal.yaml").await));
}

#[tokio::test]
async fn the_default_values_of_flaggers_chart_render() {
    // Flagger's user is given there, and an annotation for App Mesh.
    let given = ["runAsUser", "appmesh.k8s.aws/sidecarInjectorWebhook"];
    let lines = |objects: &[DynamicObject]| -> Vec<String> {
        let text = outline(objects);
        text.lines().filter(|line| !given.iter().any(|word| line.contains(word))).map(str::to_owned).collect()
    };
    assert_eq!(lines(&rendered("minimal.yaml").await), lines(&rendered("flagger-defaults.yaml").await));
}

#[tokio::test]
async fn every_value_of_flaggers_chart_has_its_effect() {
    insta::assert_snapshot!(outline(&rendered("flagger-all.yaml").await));
}

#[tokio::test]
async fn values_that_flaggers_chart_does_not_have() {
    insta::assert_snapshot!(outline(&rendered("serin.yaml").await));
}

#[tokio::test]
async fn secrets_are_in_no_argument() {
    let objects = rendered("flagger-all.yaml").await;
    let deployment =
        objects.iter().find(|object| object.types.as_ref().unwrap().kind == "Deployment").unwrap();
    let text = serde_json::to_string(deployment).unwrap();
    for secret in ["hooks.slack.example.com", "teams.example.com", "events.example.com", "proxy.example.com"]
    {
        assert!(!text.contains(secret), "{secret}");
    }
}

#[test]
fn an_api_server_takes_what_is_rendered() -> TestResult {
    together("chart-rendered", async |scene| {
        let namespace = &scene.namespace;
        for file in FILES {
            let own = [&helm::values(file), "--set=crd.create=true"];
            for object in helm::template(CHART, "flagger", namespace, &own).await? {
                let kind = object.types.as_ref().map(|types| types.kind.clone()).unwrap_or_default();
                if !FOREIGN.contains(&kind.as_str()) {
                    manifest::would_take(&scene.cluster.client, &object).await?;
                }
            }
        }
        Ok(())
    })
}

#[test]
fn an_api_server_finds_a_field_that_is_none() -> TestResult {
    together("chart-strict", async |scene| {
        let mut objects =
            helm::template(CHART, "flagger", &scene.namespace, &[&helm::values("minimal.yaml")]).await?;
        let deployment = objects.iter_mut().find(|object| object.data["spec"]["template"].is_object());
        let deployment = deployment.expect("a Deployment");
        deployment.data["spec"]["template"]["spec"]["serviceAcountName"] = Value::from("typo");
        let refused: Result<()> = manifest::would_take(&scene.cluster.client, deployment).await;
        let error = refused.map_or_else(|error| format!("{error:#}"), |()| "taken".to_owned());
        ensure!(error.contains("serviceAcountName"), "{error}");
        Ok(())
    })
}
