//! Settings that cannot work: the Canary says so, traffic stays where it is, and no secret is told.

use anyhow::{Context, Result, ensure};
use kube::api::DeleteParams;
use serde_json::{Value, json};
use serin_api::CanaryStatus;
use serin_e2e::{
    ControlPlane, Kind, Recorder, Scene,
    recorder::{Answer, Receipt},
    scene::{Fault, LIMIT, TestResult, apart},
};

use super::{apply, quick};

/// The condition of an alert that did not arrive.
fn alert_failed(status: &CanaryStatus) -> Option<String> {
    let mut conditions = status.conditions.iter();
    let found = conditions.find(|found| found.type_ == "AlertFailed" && found.status == "True")?;
    found.message.clone()
}

/// An AlertProvider without its Secret holds nothing up, and is told until an alert arrives.
async fn missing_secret(scene: &Scene, people: &Recorder) -> Result<()> {
    let status = scene.until_status("condition AlertFailed", |status| alert_failed(status).is_some()).await?;
    let text = format!(
        "alert provider on-call.{} error: secretRef error: secrets \"hook\" not found; \
         create it beside the AlertProvider, or correct spec.secretRef",
        scene.namespace
    );
    ensure!(alert_failed(&status).as_ref() == Some(&text), "{:#?}", status.conditions);
    let event = scene.until_event(&text).await?;
    ensure!(event.level == "Warning", "{event:?}");
    let address = format!("{}/alert?key=hush-alert", people.url);
    apply(scene, "Secret", &scene.namespace, "hook", json!({"address": address})).await?;
    let shipment = scene.ship("6.9.1", Fault::None).await?;
    scene.promoted(shipment, "6.9.1").await?;
    scene.until_status("no condition AlertFailed", |status| alert_failed(status).is_none()).await?;
    let both = |receipts: &[Receipt]| {
        let told = receipts.iter().filter(|receipt| receipt.path == "/alert").count();
        (told >= 2).then_some(())
    };
    people.until("start and end of the rollout", LIMIT, both).await
}

/// Changes the analysis, ships, and sees that the rollout stays at its first weight, with this event.
async fn held(
    scene: &Scene,
    analysis: Value,
    version: &str,
    text: &str,
) -> Result<serin_e2e::scene::Shipment> {
    scene.patch(Kind::CANARY, "podinfo", json!({"spec": {"analysis": analysis}})).await?;
    let before = scene.canary_weights().len();
    let shipment = scene.ship(version, Fault::None).await?;
    let event = scene.until_event(text).await?;
    ensure!(event.level == "Warning", "{event:?}");
    scene.until_status("two failed checks", |status| status.failed_checks >= 2).await?;
    let weights = scene.canary_weights();
    ensure!(weights[before..].iter().all(|weight| *weight <= 50), "{weights:?}");
    ensure!(weights.last() == Some(&50), "the weight stays: {weights:?}");
    Ok(shipment)
}

/// A template whose Secret lacks a key is a failed check that says which key.
async fn missing_key(scene: &Scene, people: &Recorder) -> Result<()> {
    apply(scene, "Secret", &scene.namespace, "login", json!({"datadog_api_key": "hush-api"})).await?;
    let provider = json!({"type": "datadog", "address": people.url, "secretRef": {"name": "login"}});
    let spec = json!({"provider": provider, "query": "errors"});
    apply(scene, "MetricTemplate", &scene.namespace, "errors", spec).await?;
    let metric = json!({"name": "errors", "templateRef": {"name": "errors"}, "thresholdRange": {"max": 1}, "interval": "1m"});
    let analysis = json!({"threshold": 100, "metrics": [metric]});
    let text = format!(
        "Metric template errors.{} provider datadog error: datadog credentials does not contain \
         datadog_application_key; provider.secretRef must name a Secret with the key datadog_application_key",
        scene.namespace
    );
    let shipment = held(scene, analysis, "6.9.2", &text).await?;
    let status = scene.canary()?.status.context("no status")?;
    ensure!(status.checks.iter().any(|check| check.verdict == "Error"), "{:?}", status.checks);
    scene.patch(Kind::CANARY, "podinfo", json!({"spec": {"analysis": {"metrics": null}}})).await?;
    scene.promoted(shipment, "6.9.2").await?;
    scene.api(Kind::METRIC_TEMPLATE).delete("errors", &DeleteParams::default()).await?;
    Ok(())
}

/// A hook that never answers is a failed check after its timeout.
async fn silent_hook(scene: &Scene, people: &Recorder) -> Result<()> {
    people.answer("/slow", Answer::Silence);
    let url = format!("{}/slow?token=hush-hook", people.url).replace("://", "://me:hush-pass@");
    let hook = json!({"name": "slow", "type": "rollout", "url": url, "timeout": "1s"});
    let text = "advancement external check slow failed POST http://me:xxxxx@";
    let shipment = held(scene, json!({"webhooks": [hook]}), "6.9.3", text).await?;
    let event = scene.until_event("context deadline exceeded").await?;
    ensure!(event.message.contains("giving up after 1 attempt(s)"), "{event:?}");
    people.answer("/slow", Answer::Status(200));
    scene.promoted(shipment, "6.9.3").await.map(drop)
}

async fn told_and_held(scene: &Scene, plane: &ControlPlane) -> Result<()> {
    let people = Recorder::start().await?;
    let operator = plane.operator().await?;
    let spec = json!({"type": "webhook", "secretRef": {"name": "hook"}});
    apply(scene, "AlertProvider", &scene.namespace, "on-call", spec).await?;
    let alerts = [json!({"name": "on-call", "providerRef": {"name": "on-call"}})];
    scene.install_changed("canary.yaml", quick(&alerts, &[])).await?;
    missing_secret(scene, &people).await?;
    missing_key(scene, &people).await?;
    silent_hook(scene, &people).await?;
    let events: Vec<String> = scene.events().into_iter().map(|event| event.message).collect();
    let texts = [
        std::fs::read_to_string(&operator.log)?,
        operator.metrics().await?,
        events.join("\n"),
        serde_json::to_string(&scene.canary()?.status)?,
    ];
    for text in texts {
        ensure!(!text.contains("hush"), "a secret is told: {text}");
    }
    Ok(())
}

#[test]
fn what_cannot_work_is_told_and_holds_the_rollout() -> TestResult {
    apart("bad-input", told_and_held)
}
