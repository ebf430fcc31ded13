//! A bad version is rolled back, and only those who were sent to it noticed.

use anyhow::{Result, ensure};
use serde_json::json;
use serin_api::CanaryStatus;
use serin_e2e::{
    Kind, Scene,
    history::Versions,
    scene::{Fault, TestResult, together},
};

/// Ships a version with this fault and expects its rollback for a check of this name.
async fn rolled_back_for(scene: &Scene, fault: Fault, check: &str) -> Result<()> {
    scene.install("canary.yaml").await?;
    scene.mark_as_shared().await?;
    let traffic = scene.traffic(20).await?;
    let shipment = scene.ship("6.9.2", fault).await?;
    let failed = format!("Halt podinfo.{} advancement {check}", scene.namespace);
    let halt = scene.until_event(&failed).await?;
    ensure!(halt.level == "Warning" && halt.message.contains(" > "), "{halt:?}");
    scene.rolled_back(shipment, "6.9.0").await?;
    scene.only_the_canary_failed(&traffic.stop().await)?;

    let explained = |status: &CanaryStatus| {
        let judged = status.checks.iter().find(|found| found.name == check);
        judged.is_some_and(|found| {
            found.verdict == "Fail"
                && found.value.is_some()
                && found.bound.is_some()
                && found.query.as_ref().is_some_and(|query| query.contains(&scene.namespace))
        })
    };
    // The last check of all may have no answer on a busy machine.
    let told = |versions: &Versions| {
        let statuses = versions.of(Kind::CANARY, "podinfo").map(|version| version.object["status"].clone());
        statuses.filter_map(|status| serde_json::from_value(status).ok()).filter(explained).count()
    };
    ensure!(scene.look(told).await? > 0, "no status explains a failed check");
    scene
        .expect_events(&[
            &failed,
            "failed checks threshold reached 10",
            &format!("Canary failed! Scaling down podinfo.{}", scene.namespace),
        ])
        .await?;
    Ok(())
}

#[test]
fn errors_lead_to_a_rollback() -> TestResult {
    together("errors", async |scene| rolled_back_for(scene, Fault::Errors, "error-rate").await)
}

#[test]
fn latency_leads_to_a_rollback() -> TestResult {
    together("latency", async |scene| rolled_back_for(scene, Fault::Delay, "latency").await)
}

#[test]
fn a_version_that_never_gets_ready_is_rolled_back_at_the_deadline() -> TestResult {
    together("unready", async |scene| {
        let change = json!({"spec": {"progressDeadlineSeconds": 5}});
        scene.install_changed("canary.yaml", change).await?;
        scene.patch(Kind::DEPLOYMENT, "podinfo", json!({"spec": {"progressDeadlineSeconds": 5}})).await?;
        let traffic = scene.traffic(20).await?;
        let shipment = scene.ship("6.9.2", Fault::Unready).await?;
        scene.rolled_back(shipment, "6.9.0").await?;
        scene.expect_events(&["progress deadline", "Canary failed! Scaling down podinfo."]).await?;
        ensure!(scene.canary_weights() == [0], "it never got traffic: {:?}", scene.canary_weights());
        let tally = traffic.stop().await;
        scene.no_request_failed(&tally)?;
        Ok(())
    })
}

#[test]
fn a_good_version_follows_a_bad_one() -> TestResult {
    together("retry", async |scene| {
        scene.install("canary.yaml").await?;
        let traffic = scene.traffic(20).await?;
        let bad = scene.ship("6.9.1", Fault::Errors).await?;
        scene.rolled_back(bad, "6.9.0").await?;
        let good = scene.ship("6.9.2", Fault::None).await?;
        scene.promoted(good, "6.9.2").await?;
        scene.only_the_canary_failed(&traffic.stop().await)?;
        Ok(())
    })
}
