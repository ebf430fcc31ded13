//! Checks that cannot be made.

use anyhow::{Result, ensure};
use serde_json::{Value, json};
use serin_e2e::{
    Kind, Scene,
    scene::{Fault, TestResult, together},
};

/// With a broken template for the error rate the rollout stays at its first weight; with a sound one it goes on.
async fn held_until_repaired(scene: &Scene, broken: Value, text: &str) -> Result<()> {
    scene.apply("metric-templates.yaml").await?;
    let template = scene.api(Kind::METRIC_TEMPLATE).get("error-rate").await?;
    let sound = json!({"spec": template.data["spec"]});
    scene
        .install_changed("canary.yaml", json!({"spec": {"analysis": {"interval": "2s", "threshold": 100}}}))
        .await?;
    scene.patch(Kind::METRIC_TEMPLATE, "error-rate", json!({"spec": broken})).await?;

    let traffic = scene.traffic(20).await?;
    let shipment = scene.ship("6.9.1", Fault::None).await?;
    let told = scene.until_event(text).await?;
    ensure!(told.level == "Warning", "{told:?}");
    let status = scene.until_status("two failed checks", |status| status.failed_checks >= 2).await?;
    ensure!(status.checks.iter().any(|check| check.verdict == "Error"), "{:?}", status.checks);
    ensure!(scene.canary_weights() == [0, 25], "{:?}", scene.canary_weights());

    scene.patch(Kind::METRIC_TEMPLATE, "error-rate", sound).await?;
    scene.promoted(shipment, "6.9.1").await?;
    let tally = traffic.stop().await;
    scene.no_request_failed(&tally)?;
    Ok(())
}

#[test]
fn an_unreachable_prometheus_holds_the_rollout() -> TestResult {
    together("prometheus-down", async |scene| {
        let broken = json!({"provider": {"address": "http://127.0.0.1:1"}});
        held_until_repaired(scene, broken, "Metric query failed for error-rate").await
    })
}

#[test]
fn a_template_that_does_not_render_holds_the_rollout() -> TestResult {
    together("template", async |scene| {
        let text = format!("Metric template error-rate.{} query render error", scene.namespace);
        held_until_repaired(scene, json!({"query": "sum({{ nobody }})"}), &text).await
    })
}

#[test]
fn a_query_error_holds_the_rollout() -> TestResult {
    together("query", async |scene| {
        held_until_repaired(scene, json!({"query": "sum("}), "Metric query failed for error-rate").await
    })
}

#[test]
fn without_values_the_rollout_is_held_and_then_rolled_back() -> TestResult {
    together("no-traffic", async |scene| {
        scene.install("canary.yaml").await?;
        let shipment = scene.ship("6.9.1", Fault::None).await?;
        scene.until_event("Halt advancement no values found for custom metric: error-rate").await?;
        let status = scene.rolled_back(shipment, "6.9.0").await?;
        ensure!(status.checks.iter().any(|check| check.verdict == "NoData"), "{:?}", status.checks);
        ensure!(scene.canary_weights() == [0, 25, 0], "{:?}", scene.canary_weights());
        Ok(())
    })
}

#[test]
fn values_that_are_not_a_number_count_as_none() -> TestResult {
    together("nan", async |scene| {
        scene.install("canary.yaml").await?;
        scene.patch(Kind::METRIC_TEMPLATE, "error-rate", json!({"spec": {"query": "vector(0) / 0"}})).await?;
        let traffic = scene.traffic(20).await?;
        let shipment = scene.ship("6.9.1", Fault::None).await?;
        scene.until_event("Halt advancement no values found for custom metric: error-rate").await?;
        scene.rolled_back(shipment, "6.9.0").await?;
        let tally = traffic.stop().await;
        scene.no_request_failed(&tally)?;
        Ok(())
    })
}

#[test]
fn a_provider_that_is_down_at_the_start_is_told() -> TestResult {
    together("provider", async |scene| {
        scene.apply("podinfo.yaml").await?;
        let nowhere =
            json!({"name": "nowhere", "thresholdRange": {"max": 1}, "templateRef": {"name": "nowhere"}});
        scene.take_up("canary.yaml", json!({"spec": {"analysis": {"metrics": [nowhere]}}})).await?;
        scene.until_event("Error checking metric providers").await?;
        scene.until_phase(serin_api::Phase::Initialized).await.map(drop)
    })
}
