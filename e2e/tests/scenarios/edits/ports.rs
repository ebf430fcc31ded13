//! A number in `service.targetPort` leads to the pods that listen on it.

use anyhow::{Result, ensure};
use serde_json::{Value, json};
use serin_api::Phase;
use serin_e2e::{
    Kind, Scene,
    history::Versions,
    scene::{Fault, TestResult, together},
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
fn a_version_on_another_port_is_released_with_its_number() -> TestResult {
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
fn a_number_that_no_container_declares_is_told() -> TestResult {
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

/// The port of the route's backends.
fn routed_port(versions: &Versions) -> Option<i64> {
    versions.now(Kind::ROUTE, "podinfo")?.pointer("/spec/rules/0/backendRefs/0/port")?.as_i64()
}

fn service_ports(versions: &Versions, service: &str) -> Vec<i64> {
    let ports = versions.now(Kind::SERVICE, service).and_then(|service| service["spec"]["ports"].as_array());
    ports.into_iter().flatten().filter_map(|port| port["port"].as_i64()).collect()
}

/// Envoy Gateway can tell its proxies of a route with another port before it tells them of the cluster behind it: a
/// request in that moment is answered with 500 (`cluster_not_found`).
const LOST_IN_A_MOVE: usize = 1;

/// Gives the Services another port, and waits until the route and both sides have that one alone.
async fn move_to(scene: &Scene, port: i64) -> Result<()> {
    let refused = edit(scene, json!({"spec": {"service": {"port": port}}})).await?;
    ensure!(refused.is_none(), "{refused:?}");
    let moved = |versions: &Versions| {
        let sides = ["podinfo-primary", "podinfo-canary"];
        let alone = sides.iter().all(|service| service_ports(versions, service) == [port]);
        (routed_port(versions) == Some(port) && alone).then_some(())
    };
    scene.history.until(&format!("port {port} alone"), LIMIT, moved).await
}

#[test]
fn a_services_port_changes_at_rest_and_amid_a_rollout() -> TestResult {
    together("edit-port", async |scene| {
        scene.install_changed("edits/canary.yaml", scene.held_at_first_weight()).await?;
        let traffic = scene.traffic(20).await?;
        move_to(scene, 80).await?;
        scene.ship("6.9.1", Fault::None).await?;
        scene.until_weight(25).await?;
        move_to(scene, 8080).await?;
        more(&traffic, 40).await?;
        let tally = traffic.stop().await;
        let lost = tally.failures.len();
        ensure!(lost <= 2 * LOST_IN_A_MOVE, "{lost} of {} requests lost in two moves", tally.requests());
        Ok(())
    })
}
