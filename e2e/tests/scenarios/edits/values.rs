//! Values mean what they say.

use std::collections::BTreeMap;

use anyhow::{Result, ensure};
use k8s_openapi::api::core::v1::Pod;
use kube::{
    Api, ResourceExt,
    api::{DeleteParams, ListParams},
};
use serde_json::{Value, json};
use serin_api::Phase;
use serin_e2e::{
    Kind, Scene,
    history::Versions,
    scene::{Fault, TestResult, together},
    traffic,
};

use super::{EditResult, LIMIT, has_one, is_initialized, none_fails, nothing_was_made, offer, settled};

fn metric(name: &str, range: &Value) -> Value {
    json!({"name": name, "templateRef": {"name": name}, "thresholdRange": range, "interval": "10s"})
}

/// A check as a status told it.
#[derive(Debug)]
struct Told {
    verdict: String,
    value: Option<f64>,
    query: String,
}

/// What was told of a check in all rollouts.
fn values(versions: &Versions, name: &str) -> Vec<Told> {
    let canaries = versions.of(Kind::CANARY, "podinfo");
    let checks = canaries.filter_map(|version| version.object.pointer("/status/checks")?.as_array().cloned());
    let mine = checks.flatten().filter(|check| check["name"] == name);
    let text = |check: &Value, field: &str| check[field].as_str().unwrap_or_default().to_owned();
    mine.map(|check| Told {
        verdict: text(&check, "verdict"),
        value: text(&check, "value").parse().ok(),
        query: text(&check, "query"),
    })
    .collect()
}

/// Whether a value is this one.
fn is(told: &Told, value: f64) -> bool {
    told.value.is_some_and(|found| (found - value).abs() < 1e-9)
}

#[test]
fn queries_are_sent_as_written_and_a_scalar_is_a_value() -> TestResult {
    together("edit-queries", async |scene| {
        scene.apply("podinfo.yaml").await?;
        scene.apply("edits/templates.yaml").await?;
        let metrics = [metric("leading", &json!({"min": 1, "max": 1})), metric("number", &json!({"max": 1}))];
        let analysis = json!({"threshold": 2, "metrics": metrics});
        scene.apply_changed("edits/canary.yaml", json!({"spec": {"analysis": analysis}})).await?;
        scene.until_phase(Phase::Initialized).await?;
        let traffic = scene.traffic(20).await?;
        let shipment = scene.ship("6.9.1", Fault::None).await?;
        scene.promoted(shipment, "6.9.1").await?;
        for (name, value) in [("leading", 1.0), ("number", 0.5)] {
            let found = scene.look(|versions| values(versions, name)).await?;
            let right = |told: &Told| told.verdict == "Pass" && is(told, value);
            ensure!(!found.is_empty() && found.iter().all(right), "{name}: {found:?}");
        }

        let inside = json!([metric("inside", &json!({"max": 1}))]);
        scene.patch(Kind::CANARY, "podinfo", json!({"spec": {"analysis": {"metrics": inside}}})).await?;
        let shipment = scene.ship("6.9.2", Fault::None).await?;
        scene.rolled_back(shipment, "6.9.1").await?;
        let found = scene.look(|versions| values(versions, "inside")).await?;
        let sent = "vector(0.02) # a share\n  * 100      # in percent";
        // A value whose window reaches into the rollout before may be held; it never passes.
        ensure!(found.iter().any(|told| told.verdict == "Fail" && is(told, 2.0)), "{found:?}");
        ensure!(found.iter().all(|told| told.verdict != "Pass"), "{found:?}");
        let as_written = |told: &Told| told.query.is_empty() || told.query.trim_end() == sent;
        ensure!(found.iter().all(as_written), "{found:?}");
        scene.no_request_failed(&traffic.stop().await).map(drop)
    })
}

#[test]
fn a_star_is_any_host_or_told_before_anything_is_made() -> TestResult {
    together("edit-any-host", async |scene| {
        scene.apply("podinfo.yaml").await?;
        // Of all hosts, but with a path that no other test asks for.
        let service = json!({"hosts": ["*"], "match": [{"uri": {"prefix": "/status/207"}}]});
        let refused = offer(scene, json!({"spec": {"service": service}})).await?;
        match settled(scene, refused, &["hosts"], is_initialized).await? {
            EditResult::Refused(message) => ensure!(has_one(&message, &["hosts"]), "{message}"),
            EditResult::Stalled(_) => nothing_was_made(scene, "podinfo").await?,
            EditResult::Served => {
                let mut plan = scene.requests(1);
                (plan.host, plan.path) = (format!("any.{}", scene.host()), "/status/207".to_owned());
                traffic::until_served(&plan, LIMIT).await?;
            }
        }
        Ok(())
    })
}

