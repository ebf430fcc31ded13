//! What serves is looked after while something else is wrong with the Canary.

use std::time::Instant;

use anyhow::{Result, ensure};
use kube::api::DeleteParams;
use serde_json::{Value, json};
use serin_api::Phase;
use serin_e2e::{
    Kind, Scene,
    history::Versions,
    manifest,
    scene::{Fault, TestResult, together, unwatched},
};

use super::{LIMIT, answered_within, edit, none_fails, phase, settled, told};

/// Deletes an object and waits until there is another.
async fn is_made_again(scene: &Scene, kind: Kind, name: &str) -> Result<()> {
    let uid = |versions: &Versions| {
        versions.now(kind, name).and_then(|object| object.pointer("/metadata/uid")).cloned()
    };
    let before = scene.look(uid).await?;
    scene.api(kind).delete(name, &DeleteParams::default()).await?;
    let again = |versions: &Versions| uid(versions).filter(|now| Some(now) != before.as_ref());
    scene.history.until(&format!("{} {name} again", kind.name), LIMIT, again).await?;
    answered_within(scene, LIMIT).await
}

/// Waits until a proxy that was told wrong before has learnt better.
async fn answered_steadily(scene: &Scene) -> Result<()> {
    let begun = Instant::now();
    while let Err(failed) = none_fails(scene, 20).await {
        ensure!(begun.elapsed() < LIMIT, "{failed:#}");
    }
    Ok(())
}

#[test]
fn objects_of_a_canary_that_became_invalid_are_made_again() -> TestResult {
    unwatched("edit-invalid", async |scene| {
        scene.install("edits/canary.yaml").await?;
        let refused = edit(scene, json!({"spec": {"service": {"timeout": "soon"}}})).await?;
        let outcome = settled(scene, refused, &["timeout"], |_| false).await?;
        ensure!(!outcome.is_served());
        is_made_again(scene, Kind::SERVICE, "podinfo-primary").await?;
        is_made_again(scene, Kind::ROUTE, "podinfo").await?;
        let by_hand = json!({"spec": {"rules": [{"backendRefs": [
            {"name": "podinfo-primary", "port": 9898, "weight": 0},
            {"name": "podinfo-canary", "port": 9898, "weight": 100},
        ]}]}});
        let edited = scene.patch(Kind::ROUTE, "podinfo", by_hand).await?;
        let taken = |versions: &Versions| {
            let route = versions.now(Kind::ROUTE, "podinfo")?;
            let generation = route["metadata"]["generation"].as_i64()?;
            let seen = route.pointer("/status/parents/0/conditions/0/observedGeneration")?.as_i64()?;
            let newer = generation > edited.metadata.generation? && seen == generation;
            (newer && scene.split(versions)? == [100, 0]).then_some(())
        };
        scene.history.until("the gateway to take the mended route", LIMIT, taken).await?;
        // Until then the edit itself sends requests to nobody.
        answered_steadily(scene).await?;
        none_fails(scene, 40).await?;
        edit(scene, json!({"spec": {"service": {"timeout": null}}})).await?;
        scene.until_served().await.map(drop)
    })
}

#[test]
fn a_service_is_made_again_beside_a_name_that_is_taken() -> TestResult {
    unwatched("edit-taken-amid", async |scene| {
        scene.apply("configs.yaml").await?;
        let taken = json!({"apiVersion": "v1", "kind": "ConfigMap",
            "metadata": {"name": "podinfo-config-primary", "namespace": scene.namespace}, "data": {"whose": "mine"}});
        scene.install("edits/canary.yaml").await?;
        manifest::apply(&scene.cluster.client, &serde_json::from_value(taken)?).await?;
        let source = json!([{"configMapRef": {"name": "podinfo-config"}}]);
        scene
            .patch_template(json!({"spec": {"containers": [{"name": "podinfod", "envFrom": source}]}}))
            .await?;
        settled(scene, None, &["podinfo-config-primary"], |_| false).await?;
        is_made_again(scene, Kind::SERVICE, "podinfo-primary").await?;
        none_fails(scene, 40).await.map(drop)
    })
}

fn leaves_promoting(versions: &Versions) -> Option<()> {
    matches!(phase(versions), Some(Phase::Finalising | Phase::Succeeded)).then_some(())
}

