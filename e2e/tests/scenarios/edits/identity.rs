//! Another target, another selector, another autoscaler.

use std::time::Duration;

use anyhow::{Result, ensure};
use kube::api::{DeleteParams, PostParams};
use serde_json::{Value, json};
use serin_api::Phase;
use serin_e2e::{
    Kind, Scene,
    history::Versions,
    scene::{Fault, TestResult, together, unwatched},
};

use super::{LIMIT, endpoints, is_initialized, more, none_fails, served_by, settled, stalled};
use crate::autoscaler::{exists, know_scaled_objects};

/// How long the canary may keep its share after its target is gone.
const TAKEN_BACK: Duration = Duration::from_secs(12);

/// Makes a Deployment of the same application under another name.
pub(super) async fn second_target(scene: &Scene) -> Result<()> {
    let labels = json!({"app": "podinfo-v2"});
    let change = json!({
        "metadata": {"name": "podinfo-v2", "labels": labels},
        "spec": {"selector": {"matchLabels": labels}, "template": {"metadata": {"labels": labels}}},
    });
    scene.apply_changed("podinfo.yaml", change).await?;
    let ready = |versions: &Versions| is_ready(versions, "podinfo-v2").then_some(());
    scene.history.until("a ready podinfo-v2", LIMIT, ready).await
}

fn is_ready(versions: &Versions, deployment: &str) -> bool {
    let found = versions.now(Kind::DEPLOYMENT, deployment);
    found.is_some_and(|found| found["status"]["readyReplicas"].as_i64() > Some(0))
}

/// Names the second target; users are served all the time, and by its own primary in the end.
async fn moves(scene: &Scene, apex: &str) -> Result<()> {
    let traffic = scene.traffic(20).await?;
    more(&traffic, 20).await?;
    let refused = super::edit(scene, json!({"spec": {"targetRef": {"name": "podinfo-v2"}}})).await?;
    let service = format!("{apex}-primary");
    let moved = |versions: &Versions| {
        let phase = super::phase(versions);
        let rests = matches!(phase, Some(Phase::Initialized | Phase::Succeeded | Phase::Failed));
        rests
            && versions.now(Kind::ROUTE, apex).is_some()
            && served_by(versions, &service, "podinfo-v2-primary-")
    };
    settled(scene, refused, &["podinfo", "targetRef"], moved).await?;
    more(&traffic, 60).await?;
    scene.no_request_failed(&traffic.stop().await).map(drop)
}

#[test]
fn the_old_primary_serves_until_that_of_a_renamed_target_does() -> TestResult {
    together("edit-renamed", async |scene| {
        scene.apply("podinfo.yaml").await?;
        scene.apply_changed("edits/canary.yaml", json!({"spec": {"service": {"name": "podinfo"}}})).await?;
        scene.until_phase(Phase::Initialized).await?;
        second_target(scene).await?;
        moves(scene, "podinfo").await
    })
}

#[test]
fn a_target_renamed_amid_a_rollout_takes_its_services_along() -> TestResult {
    together("edit-renamed-amid", async |scene| {
        scene.install_changed("edits/canary.yaml", scene.held_at_first_weight()).await?;
        second_target(scene).await?;
        let traffic = scene.traffic(20).await?;
        scene.ship("6.9.1", Fault::None).await?;
        scene.until_weight(25).await?;
        scene.no_request_failed(&traffic.stop().await)?;
        moves(scene, "podinfo-v2").await
    })
}

/// Whether the DaemonSet has taken the place of the Deployment, of which nothing is left.
fn is_a_daemon_set(versions: &Versions) -> bool {
    let hash = |pod: &String| pod.trim_start_matches("podinfo-primary-").contains('-');
    let rests = matches!(super::phase(versions), Some(Phase::Initialized | Phase::Succeeded | Phase::Failed));
    rests
        && versions.now(Kind::DEPLOYMENT, "podinfo-primary").is_none()
        && served_by(versions, "podinfo-primary", "podinfo-primary-")
        && !endpoints(versions, "podinfo-primary").any(|pod| hash(&pod))
}

/// The watcher counts the pods of one kind; requests tell of both.
#[test]
fn a_target_of_another_kind_with_the_same_name_and_labels_takes_over() -> TestResult {
    unwatched("edit-kind", async |scene| {
        scene.install("edits/canary.yaml").await?;
        let traffic = scene.traffic(20).await?;
        scene.apply("daemonset.yaml").await?;
        let refused = super::edit(scene, json!({"spec": {"targetRef": {"kind": "DaemonSet"}}})).await?;
        settled(scene, refused, &["nothing of it"], is_a_daemon_set).await?;
        more(&traffic, 40).await?;
        scene.no_request_failed(&traffic.stop().await).map(drop)
    })
}

