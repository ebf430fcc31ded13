//! Targets that are missing, cannot be used, or belong to two; and others who write at the same time.

use std::time::Duration;

use anyhow::{Context, ensure};
use kube::api::DeleteParams;
use serde_json::json;
use serin_api::Phase;
use serin_e2e::{
    Kind,
    history::Versions,
    manifest,
    scene::{Fault, LIMIT, TestResult, together},
};

#[test]
fn a_missing_target_is_waited_for() -> TestResult {
    together("no-target", async |scene| {
        scene.take_up("canary.yaml", json!({})).await?;
        scene.until_event("deployments.apps \"podinfo\" not found").await?;
        let waiting = scene.until_status("a reason to wait", |status| status.waiting_for.is_some()).await?;
        ensure!(waiting.waiting_for.is_some_and(|reason| reason.contains("podinfo")));
        scene.apply("podinfo.yaml").await?;
        scene.until_phase(Phase::Initialized).await?;
        scene.at_rest("6.9.0").await
    })
}

#[test]
fn a_target_without_a_usable_selector_is_told() -> TestResult {
    together("selector", async |scene| {
        let labels = json!({"app": null, "tier": "web"});
        // Without pods: to delete the only copy that is ready is what the safety invariants forbid.
        let change = json!({"spec": {
            "paused": true,
            "selector": {"matchLabels": labels},
            "template": {"metadata": {"labels": labels}},
        }});
        scene.apply_changed("podinfo.yaml", change).await?;
        scene.take_up("canary.yaml", json!({})).await?;
        let text =
            format!("deployment podinfo.{} spec.selector.matchLabels must contain one of", scene.namespace);
        scene.until_event(&text).await?;
        let primary = |versions: &Versions| versions.now(Kind::DEPLOYMENT, "podinfo-primary").is_some();
        ensure!(!scene.look(primary).await?);
        // A selector cannot be changed.
        scene.api(Kind::DEPLOYMENT).delete("podinfo", &DeleteParams::default()).await?;
        scene.until_gone(Kind::DEPLOYMENT, "podinfo").await?;
        scene.apply("podinfo.yaml").await?;
        scene.until_phase(Phase::Initialized).await.map(drop)
    })
}

#[test]
fn a_second_canary_of_a_target_stands_back() -> TestResult {
    together("rivals", async |scene| {
        scene.install("canary.yaml").await?;
        let mut rival = scene.fixture("canary.yaml")?.pop().context("a Canary")?;
        rival.metadata.name = Some("rival".to_owned());
        manifest::apply(&scene.cluster.client, &rival).await?;
        let stalled = |versions: &Versions| {
            let conditions = versions.canary("rival")?.status?.conditions;
            conditions.into_iter().find(|found| found.type_ == "Stalled" && found.status == "True")
        };
        let condition = scene.history.until("the rival to stand back", LIMIT, stalled).await?;
        ensure!(condition.message.is_some_and(|message| message.contains("podinfo")));
        let told = |versions: &Versions| {
            versions.events("rival").into_iter().find(|event| event.message.contains("podinfo"))
        };
        scene.history.until("an event about it", LIMIT, told).await?;

        let traffic = scene.traffic(20).await?;
        let shipment = scene.ship("6.9.1", Fault::None).await?;
        scene.promoted(shipment, "6.9.1").await?;
        let tally = traffic.stop().await;
        scene.no_request_failed(&tally)?;

        scene.api(Kind::CANARY).delete("podinfo", &DeleteParams::default()).await?;
        let served = |versions: &Versions| {
            let status = versions.canary("rival")?.status?;
            (status.phase == Phase::Initialized).then_some(())
        };
        scene.history.until("the rival to take over", LIMIT, served).await
    })
}

#[test]
fn others_who_write_at_the_same_time_hold_nothing_up() -> TestResult {
    together("conflict", async |scene| {
        scene.install("canary.yaml").await?;
        let traffic = scene.traffic(20).await?;
        let busy = async {
            let mut rounds = tokio::time::interval(Duration::from_millis(500));
            for round in 0_u64.. {
                rounds.tick().await;
                // Not an annotation: those count as a change of a Deployment's generation.
                let note = json!({"metadata": {"labels": {"e2e.example.com/round": round.to_string()}}});
                for (kind, name) in [
                    (Kind::CANARY, "podinfo"),
                    (Kind::ROUTE, "podinfo"),
                    (Kind::DEPLOYMENT, "podinfo"),
                    (Kind::DEPLOYMENT, "podinfo-primary"),
                ] {
                    scene.patch(kind, name, note.clone()).await?;
                }
            }
            anyhow::Ok(())
        };
        let rollout = async {
            let shipment = scene.ship("6.9.1", Fault::None).await?;
            scene.promoted(shipment, "6.9.1").await
        };
        tokio::select! {
            ended = busy => ended.context("the busy writer")?,
            promoted = rollout => drop(promoted?),
        }
        ensure!(scene.canary_weights() == [0, 25, 50, 0], "{:?}", scene.canary_weights());
        let tally = traffic.stop().await;
        scene.no_request_failed(&tally)?;
        Ok(())
    })
}