#[test]
fn a_name_that_is_too_long_is_told_before_anything_is_made() -> TestResult {
    const LONG: &str = "recommendations-for-returning-customers-in-central-europe";
    together("edit-long-name", async |scene| {
        let labels = json!({"app": LONG});
        let change = json!({
            "metadata": {"name": LONG, "labels": labels},
            "spec": {"selector": {"matchLabels": labels}, "template": {"metadata": {"labels": labels}}},
        });
        scene.apply_changed("podinfo.yaml", change).await?;
        let refused = offer(scene, json!({"spec": {"targetRef": {"name": LONG}}})).await?;
        match settled(scene, refused, &["name", "label"], is_initialized).await? {
            EditResult::Served => none_fails(scene, 20).await.map(drop),
            EditResult::Refused(_) | EditResult::Stalled(_) => nothing_was_made(scene, LONG).await,
        }
    })
}

#[test]
fn a_quoted_number_is_a_port() -> TestResult {
    together("edit-quoted-port", async |scene| {
        scene
            .install_changed("edits/canary.yaml", json!({"spec": {"service": {"targetPort": "9898"}}}))
            .await?;
        none_fails(scene, 20).await.map(drop)
    })
}

/// How often each of the operator's containers was started.
async fn starts(scene: &Scene) -> Result<BTreeMap<String, i32>> {
    let cluster = &scene.cluster;
    let pods: Api<Pod> = Api::namespaced(cluster.client.clone(), &cluster.settings.operator_namespace);
    let pods = pods.list(&ListParams::default().labels("app.kubernetes.io/name=serin")).await?;
    let restarts = |pod: &Pod| {
        let statuses = pod.status.as_ref().and_then(|status| status.container_statuses.as_ref());
        statuses.into_iter().flatten().map(|status| status.restart_count).sum()
    };
    Ok(pods.iter().map(|pod| (pod.name_any(), restarts(pod))).collect())
}

#[test]
fn a_trillion_iterations_do_not_end_the_operator() -> TestResult {
    together("edit-iterations", async |scene| {
        scene.install("edits/canary.yaml").await?;
        let before = starts(scene).await?;
        let many = json!({"maxWeight": null, "stepWeight": null, "iterations": 1_000_000_000_000_u64});
        let outcome = trillion(scene, many).await;
        // Whatever came of it, nobody else is to suffer from it.
        scene.api(Kind::CANARY).delete("podinfo", &DeleteParams::default()).await?;
        outcome?;
        let after = starts(scene).await?;
        ensure!(before.iter().all(|(pod, count)| after.get(pod).is_none_or(|now| now == count)), "{after:?}");
        Ok(())
    })
}

async fn trillion(scene: &Scene, analysis: Value) -> Result<()> {
    let traffic = scene.traffic(20).await?;
    let refused = super::edit(scene, json!({"spec": {"analysis": analysis}})).await?;
    if refused.is_none() {
        scene.ship("6.9.1", Fault::None).await?;
        let iterates = |versions: &Versions| {
            versions.canary("podinfo").and_then(|canary| canary.status).is_some_and(|s| s.iterations >= 2)
        };
        settled(scene, None, &["iterations"], iterates).await?;
    }
    scene.no_request_failed(&traffic.stop().await).map(drop)
}

#[test]
fn errors_of_the_version_before_do_not_count_against_its_mend() -> TestResult {
    together("edit-predecessor", async |scene| {
        scene.apply("podinfo.yaml").await?;
        let window = json!({"name": "error-rate", "templateRef": {"name": "error-rate"},
            "thresholdRange": {"max": 1}, "interval": "20s"});
        let analysis = json!({"threshold": 1, "metrics": [window]});
        scene.take_up("canary.yaml", json!({"spec": {"analysis": analysis}})).await?;
        scene.until_phase(Phase::Initialized).await?;
        let traffic = scene.traffic(40).await?;
        let shipment = scene.ship("6.9.1", Fault::Errors).await?;
        scene.rolled_back(shipment, "6.9.0").await?;
        let shipment = scene.ship("6.9.2", Fault::None).await?;
        scene.promoted(shipment, "6.9.2").await?;
        let counted = |versions: &Versions| {
            let mine = shipment.after(versions).iter().filter(|version| version.kind == Kind::CANARY);
            let count = |object: &Value| object["status"]["failedChecks"].as_i64().unwrap_or(0);
            // What began before the shipment was seen has the count of the run before.
            let mut run = mine.skip_while(|version| version.object["status"]["phase"] != "Progressing");
            run.any(|version| count(&version.object) > 0)
        };
        ensure!(!scene.look(counted).await?, "an error of the version before was counted");
        scene.only_the_canary_failed(&traffic.stop().await).map(drop)
    })
}