/// Applies the release with a label that tells it from the neighbour.
async fn with_neighbour(scene: &Scene) -> Result<()> {
    let labels = json!({"app": "podinfo", "tier": "api"});
    let change = json!({
        "spec": {"selector": {"matchLabels": labels}, "template": {"metadata": {"labels": labels}}},
    });
    scene.apply_changed("podinfo.yaml", change).await?;
    scene.apply("edits/worker.yaml").await?;
    let ready =
        |versions: &Versions| (is_ready(versions, "podinfo") && is_ready(versions, "worker")).then_some(());
    scene.history.until("both Deployments to be ready", LIMIT, ready).await
}

const SHARED: [&str; 3] = ["worker", "label", "selector"];

#[test]
fn two_releases_that_share_a_label_keep_their_users_apart() -> TestResult {
    together("edit-shared-label", async |scene| {
        with_neighbour(scene).await?;
        scene.apply("edits/canary.yaml").await?;
        scene.apply("edits/canary-worker.yaml").await?;
        let worker = |versions: &Versions| {
            let status = versions.canary("worker")?.status?;
            let told =
                status.conditions.iter().any(|found| found.type_ == "Stalled" && found.status == "True");
            (told || status.phase == Phase::Initialized).then_some(())
        };
        scene.history.until("the worker initialised, or told why not", LIMIT, worker).await?;
        if !settled(scene, None, &SHARED, is_initialized).await?.is_served() {
            return Ok(());
        }
        let tally = none_fails(scene, 60).await?;
        ensure!(tally.served_by("6.9.2") == 0, "the worker answered: {:?}", tally.answers);
        let pods: Vec<String> =
            scene.look(|versions| endpoints(versions, "podinfo-primary").collect()).await?;
        ensure!(pods.iter().all(|pod| pod.starts_with("podinfo-primary-")), "{pods:?}");
        Ok(())
    })
}

#[test]
fn a_neighbour_with_the_same_label_gets_no_request_of_the_canary() -> TestResult {
    together("edit-neighbour", async |scene| {
        with_neighbour(scene).await?;
        scene.apply("edits/canary.yaml").await?;
        if !settled(scene, None, &SHARED, is_initialized).await?.is_served() {
            return Ok(());
        }
        let traffic = scene.traffic(20).await?;
        scene.ship("6.9.1", Fault::None).await?;
        let ended = |versions: &Versions| super::phase(versions) == Some(Phase::Succeeded);
        settled(scene, None, &SHARED, ended).await?;
        let tally = traffic.stop().await;
        ensure!(tally.served_by("6.9.2") == 0, "the neighbour answered: {:?}", tally.answers);
        scene.no_request_failed(&tally).map(drop)
    })
}

/// Whether a selector with this term takes pods with this value of the label `app`.
fn takes(selector: &Value, value: &str) -> bool {
    let expressions = selector["matchExpressions"].as_array().map_or(&[][..], Vec::as_slice);
    let meant = expressions.iter().flat_map(|term| term["values"].as_array().cloned().unwrap_or_default());
    meant.chain(selector["matchLabels"].get("app").cloned()).any(|found| found == value)
}

#[test]
fn the_primary_keeps_away_from_its_own_kind_whatever_the_target_is_called() -> TestResult {
    together("edit-affinity", async |scene| {
        let labels = json!({"app": "shop"});
        let term = json!({"topologyKey": "kubernetes.io/hostname", "labelSelector":
            {"matchExpressions": [{"key": "app", "operator": "In", "values": ["shop"]}]}});
        let spread = json!({"maxSkew": 1, "topologyKey": "kubernetes.io/hostname",
            "whenUnsatisfiable": "DoNotSchedule", "labelSelector": {"matchLabels": labels}});
        let pod = json!({
            "affinity": {"podAntiAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": [term]}},
            "topologySpreadConstraints": [spread],
        });
        let change = json!({"spec": {
            "strategy": {"type": "Recreate", "rollingUpdate": null},
            "selector": {"matchLabels": labels},
            "template": {"metadata": {"labels": labels}, "spec": pod},
        }});
        scene.apply_changed("podinfo.yaml", change).await?;
        scene.apply("edits/canary.yaml").await?;
        scene.until_phase(Phase::Initialized).await?;
        let primary =
            scene.look(|versions| versions.now(Kind::DEPLOYMENT, "podinfo-primary").cloned()).await?;
        let pod = primary.unwrap_or_default()["spec"]["template"]["spec"].take();
        let anti = "/affinity/podAntiAffinity/requiredDuringSchedulingIgnoredDuringExecution/0/labelSelector";
        for place in [anti, "/topologySpreadConstraints/0/labelSelector"] {
            let selector = pod.pointer(place).cloned().unwrap_or_default();
            ensure!(takes(&selector, "shop-primary") && !takes(&selector, "shop"), "{place}: {selector}");
        }
        none_fails(scene, 20).await.map(drop)
    })
}

fn scalers(versions: &Versions) -> Vec<i64> {
    let of_primary = |scaler: &&Value| scaler["spec"]["scaleTargetRef"]["name"] == "podinfo-primary";
    let scalers = versions.all_now(Kind::AUTOSCALER).filter(of_primary);
    scalers.map(|scaler| scaler["spec"]["maxReplicas"].as_i64().unwrap_or(0)).collect()
}

