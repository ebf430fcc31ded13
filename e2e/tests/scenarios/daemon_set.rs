//! A DaemonSet as the target.

use std::time::Duration;

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};
use serin_api::Phase;
use serin_e2e::{
    Kind, Scene,
    history::Versions,
    scene::{LIMIT, Shipment, TestResult, together},
};

const SCALED_TO_ZERO: &str = "/spec/template/spec/nodeSelector/flagger.app~1scale-to-zero";

async fn install(scene: &Scene, change: Value) -> Result<()> {
    scene.apply("daemonset.yaml").await?;
    scene.take_up("canary.yaml", json!({"spec": {"targetRef": {"kind": "DaemonSet"}}})).await?;
    scene.patch(Kind::CANARY, "podinfo", change).await?;
    scene.until_phase(Phase::Initialized).await.map(drop)
}

/// Changes the target's image and the flags of its command.
async fn ship(scene: &Scene, version: &str, flag: Option<&str>) -> Result<Shipment> {
    let shipment = scene.shipment();
    let fixture = scene.fixture("daemonset.yaml")?;
    let mut container =
        fixture.into_iter().next().context("a DaemonSet")?.data["spec"]["template"]["spec"]["containers"][0]
            .take();
    container["image"] = format!("ghcr.io/stefanprodan/podinfo:{version}").into();
    if let Some(command) = container["command"].as_array_mut() {
        command.extend(flag.map(Value::from));
    }
    let template = json!({"spec": {"containers": [container]}});
    scene.patch(Kind::DAEMON_SET, "podinfo", json!({"spec": {"template": template}})).await?;
    Ok(shipment)
}

/// Waits until the target runs nowhere and the primary runs this version.
async fn at_rest(scene: &Scene, version: &str) -> Result<()> {
    scene.until_split(100, 0).await?;
    let resting = |versions: &Versions| {
        let target = versions.now(Kind::DAEMON_SET, "podinfo")?;
        let primary = versions.now(Kind::DAEMON_SET, "podinfo-primary")?;
        let image = primary.pointer("/spec/template/spec/containers/0/image")?.as_str()?;
        let down = target.pointer(SCALED_TO_ZERO) == Some(&json!("true"))
            && target["status"]["currentNumberScheduled"] == 0;
        let up = primary.pointer(SCALED_TO_ZERO).is_none() && primary["status"]["numberAvailable"] == 1;
        (down && up && image.ends_with(&format!(":{version}"))).then_some(())
    };
    scene.history.until(&format!("the primary at {version} and the target nowhere"), LIMIT, resting).await
}

#[test]
fn a_daemon_set_is_promoted_without_a_failed_request() -> TestResult {
    together("daemonset", async |scene| {
        install(scene, json!({})).await?;
        at_rest(scene, "6.9.0").await?;
        let applied = scene.canary()?.status.and_then(|status| status.last_applied_spec);
        let traffic = scene.traffic(20).await?;
        let shipment = ship(scene, "6.9.1", None).await?;
        let status = scene.outcome(shipment).await?;
        ensure!(status.phase == Phase::Succeeded, "{:#?}", scene.events());
        ensure!(status.last_applied_spec != applied && status.last_applied_spec == status.last_promoted_spec);
        at_rest(scene, "6.9.1").await?;
        let tally = traffic.stop().await;
        scene.no_request_failed(&tally)?;
        // Being scaled down is a change of the template, and no revision.
        let again = |versions: &Versions| {
            versions
                .canary("podinfo")
                .and_then(|canary| canary.status)
                .is_some_and(|s| s.phase != Phase::Succeeded)
        };
        scene.never_within(Duration::from_secs(3), "a rollout of nothing", again).await
    })
}

#[test]
fn a_daemon_set_that_never_gets_ready_is_rolled_back_at_the_deadline() -> TestResult {
    together("daemonset-unready", async |scene| {
        install(scene, json!({"spec": {"progressDeadlineSeconds": 10}})).await?;
        let traffic = scene.traffic(20).await?;
        let shipment = ship(scene, "6.9.1", Some("--unready=true")).await?;
        let status = scene.outcome(shipment).await?;
        ensure!(status.phase == Phase::Failed, "{:#?}", scene.events());
        scene
            .expect_events(&[
                "New revision detected! Scaling up podinfo.",
                "not ready with retryable true: waiting for rollout to finish: 0 ",
                "not ready with retryable false: exceeded its progressDeadlineSeconds: 10",
                "Canary failed! Scaling down podinfo.",
            ])
            .await?;
        at_rest(scene, "6.9.0").await?;
        scene.no_request_failed(&traffic.stop().await).map(drop)
    })
}

#[test]
fn a_daemon_set_takes_over_again_when_asked_to() -> TestResult {
    together("daemonset-revert", async |scene| {
        install(scene, json!({"spec": {"revertOnDeletion": true}})).await?;
        let finalizers = scene.canary()?.metadata.finalizers;
        ensure!(finalizers == Some(vec!["finalizer.flagger.app".to_owned()]), "{finalizers:?}");
        scene.api(Kind::CANARY).delete("podinfo", &kube::api::DeleteParams::default()).await?;
        scene.until_gone(Kind::CANARY, "podinfo").await?;
        scene.until_gone(Kind::DAEMON_SET, "podinfo-primary").await?;
        let runs = |versions: &Versions| {
            let target = versions.now(Kind::DAEMON_SET, "podinfo")?;
            (target.pointer(SCALED_TO_ZERO).is_none() && target["status"]["numberReady"] == 1).then_some(())
        };
        scene.history.until("the target on its node", LIMIT, runs).await
    })
}
