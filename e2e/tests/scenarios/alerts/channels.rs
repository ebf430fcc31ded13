//! Every kind of receiver, the filter by severity, Secrets, closed gates, and the operator's event webhook.

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};
use serin_api::Phase;
use serin_e2e::{
    ControlPlane, Recorder, Scene,
    recorder::{Answer, Receipt},
    scene::{Fault, LIMIT, TestResult, apart},
};

use super::{
    apply, quick,
    texts::{Alert, FAILED, INITIALIZED, STARTED, SUCCEEDED, WAITING},
};

const SLACK: [&str; 2] = ["good", "danger"];
const ROCKET: [&str; 2] = ["#0076D7", "#FF0000"];
/// All alerts of a promotion that waited for its approval, and of a rollback.
const ALL: [Alert; 6] = [INITIALIZED, STARTED, WAITING, SUCCEEDED, STARTED, FAILED];
/// Those from `warn` on, and `error` alone.
const WARN: [Alert; 2] = [WAITING, FAILED];
const ERROR: [Alert; 1] = [FAILED];

/// Where the operator itself is: another namespace than the Canary's.
const ELSEWHERE: &str = "serin-system";

/// Each kind of receiver once, some by a Secret. Returns the entries of `analysis.alerts`.
async fn receivers(scene: &Scene, url: &str) -> Result<Vec<Value>> {
    let own = scene.namespace.as_str();
    let workflow = "http://prod-1.westeurope.logic.azure.com/workflows/1/invoke?sig=hush-workflow";
    let providers = [
        (
            "slack",
            json!({"type": "slack", "channel": "releases", "username": "bot", "address": format!("{url}/slack")}),
        ),
        ("bot", json!({"type": "slack", "channel": "on-call", "secretRef": {"name": "bot"}})),
        ("connector", json!({"type": "msteams", "address": format!("{url}/connector")})),
        ("workflow", json!({"type": "msteams", "address": workflow, "proxy": url})),
        ("discord", json!({"type": "discord", "address": format!("{url}/discord")})),
        ("rocket", json!({"type": "rocket", "channel": "ops", "address": format!("{url}/rocket")})),
        ("gchat", json!({"type": "gchat", "address": format!("{url}/gchat?key=hush-gchat")})),
    ];
    for (name, spec) in providers {
        apply(scene, "AlertProvider", own, name, spec).await?;
    }
    let api = json!({"address": format!("{url}/api/chat.postMessage"), "token": "hush-bot"});
    apply(scene, "Secret", own, "bot", api).await?;
    let generic = json!({"type": "webhook", "secretRef": {"name": "generic"}});
    apply(scene, "AlertProvider", ELSEWHERE, "generic", generic).await?;
    let secret = json!({"address": format!("{url}/generic"), "token": "hush-generic"});
    apply(scene, "Secret", ELSEWHERE, "generic", secret).await?;
    let entry = |name: &str, severity: &str| json!({"name": name, "severity": severity, "providerRef": {"name": name}});
    Ok(vec![
        entry("slack", "info"),
        entry("bot", "error"),
        entry("connector", "warn"),
        entry("workflow", "info"),
        json!({"name": "discord", "providerRef": {"name": "discord"}}),
        entry("rocket", "error"),
        entry("gchat", "warn"),
        json!({"name": "generic", "severity": "info", "providerRef": {"name": "generic", "namespace": ELSEWHERE}}),
    ])
}

/// A promotion that has to be approved twice, once without an alert; then a version that fails its check.
async fn rollouts(scene: &Scene, people: &Recorder) -> Result<()> {
    people.answer("/quiet-gate", Answer::Status(403));
    people.answer("/gate", Answer::Status(403));
    let shipment = scene.ship("6.9.1", Fault::None).await?;
    scene.until_phase(Phase::Waiting).await?;
    people.answer("/quiet-gate", Answer::Status(200));
    scene.until_phase(Phase::WaitingPromotion).await?;
    people.answer("/gate", Answer::Status(200));
    scene.promoted(shipment, "6.9.1").await?;
    people.answer("/check", Answer::Status(500));
    let shipment = scene.ship("6.9.2", Fault::None).await?;
    scene.rolled_back(shipment, "6.9.1").await.map(drop)
}

fn bodies(people: &Recorder, path: &str) -> Vec<String> {
    people.at(path).into_iter().map(|receipt| receipt.body).collect()
}

fn expect(people: &Recorder, path: &str, alerts: &[Alert], form: impl Fn(Alert) -> String) -> Result<()> {
    let expected: Vec<String> = alerts.iter().map(|alert| form(*alert)).collect();
    let found = bodies(people, path);
    ensure!(found == expected, "{path} got\n{}\nin place of\n{}", found.join("\n"), expected.join("\n"));
    Ok(())
}

