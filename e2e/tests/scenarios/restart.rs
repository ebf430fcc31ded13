//! The operator may end at any moment.

use anyhow::{Result, ensure};
use kube::{
    ResourceExt,
    api::{DeleteParams, ListParams},
};
use serin_e2e::{
    Kind, Scene, install,
    scene::{Fault, TestResult, alone},
};

/// Ends the operator's pods at once, as a crash would, and waits for the next one.
async fn crash(scene: &Scene) -> Result<()> {
    let namespace = &scene.cluster.settings.operator_namespace;
    let pods = scene.cluster.api(Kind::POD, namespace);
    let selector = ListParams::default().labels("app.kubernetes.io/name=serin");
    for pod in pods.list(&selector).await? {
        pods.delete(&pod.name_any(), &DeleteParams::default().grace_period(0)).await?;
    }
    install::available(&scene.cluster, namespace, "serin").await
}

#[test]
fn a_rollout_goes_on_after_the_operator_crashed() -> TestResult {
    alone("restart", async |scene| {
        scene.install("canary.yaml").await?;
        scene.mark_as_shared().await?;
        let traffic = scene.traffic(20).await?;
        let shipment = scene.ship("6.9.1", Fault::None).await?;
        scene.until_event("canary weight 25").await?;
        crash(scene).await?;
        scene.promoted(shipment, "6.9.1").await?;
        let tally = traffic.stop().await;
        ensure!(scene.canary_weights() == [0, 25, 50, 0], "{:?}", scene.canary_weights());
        scene.no_request_failed(&tally)?;
        scene.expect_events(&["Promotion completed!"]).await?;
        let said = |text: &str| scene.history.look(|versions| versions.count_events("podinfo", text));
        for text in ["New revision detected!", "canary weight 25", "Promotion completed!"] {
            ensure!(said(text) == 1, "`{text}` was said {} times", said(text));
        }
        Ok(())
    })
}

#[test]
fn a_bad_version_is_rolled_back_after_the_operator_crashed() -> TestResult {
    alone("restart-bad", async |scene| {
        scene.install("canary.yaml").await?;
        let traffic = scene.traffic(20).await?;
        let shipment = scene.ship("6.9.1", Fault::Errors).await?;
        scene.until_status("a failed check", |status| status.failed_checks > 0).await?;
        crash(scene).await?;
        scene.rolled_back(shipment, "6.9.0").await?;
        scene.only_the_canary_failed(&traffic.stop().await)?;
        Ok(())
    })
}
