//! A status that is lost releases nothing that failed.

use std::time::Duration;

use anyhow::Result;
use kube::api::{DeleteParams, Patch, PatchParams};
use serde_json::{Value, json};
use serin_e2e::{
    Kind, Scene,
    history::Versions,
    scene::{Fault, TestResult, together},
};

/// How long the failed version stays where it is.
const STEADY: Duration = Duration::from_secs(12);

/// A release whose new version failed.
async fn failed(scene: &Scene) -> Result<()> {
    scene.install_changed("canary.yaml", json!({"spec": {"analysis": {"threshold": 1}}})).await?;
    let traffic = scene.traffic(30).await?;
    let shipment = scene.ship("6.9.1", Fault::Errors).await?;
    scene.rolled_back(shipment, "6.9.0").await?;
    scene.only_the_canary_failed(&traffic.stop().await).map(drop)
}

/// The primary runs the version that failed.
fn released(versions: &Versions) -> bool {
    let primary = versions.now(Kind::DEPLOYMENT, "podinfo-primary");
    let image = primary.and_then(|primary| primary.pointer("/spec/template/spec/containers/0/image"));
    image.and_then(Value::as_str).is_some_and(|image| image.ends_with(":6.9.1"))
}

/// Nothing is released for a while, with users who would feel it.
async fn stays(scene: &Scene) -> Result<()> {
    let traffic = scene.traffic(30).await?;
    scene.never_within(STEADY, "the version that failed is released", released).await?;
    scene.only_the_canary_failed(&traffic.stop().await).map(drop)
}

#[test]
fn a_failed_version_stays_where_it_is_when_the_status_is_lost() -> TestResult {
    together("edit-lost-status", async |scene| {
        failed(scene).await?;
        let nothing = Patch::Merge(json!({"status": null}));
        scene.api(Kind::CANARY).patch_status("podinfo", &PatchParams::default(), &nothing).await?;
        stays(scene).await
    })
}

#[test]
fn a_failed_version_stays_where_it_is_when_the_canary_is_made_anew() -> TestResult {
    together("edit-canary-anew", async |scene| {
        failed(scene).await?;
        scene.api(Kind::CANARY).delete("podinfo", &DeleteParams::orphan()).await?;
        scene.until_gone(Kind::CANARY, "podinfo").await?;
        scene.apply_changed("canary.yaml", json!({"spec": {"analysis": {"threshold": 1}}})).await?;
        stays(scene).await
    })
}