/// Waits until the primary's autoscalers have these upper bounds.
async fn until_scalers(scene: &Scene, wanted: &[i64]) -> Result<()> {
    let right = |versions: &Versions| (scalers(versions) == wanted).then_some(());
    let what = format!("the primary's autoscalers to be {wanted:?}, not {:?}", scene.history.look(scalers));
    scene.history.until(&what, LIMIT, right).await
}

async fn refer(scene: &Scene, version: &str, kind: &str, name: &str) -> Result<()> {
    let reference = json!({"apiVersion": version, "kind": kind, "name": name});
    scene.patch(Kind::CANARY, "podinfo", json!({"spec": {"autoscalerRef": reference}})).await.map(drop)
}

#[test]
fn the_copy_of_a_former_autoscaler_goes() -> TestResult {
    together("edit-autoscaler", async |scene| {
        let bounds = |max: i64| json!({"spec": {"minReplicas": 1, "maxReplicas": max}});
        scene.apply_changed("autoscaler.yaml", bounds(2)).await?;
        let reference =
            json!({"apiVersion": "autoscaling/v2", "kind": "HorizontalPodAutoscaler", "name": "podinfo"});
        scene.install_changed("edits/canary.yaml", json!({"spec": {"autoscalerRef": reference}})).await?;
        until_scalers(scene, &[2]).await?;
        let traffic = scene.traffic(20).await?;
        scene.api(Kind::AUTOSCALER).delete("podinfo", &DeleteParams::default()).await?;
        let mut renamed = bounds(4);
        renamed["metadata"] = json!({"name": "podinfo-hpa"});
        scene.apply_changed("autoscaler.yaml", renamed).await?;
        refer(scene, "autoscaling/v2", "HorizontalPodAutoscaler", "podinfo-hpa").await?;
        until_scalers(scene, &[4]).await?;

        know_scaled_objects(scene).await?;
        scene.api(Kind::AUTOSCALER).delete("podinfo-hpa", &DeleteParams::default()).await?;
        scene.apply("scaledobject.yaml").await?;
        refer(scene, "keda.sh/v1alpha1", "ScaledObject", "podinfo-so").await?;
        exists(scene, "podinfo-so-primary", true).await?;
        until_scalers(scene, &[]).await?;

        scene.patch(Kind::CANARY, "podinfo", json!({"spec": {"autoscalerRef": null}})).await?;
        exists(scene, "podinfo-so-primary", false).await?;
        scene.no_request_failed(&traffic.stop().await).map(drop)
    })
}

/// Brings a rollout to its first weight, where it stays.
async fn hold_amid(scene: &Scene) -> Result<()> {
    scene.install_changed("edits/canary.yaml", scene.held_at_first_weight()).await?;
    scene.ship("6.9.1", Fault::None).await?;
    scene.until_weight(25).await?;
    scene.until_split(75, 25).await?;
    scene.api(Kind::DEPLOYMENT).delete("podinfo", &DeleteParams::background()).await.map(drop)?;
    Ok(())
}

/// The target with the new version, as it was before it was deleted.
async fn make_anew(scene: &Scene) -> Result<()> {
    for mut object in scene.fixture("podinfo.yaml")? {
        object.data["spec"]["template"]["spec"]["containers"][0]["image"] =
            json!("ghcr.io/stefanprodan/podinfo:6.9.1");
        scene.api(Kind::DEPLOYMENT).create(&PostParams::default(), &object).await?;
    }
    Ok(())
}

async fn promoted_in_the_end(scene: &Scene) -> Result<()> {
    scene.turn("gate/open").await?;
    scene.until_phase(Phase::Succeeded).await?;
    scene.at_rest("6.9.1").await
}

#[test]
fn a_target_that_is_deleted_amid_a_rollout_loses_its_share_at_once() -> TestResult {
    together("edit-deleted-amid", async |scene| {
        hold_amid(scene).await?;
        let back = |versions: &Versions| (scene.split(versions)? == [100, 0]).then_some(());
        scene.history.until("the share to be taken back", TAKEN_BACK, back).await?;
        let traffic = scene.traffic(20).await?;
        more(&traffic, 60).await?;
        make_anew(scene).await?;
        promoted_in_the_end(scene).await?;
        more(&traffic, 20).await?;
        scene.no_request_failed(&traffic.stop().await).map(drop)
    })
}

#[test]
fn a_target_that_is_replaced_at_once_is_released() -> TestResult {
    together("edit-replaced-amid", async |scene| {
        hold_amid(scene).await?;
        make_anew(scene).await?;
        let safe = |versions: &Versions| {
            let back = scene.split(versions)? == [100, 0];
            (back || served_by(versions, "podinfo-canary", "podinfo-")).then_some(())
        };
        scene.history.until("no share without endpoints", TAKEN_BACK, safe).await?;
        let traffic = scene.traffic(20).await?;
        promoted_in_the_end(scene).await?;
        ensure!(scene.look(stalled).await?.is_none(), "it is told to be stalled");
        scene.no_request_failed(&traffic.stop().await).map(drop)
    })
}
