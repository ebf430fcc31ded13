//! Endpoints are those that a request can reach.

use std::collections::BTreeSet;

use anyhow::{Result, ensure};
use serde_json::{Value, json};
use serin_api::Phase;
use serin_e2e::{
    Kind, Scene, Traffic,
    history::Versions,
    scene::{TestResult, together},
};

use super::{
    LIMIT, edit, has_ended, is_initialized, more, none_fails, phase, served_by, settled, stalled, told,
};

/// Gives the container's port another name.
async fn rename_port(scene: &Scene) -> Result<()> {
    let container = json!({
        "name": "podinfod",
        "ports": [{"containerPort": 9898, "name": "web"}],
        "readinessProbe": {"httpGet": {"path": "/readyz", "port": 9898}},
    });
    scene.patch_template(json!({"spec": {"containers": [container]}})).await
}

/// The rollout of a version without the port's name ends, or is told; nobody feels it.
async fn without_the_name(scene: &Scene, traffic: Traffic) -> Result<()> {
    more(&traffic, 20).await?;
    let begun = scene.history.look(Versions::count);
    rename_port(scene).await?;
    let ended = |versions: &Versions| {
        let phases = versions.after(begun).iter().filter(|version| version.kind == Kind::CANARY);
        let mut started = phases.filter(|version| version.object["status"]["phase"] == "Progressing");
        started.next().is_some() && has_ended(versions)
    };
    settled(scene, None, &["port", "http"], ended).await?;
    more(&traffic, 100).await?;
    scene.no_request_failed(&traffic.stop().await).map(drop)
}

#[test]
fn a_version_without_the_ports_name_is_not_released_unseen() -> TestResult {
    together("edit-port-name", async |scene| {
        let change = json!({"spec": {"skipAnalysis": true, "service": {"targetPort": "http"}}});
        scene.install_changed("edits/canary.yaml", change).await?;
        let traffic = scene.traffic(20).await?;
        // At rest: a port that no container has.
        let refused = edit(scene, json!({"spec": {"service": {"targetPort": "grpc"}}})).await?;
        let wrong = refused.is_none();
        let outcome = settled(scene, refused, &["port", "grpc"], |_| false).await?;
        ensure!(!outcome.is_served());
        if wrong {
            scene
                .patch(Kind::CANARY, "podinfo", json!({"spec": {"service": {"targetPort": "http"}}}))
                .await?;
            let served = |versions: &Versions| stalled(versions).is_none().then_some(());
            scene.history.until("the Canary to be served again", LIMIT, served).await?;
        }
        without_the_name(scene, traffic).await
    })
}

#[test]
fn a_version_without_the_ports_name_gets_no_share_in_an_analysis() -> TestResult {
    together("edit-port-name-analysis", async |scene| {
        let change = json!({"spec": {"progressDeadlineSeconds": 30, "service": {"targetPort": "http"}}});
        scene.install_changed("edits/canary.yaml", change).await?;
        let traffic = scene.traffic(20).await?;
        without_the_name(scene, traffic).await
    })
}

#[test]
fn a_paused_target_is_told_and_keeps_its_deadline() -> TestResult {
    together("edit-paused", async |scene| {
        let change = json!({"spec": {"progressDeadlineSeconds": 20}});
        scene.install_changed("edits/canary.yaml", change).await?;
        let traffic = scene.traffic(20).await?;
        let image = json!({"name": "podinfod", "image": "ghcr.io/stefanprodan/podinfo:6.9.1"});
        scene.patch(Kind::DEPLOYMENT, "podinfo", json!({"spec": {"paused": true}})).await?;
        scene.patch_template(json!({"spec": {"containers": [image]}})).await?;
        told(scene, &["paused"]).await?;
        let failed = |versions: &Versions| (phase(versions) == Some(Phase::Failed)).then_some(());
        scene.history.until("the deadline to pass", LIMIT, failed).await?;
        ensure!(scene.image("podinfo-primary").await?.ends_with(":6.9.0"), "promoted while paused");
        scene.patch(Kind::DEPLOYMENT, "podinfo", json!({"spec": {"paused": false}})).await?;
        scene.no_request_failed(&traffic.stop().await)?;
        none_fails(scene, 60).await.map(drop)
    })
}

/// The number and the protocol of each port of a Service, and how many there are.
fn ports(versions: &Versions, service: &str) -> (usize, BTreeSet<(i64, String)>) {
    let found = versions.now(Kind::SERVICE, service).map(|service| service["spec"]["ports"].clone());
    let found = found.and_then(|ports| ports.as_array().cloned()).unwrap_or_default();
    let port = |port: &Value| {
        let protocol = port["protocol"].as_str().unwrap_or("TCP").to_owned();
        (port["port"].as_i64().unwrap_or(0), protocol)
    };
    (found.len(), found.iter().map(port).collect())
}

#[test]
fn odd_ports_are_found_with_names_of_their_own() -> TestResult {
    together("edit-odd-ports", async |scene| {
        scene.apply("edits/odd-ports.yaml").await?;
        let change = json!({"spec": {"service": {"portDiscovery": true, "targetPort": "http"}}});
        scene.apply_changed("edits/canary.yaml", change).await?;
        settled(scene, None, &[], is_initialized).await?;
        let wanted = [(5353, "TCP"), (5353, "UDP"), (9600, "TCP"), (9700, "TCP"), (9898, "TCP")];
        let wanted: BTreeSet<(i64, String)> = wanted.map(|(port, of)| (port, of.to_owned())).into();
        for service in ["podinfo", "podinfo-primary", "podinfo-canary"] {
            let (count, found) = scene.look(|versions| ports(versions, service)).await?;
            ensure!(found == wanted && count == wanted.len(), "{service}: {count} ports, {found:?}");
        }
        let primary = |versions: &Versions| served_by(versions, "podinfo-primary", "podinfo-primary-");
        ensure!(scene.look(primary).await?, "the primary has no endpoints");
        none_fails(scene, 20).await.map(drop)
    })
}
