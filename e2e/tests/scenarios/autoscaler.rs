//! A target with a `HorizontalPodAutoscaler`.

use std::collections::BTreeMap;

use anyhow::{Context, ensure};
use serde_json::{Value, json};
use serin_api::Phase;
use serin_e2e::{
    Kind,
    scene::{Fault, LIMIT, Verdict, together},
};

#[test]
fn the_primary_gets_an_autoscaler_of_its_own() -> Verdict {
    together("autoscaler", async |scene| {
        scene.apply("podinfo.yaml").await?;
        scene.apply("autoscaler.yaml").await?;
        let reference =
            json!({"apiVersion": "autoscaling/v2", "kind": "HorizontalPodAutoscaler", "name": "podinfo"});
        scene.take_up("canary.yaml", json!({"spec": {"autoscalerRef": reference}})).await?;
        scene.until_phase(Phase::Initialized).await?;
        let copied =
            scene.history.look(|versions| versions.now(Kind::AUTOSCALER, "podinfo-primary").cloned());
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
        let ready = replicas_at_first_weight(scene);
        ensure!(ready >= 2, "the canary had {ready} ready copies when it got traffic; its minimum is 2");
        let tally = traffic.stop().await;
        ensure!(tally.failed() == 0, "{:#?}", tally.failures);
        Ok(())
    })
}

/// The target's ready copies when the canary's weight rose above 0.
fn replicas_at_first_weight(scene: &serin_e2e::Scene) -> i64 {
    scene.history.look(|versions| {
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
    })
}
