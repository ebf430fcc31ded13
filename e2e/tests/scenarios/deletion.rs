//! Deleting a Canary.

use anyhow::{Result, ensure};
use kube::api::DeleteParams;
use serde_json::json;
use serin_e2e::{
    Kind, Scene,
    history::Versions,
    scene::{Fault, LIMIT, TestResult, together},
};

async fn is_served(scene: &Scene) -> Result<()> {
    let requests = scene.requests(1);
    serin_e2e::traffic::until_served(&requests, LIMIT).await
}

async fn delete(scene: &Scene) -> Result<()> {
    scene.api(Kind::CANARY).delete("podinfo", &DeleteParams::default()).await?;
    scene.until_gone(Kind::CANARY, "podinfo").await?;
    for (kind, name) in
        [(Kind::DEPLOYMENT, "podinfo-primary"), (Kind::ROUTE, "podinfo"), (Kind::SERVICE, "podinfo-canary")]
    {
        scene.until_gone(kind, name).await?;
    }
    Ok(())
}

#[test]
fn what_the_canary_owned_goes_with_it() -> TestResult {
    together("deletion", async |scene| {
        scene.install("canary.yaml").await?;
        delete(scene).await?;
        scene.until_gone(Kind::SERVICE, "podinfo").await?;
        let target = scene.look(|versions| versions.now(Kind::DEPLOYMENT, "podinfo").cloned()).await?;
        ensure!(target.is_some_and(|target| target["spec"]["replicas"] == 0), "the target is left as it was");
        Ok(())
    })
}

#[test]
fn the_target_takes_over_again_when_asked_to() -> TestResult {
    together("revert", async |scene| {
        let users = scene.users_of_the_apex(20).await?;
        scene.install_changed("canary.yaml", json!({"spec": {"revertOnDeletion": true}})).await?;
        let traffic = scene.traffic(20).await?;
        let shipment = scene.ship("6.9.1", Fault::None).await?;
        scene.promoted(shipment, "6.9.1").await?;
        let tally = traffic.stop().await;
        scene.no_request_failed(&tally)?;
        let selector = |versions: &Versions| {
            let service = versions.now(Kind::SERVICE, "podinfo")?;
            Some(service.pointer("/spec/selector/app")?.as_str()?.to_owned())
        };
        ensure!(scene.look(selector).await?.as_deref() == Some("podinfo-primary"));
        delete(scene).await?;
        let reverted = |versions: &Versions| {
            let target = versions.now(Kind::DEPLOYMENT, "podinfo")?;
            (target["status"]["readyReplicas"].as_i64() >= Some(1)).then_some(())
        };
        scene.history.until("a ready target", LIMIT, reverted).await?;
        ensure!(
            scene.look(selector).await?.as_deref() == Some("podinfo"),
            "the apex selects the target again"
        );
        // They were there before the Canary and after it.
        scene.no_request_failed(&users.stop().await).map(drop)
    })
}

#[test]
fn a_route_of_the_user_is_given_back() -> TestResult {
    together("revert-route", async |scene| {
        scene.apply("podinfo.yaml").await?;
        scene.apply("apex-service.yaml").await?;
        scene.apply("users-route.yaml").await?;
        is_served(scene).await?;
        let spec = |versions: &Versions| Some(versions.now(Kind::ROUTE, "podinfo")?["spec"].clone());
        let users = scene.look(spec).await?;
        // Users stay all the time: while the route is taken, and while it is given back.
        let traffic = scene.traffic(100).await?;
        scene.install_changed("canary.yaml", json!({"spec": {"revertOnDeletion": true}})).await?;
        scene.until_split(100, 0).await?;
        let shipment = scene.ship("6.9.1", Fault::None).await?;
        scene.promoted(shipment, "6.9.1").await?;
        scene.api(Kind::CANARY).delete("podinfo", &DeleteParams::default()).await?;
        scene.until_gone(Kind::CANARY, "podinfo").await?;
        scene.until_gone(Kind::DEPLOYMENT, "podinfo-primary").await?;
        let tally = traffic.stop().await;
        scene.no_request_failed(&tally)?;
        let now = scene.look(spec).await?;
        ensure!(now == users, "{now:#?}");
        let ours = |versions: &Versions| {
            let route = versions.now(Kind::ROUTE, "podinfo")?;
            Some(route.pointer("/metadata/annotations").cloned().unwrap_or_default().to_string())
        };
        let left = scene.look(ours).await?.unwrap_or_default();
        ensure!(!left.contains("serin/") && !left.contains("toolkit.fluxcd.io"), "left behind: {left}");
        let answer = serin_e2e::traffic::once(&scene.requests(1)).await?;
        ensure!(answer.headers().get("x-route").is_some_and(|value| value == "users"), "{answer:?}");
        Ok(())
    })
}

#[test]
fn what_was_made_under_a_former_name_goes() -> TestResult {
    together("renamed", async |scene| {
        scene.install("canary.yaml").await?;
        let traffic = scene.traffic(20).await?;
        scene.patch(Kind::CANARY, "podinfo", json!({"spec": {"service": {"name": "web"}}})).await?;
        scene.until_gone(Kind::ROUTE, "podinfo").await?;
        for name in ["podinfo", "podinfo-primary", "podinfo-canary"] {
            scene.until_gone(Kind::SERVICE, name).await?;
        }
        let status = scene.until_status("no leftovers", |status| status.leftovers.is_empty()).await?;
        ensure!(status.service_name.as_deref() == Some("web"));
        is_served(scene).await?;
        scene.no_request_failed(&traffic.stop().await)?;
        for name in ["web", "web-primary", "web-canary"] {
            let found = scene.look(|versions| versions.now(Kind::SERVICE, name).is_some()).await?;
            ensure!(found, "no {name}");
        }
        Ok(())
    })
}

#[test]
fn a_canary_deleted_amid_a_rollout_reverts_too() -> TestResult {
    together("revert-amid", async |scene| {
        scene.apply("apex-service.yaml").await?;
        scene.install_changed("canary.yaml", json!({"spec": {"revertOnDeletion": true}})).await?;
        let traffic = scene.traffic(20).await?;
        scene.ship("6.9.1", Fault::None).await?;
        scene.until_weight(25).await?;
        traffic.stop().await;
        delete(scene).await
    })
}
