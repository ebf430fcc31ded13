//! A Service as the target: what it selects is released.

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};
use serin_api::Phase;
use serin_e2e::{
    Kind, Scene,
    history::Versions,
    scene::{LIMIT, TestResult, together},
};

/// Two workloads of podinfo, and a Service that selects the first.
pub(crate) async fn workloads(scene: &Scene) -> Result<()> {
    for (track, version) in [("one", "6.9.0"), ("two", "6.9.1")] {
        let mut workload = scene.fixture("podinfo.yaml")?.into_iter().next().context("podinfo")?;
        workload.metadata.name = Some(format!("podinfo-{track}"));
        workload.metadata.labels = None;
        let spec = &mut workload.data["spec"];
        spec["selector"]["matchLabels"] = json!({"track": track});
        spec["template"]["metadata"]["labels"] = json!({"track": track});
        spec["template"]["spec"]["containers"][0]["image"] =
            format!("ghcr.io/stefanprodan/podinfo:{version}").into();
        serin_e2e::manifest::apply(&scene.cluster.client, &workload).await?;
    }
    scene.apply("versioned-service.yaml").await
}

async fn install(scene: &Scene, change: Value) -> Result<()> {
    workloads(scene).await?;
    scene.take_up("canary.yaml", change).await?;
    scene.until_phase(Phase::Initialized).await.map(drop)
}

fn target() -> Value {
    json!({"apiVersion": "v1", "kind": "Service"})
}

fn selected(versions: &Versions, service: &str) -> Option<String> {
    Some(versions.now(Kind::SERVICE, service)?.pointer("/spec/selector/track")?.as_str()?.to_owned())
}

async fn select(scene: &Scene, track: &str) -> Result<()> {
    let change = json!({"spec": {"selector": {"track": track}}});
    scene.patch(Kind::SERVICE, "podinfo", change).await.map(drop)
}

async fn until_selected(scene: &Scene, service: &str, track: &str) -> Result<()> {
    let found = |versions: &Versions| (selected(versions, service)? == track).then_some(());
    scene.history.until(&format!("{service} to select {track}"), LIMIT, found).await
}

#[test]
fn the_canary_follows_a_service_and_the_primary_is_promoted() -> TestResult {
    together("service", async |scene| {
        let analysis = json!({"iterations": 2, "stepWeight": null, "maxWeight": null, "metrics": null});
        let change =
            json!({"provider": "kubernetes", "targetRef": target(), "service": null, "analysis": analysis});
        install(scene, json!({"spec": change})).await?;
        let shipment = scene.shipment();
        select(scene, "two").await?;
        until_selected(scene, "podinfo-canary", "two").await?;
        let primary = |versions: &Versions| {
            let status = versions.canary("podinfo")?.status?;
            (status.phase == Phase::Progressing).then(|| selected(versions, "podinfo-primary"))
        };
        let primary = scene.history.until("the analysis", LIMIT, primary).await?;
        ensure!(primary.as_deref() == Some("one"), "the primary is {primary:?} during the analysis");
        let status = scene.outcome(shipment).await?;
        ensure!(status.phase == Phase::Succeeded && status.tracked_configs.is_none(), "{status:#?}");
        until_selected(scene, "podinfo-primary", "two").await?;
        ensure!(addresses(scene).await? == 3, "each Service has an address of its own");
        scene.api(Kind::CANARY).delete("podinfo", &kube::api::DeleteParams::default()).await?;
        scene.until_gone(Kind::SERVICE, "podinfo-primary").await?;
        scene.until_gone(Kind::SERVICE, "podinfo-canary").await?;
        let kept = scene.look(|versions| selected(versions, "podinfo")).await?;
        ensure!(kept.as_deref() == Some("two"), "the target stays as it is");
        Ok(())
    })
}

/// How many different addresses the three Services have.
async fn addresses(scene: &Scene) -> Result<usize> {
    let found = |versions: &Versions| {
        let address = |name: &&str| Some(versions.now(Kind::SERVICE, name)?["spec"]["clusterIP"].to_string());
        let names = ["podinfo", "podinfo-primary", "podinfo-canary"];
        names.iter().filter_map(address).collect::<std::collections::BTreeSet<_>>()
    };
    Ok(scene.look(found).await?.len())
}

#[test]
fn traffic_moves_between_what_a_service_selected_and_selects() -> TestResult {
    together("service-route", async |scene| {
        install(scene, json!({"spec": {"targetRef": target()}})).await?;
        let traffic = scene.traffic(20).await?;
        let shipment = scene.shipment();
        select(scene, "two").await?;
        scene.until_weight(25).await?;
        let status = scene.outcome(shipment).await?;
        ensure!(status.phase == Phase::Succeeded, "{:#?}", scene.events());
        scene.until_split(100, 0).await?;
        until_selected(scene, "podinfo-primary", "two").await?;
        let tally = traffic.stop().await;
        scene.no_request_failed(&tally)?;
        ensure!(scene.canary_weights() == [0, 25, 50, 0], "{:?}", scene.canary_weights());
        Ok(())
    })
}
