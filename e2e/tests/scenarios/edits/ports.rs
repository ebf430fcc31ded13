//! A number in `service.targetPort` leads to the pods that listen on it.

use anyhow::{Result, ensure};
use serde_json::{Value, json};
use serin_api::Phase;
use serin_e2e::{
    Kind, Scene,
    history::Versions,
    scene::{Verdict, together},
};

use super::{LIMIT, edit, more, none_fails, phase, settled};

/// A new version that listens on another port.
async fn ship_on_another_port(scene: &Scene) -> Result<()> {
    let container = json!({
        "name": "podinfod",
        "command": ["./podinfo", "--port=8080", "--port-metrics=9797", "--level=info"],
        "ports": [
            {"$patch": "replace"},
            {"name": "http", "containerPort": 8080},
            {"name": "http-metrics", "containerPort": 9797},
        ],
    });
    scene.patch_template(json!({"spec": {"containers": [container]}})).await
}

fn target_port(versions: &Versions, service: &str) -> Option<Value> {
    versions.now(Kind::SERVICE, service)?.pointer("/spec/ports/0/targetPort").cloned()
}

#[test]
fn a_version_on_another_port_is_released_with_its_number() -> Verdict {
    together("edit-port-number", async |scene| {
        scene.install("edits/canary.yaml").await?;
        let traffic = scene.traffic(20).await?;
        more(&traffic, 20).await?;
        ship_on_another_port(scene).await?;
        let refused = edit(scene, json!({"spec": {"service": {"targetPort": 8080}}})).await?;
        ensure!(refused.is_none(), "{refused:?}");
        let moved = |versions: &Versions| {
            let all = ["podinfo", "podinfo-primary", "podinfo-canary"];
            let moved = all.iter().all(|service| target_port(versions, service) == Some(json!(8080)));
            (phase(versions) == Some(Phase::Succeeded) && moved).then_some(())
        };
        scene.history.until("the version to be released on its port", LIMIT, moved).await?;
        more(&traffic, 60).await?;
        scene.no_request_failed(&traffic.stop().await).map(drop)
    })
}

#[test]
fn a_number_that_no_container_declares_is_told() -> Verdict {
    together("edit-port-typo", async |scene| {
        scene.install("edits/canary.yaml").await?;
        let traffic = scene.traffic(20).await?;
        let refused = edit(scene, json!({"spec": {"service": {"targetPort": 9899}}})).await?;
        let outcome = settled(scene, refused, &["9899"], |_| false).await?;
        ensure!(!outcome.is_served());
        more(&traffic, 60).await?;
        scene.no_request_failed(&traffic.stop().await)?;
        edit(scene, json!({"spec": {"service": {"targetPort": 9898}}})).await?;
        scene.until_served().await?;
        none_fails(scene, 20).await.map(drop)
    })
}
