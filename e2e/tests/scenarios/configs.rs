//! Changes to ConfigMaps and Secrets are releases too.

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};
use serin_api::Phase;
use serin_e2e::{
    Kind, Scene,
    history::Versions,
    scene::{TestResult, together},
};

/// Podinfo with a ConfigMap in its environment and a Secret as a file.
async fn install(scene: &Scene, change: Value) -> Result<()> {
    scene.apply("configs.yaml").await?;
    scene.apply("podinfo.yaml").await?;
    let container = json!({
        "name": "podinfod",
        "envFrom": [{"configMapRef": {"name": "podinfo-config"}}],
        "volumeMounts": [{"name": "secret", "mountPath": "/secret", "readOnly": true}],
    });
    let volume = json!({"name": "secret", "secret": {"secretName": "podinfo-secret"}});
    scene.patch_template(json!({"spec": {"containers": [container], "volumes": [volume]}})).await?;
    scene.take_up("canary.yaml", change).await?;
    scene.until_phase(Phase::Initialized).await.map(drop)
}

#[test]
fn a_changed_config_map_is_released() -> TestResult {
    together("config-map", async |scene| {
        install(scene, scene.held_at_first_weight()).await?;
        let message = async || -> Result<Option<String>> {
            let copy = scene.config_map("podinfo-config-primary").await?;
            Ok(copy.data.and_then(|mut data| data.remove("PODINFO_UI_MESSAGE")))
        };
        ensure!(message().await?.as_deref() == Some("before"));
        let traffic = scene.traffic(20).await?;
        let shipment = scene.shipment();
        let change = json!({"data": {"PODINFO_UI_MESSAGE": "after"}});
        scene.patch(Kind::CONFIG_MAP, "podinfo-config", change).await?;
        scene.until_weight(25).await?;
        ensure!(
            message().await?.as_deref() == Some("before"),
            "the primary keeps its own during the analysis"
        );
        scene.turn("gate/open").await?;
        scene.promoted(shipment, "6.9.0").await?;
        ensure!(message().await?.as_deref() == Some("after"));
        let tally = traffic.stop().await;
        scene.no_request_failed(&tally)?;
        Ok(())
    })
}

#[test]
fn a_changed_secret_is_released() -> TestResult {
    together("secret", async |scene| {
        install(scene, json!({})).await?;
        let template = |versions: &Versions| {
            let primary = versions.now(Kind::DEPLOYMENT, "podinfo-primary")?;
            primary.pointer("/spec/template/spec").cloned()
        };
        let template = scene.look(template).await?.context("a primary")?.to_string();
        for name in ["podinfo-config-primary", "podinfo-secret-primary"] {
            ensure!(template.contains(name), "the primary uses its own {name}: {template}");
        }
        let traffic = scene.traffic(20).await?;
        let shipment = scene.shipment();
        scene.patch(Kind::SECRET, "podinfo-secret", json!({"stringData": {"token": "after"}})).await?;
        scene.promoted(shipment, "6.9.0").await?;
        let copy = scene.secret("podinfo-secret-primary").await?;
        let token = copy.data.and_then(|mut data| data.remove("token")).map(|bytes| bytes.0);
        ensure!(token.as_deref() == Some(b"after"), "{token:?}");
        let tally = traffic.stop().await;
        scene.no_request_failed(&tally)?;
        Ok(())
    })
}
