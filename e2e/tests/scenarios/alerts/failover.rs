//! Two replicas with a lease. The one that leads is killed at the end of a rollout; the other tells it.

use anyhow::{Result, ensure};
use serde_json::json;
use serin_e2e::{
    ControlPlane, Recorder, Scene,
    control_plane::Moment,
    recorder::{Answer, Receipt},
    scene::{Fault, LIMIT, TestResult, apart},
};

use super::{apply, quick, texts::FAILED};
use crate::replicas::{Replicas, leader};

async fn until_told(people: &Recorder, count: usize) -> Result<Vec<Receipt>> {
    let told = |receipts: &[Receipt]| {
        let mut all = receipts.to_vec();
        all.retain(|receipt| receipt.path == "/alert" && receipt.body.contains(FAILED.text));
        (all.len() >= count).then_some(all)
    };
    people.until(&format!("{count} alerts"), LIMIT, told).await
}

async fn failover(scene: &Scene, plane: &ControlPlane) -> Result<()> {
    let people = Recorder::start().await?;
    let mut replicas = Replicas::of(plane, &["--lease-duration=15s"]).await?;
    replicas.start("one")?;
    replicas.start("two")?;
    let url = &people.url;
    let spec = json!({"type": "webhook", "address": format!("{url}/alert")});
    apply(scene, "AlertProvider", &scene.namespace, "alert", spec).await?;
    let alerts = [json!({"name": "alert", "severity": "error", "providerRef": {"name": "alert"}})];
    let hooks = [json!({"name": "check", "type": "rollout", "url": format!("{url}/check")})];
    people.answer("/check", Answer::Status(500));
    scene.install_changed("canary.yaml", quick(&alerts, &hooks)).await?;
    let (first, _) = leader(scene, "").await?;

    // The status is written, and the leader dies: the other one tells it.
    replicas.proxy.hold(Moment::After, |call| {
        call.path.contains("/canaries/podinfo/status")
            && call.body["status"].to_string().contains(FAILED.text)
    });
    let shipment = scene.ship("6.9.1", Fault::None).await?;
    replicas.proxy.held(LIMIT).await?;
    replicas.kill(&first).await?;
    let (second, _) = leader(scene, &first).await?;
    scene.rolled_back(shipment, "6.9.0").await?;
    until_told(&people, 1).await?;
    let noted = |status: &serin_api::CanaryStatus| {
        status.pending_notifications.iter().all(|item| item.alerts.is_empty())
    };
    scene.until_status("no alert to be told", noted).await?;
    ensure!(until_told(&people, 1).await?.len() == 1, "{:#?}", people.at("/alert"));

    // The receiver has the alert and has not answered: the other one repeats it under the same name.
    replicas.start("three")?;
    people.answer("/alert", Answer::SilenceFor(FAILED.text));
    let shipment = scene.ship("6.9.2", Fault::None).await?;
    until_told(&people, 2).await?;
    replicas.kill(&second).await?;
    people.answer("/alert", Answer::Status(200));
    leader(scene, &second).await?;
    scene.rolled_back(shipment, "6.9.0").await?;
    let told = until_told(&people, 3).await?;
    scene.until_status("no alert to be told", noted).await?;
    ensure!(told[1].key == told[2].key && told[1].body == told[2].body, "{told:#?}");
    ensure!(told[0].key != told[1].key && told[0].key.is_some(), "{told:#?}");
    ensure!(until_told(&people, 3).await?.len() == 3, "{:#?}", people.at("/alert"));
    Ok(())
}

#[test]
fn the_next_leader_tells_what_the_last_one_did_not() -> TestResult {
    apart("failover", failover)
}
