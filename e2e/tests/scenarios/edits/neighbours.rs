//! Another application beside the release: its Service, its part of the route.

use anyhow::{Result, ensure};
use serde_json::{Value, json};
use serin_api::Phase;
use serin_e2e::{
    Kind, Scene,
    history::Versions,
    manifest,
    scene::{Fault, TestResult, together},
    traffic,
};

use super::{edit, more, settled};

/// Makes another application with a Service of its own.
async fn neighbour(scene: &Scene) -> Result<()> {
    super::identity::second_target(scene).await?;
    let service = json!({"apiVersion": "v1", "kind": "Service",
        "metadata": {"name": "neighbour", "namespace": scene.namespace},
        "spec": {"selector": {"app": "podinfo-v2"}, "ports": [{"name": "http", "port": 9898}]}});
    manifest::apply(&scene.cluster.client, &serde_json::from_value(service)?).await.map(drop)
}

fn selector(versions: &Versions) -> Option<Value> {
    versions.now(Kind::SERVICE, "neighbour")?.pointer("/spec/selector").cloned()
}

#[test]
fn the_service_of_another_application_is_not_taken() -> TestResult {
    together("edit-users-service", async |scene| {
        scene.install("edits/canary.yaml").await?;
        neighbour(scene).await?;
        let traffic = scene.traffic(20).await?;
        let refused = edit(scene, json!({"spec": {"service": {"name": "neighbour"}}})).await?;
        let outcome = settled(scene, refused, &["neighbour"], |_| false).await?;
        ensure!(!outcome.is_served());
        ensure!(scene.look(selector).await? == Some(json!({"app": "podinfo-v2"})), "it was taken");
        edit(scene, json!({"spec": {"service": {"name": null}}})).await?;
        scene.until_served().await?;
        scene.no_request_failed(&traffic.stop().await).map(drop)
    })
}

/// Who answers below `/api`.
async fn answers_api(scene: &Scene) -> Result<String> {
    let mut plan = scene.requests(1);
    "/api/info".clone_into(&mut plan.path);
    let info: Value = traffic::once(&plan).await?.json().await?;
    Ok(info["hostname"].as_str().unwrap_or_default().to_owned())
}

#[test]
fn rules_for_other_applications_stay_on_a_route_that_is_taken() -> TestResult {
    together("edit-users-rules", async |scene| {
        scene.apply("podinfo.yaml").await?;
        neighbour(scene).await?;
        scene.apply("apex-service.yaml").await?;
        let mut route = scene.fixture("users-route.yaml")?.remove(0);
        let rule = json!({"matches": [{"path": {"type": "PathPrefix", "value": "/api"}}],
            "backendRefs": [{"name": "neighbour", "port": 9898}]});
        if let Some(rules) = route.data.pointer_mut("/spec/rules").and_then(Value::as_array_mut) {
            rules.push(rule);
        }
        manifest::apply(&scene.cluster.client, &route).await?;
        let traffic = scene.traffic(20).await?;
        scene.apply("edits/canary.yaml").await?;
        scene.until_phase(Phase::Initialized).await?;
        let shipment = scene.ship("6.9.1", Fault::None).await?;
        scene.promoted(shipment, "6.9.1").await?;
        let pod = answers_api(scene).await?;
        ensure!(pod.starts_with("podinfo-v2-"), "{pod} answers below /api");
        more(&traffic, 20).await?;
        scene.no_request_failed(&traffic.stop().await).map(drop)
    })
}