fn expect_bodies(people: &Recorder, namespace: &str) -> Result<()> {
    expect(people, "/slack", &ALL, |alert| alert.slack(namespace, "releases", "bot", SLACK))?;
    expect(people, "/api/chat.postMessage", &ERROR, |alert| {
        alert.slack(namespace, "on-call", "flagger", SLACK)
    })?;
    expect(people, "/connector", &WARN, |alert| alert.connector(namespace))?;
    expect(people, "/workflows/1/invoke", &ALL, |alert| alert.workflow(namespace))?;
    expect(people, "/discord/slack", &ALL, |alert| alert.slack(namespace, "general", "flagger", SLACK))?;
    expect(people, "/rocket", &ERROR, |alert| alert.slack(namespace, "ops", "flagger", ROCKET))?;
    expect(people, "/gchat", &WARN, |alert| alert.google_chat(namespace))?;
    let generic = people.at("/generic");
    let expected: Vec<String> = ALL
        .iter()
        .zip(&generic)
        .map(|(alert, receipt)| alert.generic(namespace, receipt.key.as_deref().unwrap_or_default()))
        .collect();
    ensure!(bodies(people, "/generic") == expected, "{generic:#?}");
    let keys: std::collections::BTreeSet<_> = generic.iter().map(|receipt| &receipt.key).collect();
    ensure!(keys.len() == ALL.len() && generic.iter().all(|receipt| receipt.key.is_some()), "{keys:?}");
    Ok(())
}

fn expect_credentials(people: &Recorder) -> Result<()> {
    let with = |path: &str| -> Option<String> { people.at(path).first()?.authorization.clone() };
    ensure!(with("/api/chat.postMessage").as_deref() == Some("Bearer hush-bot"));
    ensure!(with("/generic").as_deref() == Some("Bearer hush-generic"));
    ensure!(with("/slack").is_none() && with("/workflows/1/invoke").is_none());
    let through = people.at("/workflows/1/invoke");
    ensure!(through.iter().all(|receipt| receipt.host == "prod-1.westeurope.logic.azure.com"), "{through:?}");
    Ok(())
}

/// Every event of the Canary arrived once, in order, in Flagger's form.
fn expect_events(scene: &Scene, events: &[Receipt]) -> Result<()> {
    let namespace = &scene.namespace;
    let mut told = Vec::new();
    for receipt in events {
        let event: Value = serde_json::from_str(&receipt.body)?;
        let text = |field: &str| event[field].as_str().unwrap_or_default().to_owned();
        let metadata = &event["metadata"];
        let (phase, checksum) = (text("phase"), text("checksum"));
        let expected = format!(
            concat!(
                r#"{{"name":"podinfo","namespace":"{}","phase":"{}","checksum":"{}","#,
                r#""metadata":{{"eventMessage":{},"eventType":{},"timestamp":{}}}}}"#
            ),
            namespace,
            phase,
            checksum,
            metadata["eventMessage"],
            metadata["eventType"],
            metadata["timestamp"]
        );
        ensure!(receipt.body == expected && !phase.is_empty() && checksum.len() >= 8, "{}", receipt.body);
        told.push(metadata["eventMessage"].as_str().context("an event without a message")?.to_owned());
    }
    let ends = [
        format!("Initialization done! podinfo.{namespace}"),
        format!("Promotion completed! Scaling down podinfo.{namespace}"),
        format!("Canary failed! Scaling down podinfo.{namespace}"),
    ];
    for end in &ends {
        ensure!(told.iter().filter(|text| *text == end).count() == 1, "{end}: {told:#?}");
    }
    let written: Vec<String> = scene.events().into_iter().map(|event| event.message).collect();
    ensure!(written.iter().all(|text| told.contains(text)), "{written:#?} are not all of {told:#?}");
    Ok(())
}

async fn every_channel(scene: &Scene, plane: &ControlPlane) -> Result<()> {
    let people = Recorder::start().await?;
    let kubeconfig = plane.operator_kubeconfig().await?;
    let args = ["--cluster-name=prod".to_owned()];
    let events = [("EVENT_WEBHOOK_URL".to_owned(), format!("{}/events?key=hush-events", people.url))];
    let _operator = plane.launch("channels", &kubeconfig, &args, &events)?;
    let url = people.url.as_str();
    let gate = |name: &str, kind: &str, mute: bool| json!({"name": name, "type": kind, "url": format!("{url}/{name}"), "muteAlert": mute});
    let hooks = [
        gate("quiet-gate", "confirm-rollout", true),
        gate("gate", "confirm-promotion", false),
        gate("check", "rollout", false),
    ];
    let alerts = receivers(scene, url).await?;
    scene.install_changed("canary.yaml", quick(&alerts, &hooks)).await?;
    rollouts(scene, &people).await?;
    let failed = format!("Canary failed! Scaling down podinfo.{}", scene.namespace);
    let all = |receipts: &[Receipt]| {
        let count = |path: &str| receipts.iter().filter(|receipt| receipt.path == path).count();
        let ended =
            receipts.iter().any(|receipt| receipt.path == "/events" && receipt.body.contains(&failed));
        (ended && count("/generic") >= ALL.len() && count("/gchat") >= WARN.len()).then_some(())
    };
    people.until("the last alert", LIMIT, all).await?;
    // What is told is taken out of the status: then nothing more is under way.
    scene
        .until_status("no alert to be told", |status| {
            status.pending_notifications.iter().all(|item| item.alerts.is_empty())
        })
        .await?;
    expect_bodies(&people, &scene.namespace)?;
    expect_credentials(&people)?;
    expect_events(scene, &people.at("/events"))?;
    let log = std::fs::read_to_string(plane.file("channels.log"))?;
    ensure!(!log.contains("hush"), "a secret in the log");
    ensure!(!format!("{:?}", scene.canary()?.status).contains("hush"), "a secret in the status");
    Ok(())
}

#[test]
fn every_kind_of_receiver_is_told_in_its_own_form() -> TestResult {
    apart("channels", every_channel)
}
