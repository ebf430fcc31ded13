//! Targets with an autoscaler.

use std::collections::BTreeMap;

use anyhow::{Context, Result, ensure};
use kube::{
    Api,
    api::PostParams,
    core::DynamicObject,
    runtime::wait::{Condition, await_condition},
};
use serde_json::{Value, json};
use serin_api::Phase;
use serin_e2e::{
    Kind, Scene,
    history::Versions,
    manifest,
    scene::{Fault, LIMIT, TestResult, together},
};
use tokio::time::timeout;

#[test]
fn the_primary_gets_an_autoscaler_of_its_own() -> TestResult {
    together("autoscaler", async |scene| {
        scene.apply("podinfo.yaml").await?;
        scene.apply("autoscaler.yaml").await?;
        let reference =
            json!({"apiVersion": "autoscaling/v2", "kind": "HorizontalPodAutoscaler", "name": "podinfo"});
        scene.take_up("canary.yaml", json!({"spec": {"autoscalerRef": reference}})).await?;
        scene.until_phase(Phase::Initialized).await?;
        let copied =
            scene.look(|versions| versions.now(Kind::AUTOSCALER, "podinfo-primary").cloned()).await?;
        let spec = copied.context("an autoscaler of the primary")?["spec"].clone();
        ensure!(spec["scaleTargetRef"]["name"] == "podinfo-primary" && spec["maxReplicas"] == 4, "{spec}");

        let traffic = scene.traffic(20).await?;
        scene.patch(Kind::AUTOSCALER, "podinfo", json!({"spec": {"maxReplicas": 5}})).await?;
        let shipment = scene.ship("6.9.1", Fault::None).await?;
        scene.promoted(shipment, "6.9.1").await?;
        let follows = |autoscaler: &Value| (autoscaler["spec"]["maxReplicas"] == 5).then_some(());
        let found = scene.history.until("5 replicas at most for the primary", LIMIT, |versions| {
            versions.now(Kind::AUTOSCALER, "podinfo-primary").and_then(follows)
        });
        found.await?;
        let ready = replicas_at_first_weight(scene).await?;
        ensure!(ready >= 2, "the canary had {ready} ready copies when it got traffic; its minimum is 2");
        let tally = traffic.stop().await;
        scene.no_request_failed(&tally)?;
        Ok(())
    })
}

/// The target's ready copies when the canary's weight rose above 0.
async fn replicas_at_first_weight(scene: &Scene) -> Result<i64> {
    let count = |versions: &Versions| {
        let mut ready = BTreeMap::new();
        for version in versions.in_order() {
            if version.kind == Kind::DEPLOYMENT {
                let count = version.object["status"]["readyReplicas"].as_i64().unwrap_or(0);
                ready.insert(version.name.clone(), count);
            }
            let weight = version.object.pointer("/spec/rules/0/backendRefs/1/weight").and_then(Value::as_i64);
            if version.kind == Kind::ROUTE && weight > Some(0) {
                return ready.get("podinfo").copied().unwrap_or(0);
            }
        }
        0
    };
    scene.look(count).await
}

/// Makes the kind known where KEDA is not installed, and waits until it is served.
pub(crate) async fn know_scaled_objects(scene: &Scene) -> Result<()> {
    let definition: Api<DynamicObject> =
        Api::all_with(scene.cluster.client.clone(), &Kind::DEFINITION.resource());
    for object in manifest::load("fixtures/scaledobject-crd.yaml", &scene.variables())? {
        match definition.create(&PostParams::default(), &object).await {
            Err(kube::Error::Api(status)) if status.code == 409 => {}
            made => drop(made?),
        }
    }
    let established = |found: Option<&DynamicObject>| {
        let conditions = found.and_then(|found| found.data.pointer("/status/conditions"));
        let is = |c: &Value| c["type"] == "Established" && c["status"] == "True";
        conditions.and_then(Value::as_array).is_some_and(|conditions| conditions.iter().any(is))
    };
    timeout(LIMIT, await_condition(definition, "scaledobjects.keda.sh", established)).await??;
    Ok(())
}