#[test]
fn a_newer_version_gets_no_share_of_a_promotion_in_progress() -> TestResult {
    together("edit-overtaken", async |scene| {
        scene.install("edits/canary.yaml").await?;
        scene.patch(Kind::DEPLOYMENT, "podinfo", json!({"spec": {"minReadySeconds": 8}})).await?;
        let traffic = scene.traffic(20).await?;
        scene.ship("6.9.1", Fault::None).await?;
        scene.until_phase(Phase::Promoting).await?;
        scene.ship("6.9.2", Fault::Errors).await?;
        scene.history.until("the promotion to go on", LIMIT, leaves_promoting).await?;
        let tally = traffic.stop().await;
        scene.no_request_failed(&tally)?;
        ensure!(scene.image("podinfo-primary").await?.ends_with(":6.9.1"), "not what was approved");
        Ok(())
    })
}

#[test]
fn a_canary_that_comes_up_in_part_goes_back_at_its_deadline() -> TestResult {
    together("edit-quota", async |scene| {
        let quota = json!({"apiVersion": "v1", "kind": "ResourceQuota",
            "metadata": {"name": "pods", "namespace": scene.namespace}, "spec": {"hard": {"pods": "3"}}});
        scene.apply_changed("podinfo.yaml", json!({"spec": {"replicas": 2}})).await?;
        scene.apply_changed("edits/canary.yaml", json!({"spec": {"progressDeadlineSeconds": 20}})).await?;
        scene.until_phase(Phase::Initialized).await?;
        manifest::apply(&scene.cluster.client, &serde_json::from_value(quota)?).await?;
        let traffic = scene.traffic(20).await?;
        scene.ship("6.9.1", Fault::None).await?;
        told(scene, &["exceeded quota"]).await?;
        scene.until_phase(Phase::Failed).await?;
        scene.no_request_failed(&traffic.stop().await).map(drop)
    })
}

#[test]
fn what_keeps_pods_is_told() -> TestResult {
    together("edit-unschedulable", async |scene| {
        scene.install("edits/canary.yaml").await?;
        let traffic = scene.traffic(20).await?;
        let container = json!({"name": "podinfod", "resources": {"requests": {"cpu": "900"}}});
        scene.patch_template(json!({"spec": {"containers": [container]}})).await?;
        told(scene, &["not scheduled: 0/1 nodes are available"]).await?;
        let container = json!({"name": "podinfod", "resources": {"requests": {"cpu": "6m"}}});
        scene.patch_template(json!({"spec": {"containers": [container]}})).await?;
        scene.until_phase(Phase::Succeeded).await?;
        scene.no_request_failed(&traffic.stop().await).map(drop)
    })
}

fn copys_type(versions: &Versions) -> Option<Value> {
    versions.now(Kind::SECRET, "podinfo-secret-primary")?.get("type").cloned()
}

#[test]
fn a_secret_made_anew_with_another_type_is_copied() -> TestResult {
    together("edit-secret-type", async |scene| {
        let secret = |kind: &str| {
            json!({"apiVersion": "v1", "kind": "Secret", "type": kind,
            "metadata": {"name": "podinfo-secret", "namespace": scene.namespace},
            "stringData": {"tls.crt": kind, "tls.key": "b"}})
        };
        manifest::apply(&scene.cluster.client, &serde_json::from_value(secret("Opaque"))?).await?;
        let source = json!([{"secretRef": {"name": "podinfo-secret"}}]);
        let mut target = scene.fixture("podinfo.yaml")?.remove(0);
        target.data["spec"]["template"]["spec"]["containers"][0]["envFrom"] = source;
        manifest::apply(&scene.cluster.client, &target).await?;
        scene.apply("edits/canary.yaml").await?;
        scene.until_phase(Phase::Initialized).await?;
        let traffic = scene.traffic(20).await?;
        scene.api(Kind::SECRET).delete("podinfo-secret", &DeleteParams::default()).await?;
        let anew = serde_json::from_value(secret("kubernetes.io/tls"))?;
        manifest::apply(&scene.cluster.client, &anew).await?;
        let copied = |versions: &Versions| {
            let is_tls = copys_type(versions) == Some(json!("kubernetes.io/tls"));
            (is_tls && phase(versions) == Some(Phase::Succeeded)).then_some(())
        };
        scene.history.until("the Secret to be released", LIMIT, copied).await?;
        scene.no_request_failed(&traffic.stop().await).map(drop)
    })
}