/// Waits until a ScaledObject exists, or no longer does.
pub(crate) async fn exists(scene: &Scene, name: &str, wanted: bool) -> Result<()> {
    let condition = move |found: Option<&DynamicObject>| found.is_some() == wanted;
    let found = timeout(LIMIT, await_condition(scene.api(Kind::SCALED_OBJECT), name, condition)).await;
    found.with_context(|| format!("ScaledObject {name} exists: {}", !wanted))??;
    Ok(())
}

/// Waits until a ScaledObject is so.
async fn until(
    scene: &Scene,
    name: &str,
    what: &str,
    condition: impl Condition<DynamicObject>,
) -> Result<Value> {
    let found = timeout(LIMIT, await_condition(scene.api(Kind::SCALED_OBJECT), name, condition)).await;
    let found = found.with_context(|| format!("ScaledObject {name} is not {what}"))??;
    Ok(serde_json::to_value(found.context("no ScaledObject")?)?)
}

fn paused(found: Option<&DynamicObject>) -> bool {
    let annotations = found.and_then(|found| found.metadata.annotations.as_ref());
    annotations.and_then(|all| all.get("autoscaling.keda.sh/paused-replicas")).is_some_and(|n| n == "0")
}

#[test]
fn a_scaled_object_rests_between_rollouts_and_the_primary_has_its_own() -> TestResult {
    together("scaledobject", async |scene| {
        scene.apply("podinfo.yaml").await?;
        let reference = json!({
            "apiVersion": "keda.sh/v1alpha1",
            "kind": "ScaledObject",
            "name": "podinfo-so",
            "primaryScalerReplicas": {"minReplicas": 3, "maxReplicas": 7},
        });
        scene
            .take_up("canary.yaml", json!({"spec": {"autoscalerRef": reference, "revertOnDeletion": true}}))
            .await?;
        // KEDA may come later than the Canary.
        know_scaled_objects(scene).await?;
        scene.apply("scaledobject.yaml").await?;
        scene.until_phase(Phase::Initialized).await?;
        until(scene, "podinfo-so", "paused", paused).await?;
        let copy =
            until(scene, "podinfo-so-primary", "there", |o: Option<&DynamicObject>| o.is_some()).await?;
        let spec = &copy["spec"];
        ensure!(
            spec["triggers"][0]["metadata"]["query"]
                == "sum(rate(http_requests_total{app=\"podinfo-primary\"}[30s]))"
                && spec["scaleTargetRef"]["name"] == "podinfo-primary"
                && spec["minReplicaCount"] == 3
                && spec["maxReplicaCount"] == 7,
            "{spec:#}"
        );

        let shipment = scene.ship("6.9.1", Fault::None).await?;
        until(scene, "podinfo-so", "scaling", |o: Option<&DynamicObject>| o.is_some() && !paused(o)).await?;
        let traffic = scene.traffic(20).await?;
        scene.promoted(shipment, "6.9.1").await?;
        let tally = traffic.stop().await;
        scene.no_request_failed(&tally)?;
        ensure!(replicas_at_first_weight(scene).await? >= 2, "the canary's minimum is 2");
        until(scene, "podinfo-so", "paused again", paused).await?;

        scene.api(Kind::CANARY).delete("podinfo", &kube::api::DeleteParams::default()).await?;
        scene.until_gone(Kind::CANARY, "podinfo").await?;
        let found = scene.api(Kind::SCALED_OBJECT).get("podinfo-so").await?;
        ensure!(!paused(Some(&found)), "it scales its target again");
        let gone = |o: Option<&DynamicObject>| o.is_none();
        timeout(LIMIT, await_condition(scene.api(Kind::SCALED_OBJECT), "podinfo-so-primary", gone)).await??;
        Ok(())
    })
}
