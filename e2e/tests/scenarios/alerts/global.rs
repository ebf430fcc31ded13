//! The operator's own receivers, told to it as Flagger's chart does: by arguments, and by a Secret whose keys become
//! variables.

use std::collections::BTreeMap;

use anyhow::{Context, Result, ensure};
use serde_json::Value;
use serin_e2e::{
    ControlPlane, Recorder, Scene,
    helm::{self, CHART},
    recorder::Receipt,
    scene::{Fault, LIMIT, TestResult, apart},
};

use super::{
    quick,
    texts::{INITIALIZED, STARTED, SUCCEEDED},
};

/// Arguments and variables of the operator in the chart with these values.
async fn rendered(values: &[String]) -> Result<(Vec<String>, Vec<(String, String)>)> {
    let values: Vec<String> = values.iter().map(|value| format!("--set={value}")).collect();
    let minimal = helm::values("minimal.yaml");
    let options: Vec<&str> =
        std::iter::once(minimal.as_str()).chain(values.iter().map(String::as_str)).collect();
    let objects = helm::template(CHART, "flagger", "flagger-system", &options).await?;
    let kind = |name: &str| {
        let mut found =
            objects.iter().filter(|object| object.types.as_ref().is_some_and(|types| types.kind == name));
        found.next().map(|object| object.data.clone())
    };
    let container =
        kind("Deployment").context("no Deployment")?["spec"]["template"]["spec"]["containers"][0].clone();
    let args: Vec<String> = serde_json::from_value(container["args"].clone())?;
    // The test has a port, a level and a cluster of its own.
    let own = ["run", "--port=", "--log-level=", "--min-interval=", "--enable-leader-election"];
    let args = args.into_iter().filter(|arg| !own.iter().any(|own| arg.starts_with(own)));
    let secret = kind("Secret").context("no Secret")?;
    ensure!(container["envFrom"][0]["secretRef"]["name"].is_string(), "{container}");
    let plain: BTreeMap<String, String> = serde_json::from_value(secret["stringData"].clone())?;
    Ok((args.collect(), plain.into_iter().collect()))
}

async fn until_count(people: &Recorder, path: &str, count: usize) -> Result<Vec<Receipt>> {
    let enough = |receipts: &[Receipt]| {
        let found: Vec<Receipt> = receipts.iter().filter(|receipt| receipt.path == path).cloned().collect();
        (found.len() >= count).then_some(found)
    };
    people.until(&format!("{count} at {path}"), LIMIT, enough).await
}

async fn own_receivers(scene: &Scene, plane: &ControlPlane) -> Result<()> {
    let people = Recorder::start().await?;
    let kubeconfig = plane.operator_kubeconfig().await?;
    let url = &people.url;
    let slack = [
        format!("slack.url={url}/slack?key=hush-slack"),
        "slack.token=hush-token".to_owned(),
        "slack.channel=releases".to_owned(),
        "slack.user=bot".to_owned(),
        format!("eventWebhook={url}/events"),
        "clusterName=prod".to_owned(),
    ];
    let (args, variables) = rendered(&slack).await?;
    ensure!(!format!("{args:?}").contains("hush"), "{args:?}");
    let operator = plane.launch("slack", &kubeconfig, &args, &variables)?;
    scene.install_changed("canary.yaml", quick(&[], &[])).await?;
    let told = until_count(&people, "/slack", 1).await?;
    let expected = INITIALIZED.slack(&scene.namespace, "releases", "bot", ["good", "danger"]);
    ensure!(told[0].body == expected, "{}\nin place of\n{expected}", told[0].body);
    ensure!(told[0].authorization.as_deref() == Some("Bearer hush-token"), "{told:?}");
    until_count(&people, "/events", 1).await?;
    scene
        .until_status("nothing to be told", |status| {
            status.pending_notifications.iter().all(|item| item.alerts.is_empty())
        })
        .await?;
    operator.stop().await?;

    // Microsoft Teams has precedence; the environment, too.
    let teams = [&slack[..], &[format!("msteams.url={url}/teams?key=hush-teams")]].concat();
    let (args, variables) = rendered(&teams).await?;
    let _operator = plane.launch("teams", &kubeconfig, &args, &variables)?;
    let shipment = scene.ship("6.9.1", Fault::None).await?;
    scene.promoted(shipment, "6.9.1").await?;
    let told: Vec<String> =
        until_count(&people, "/teams", 2).await?.into_iter().map(|receipt| receipt.body).collect();
    let expected = [STARTED, SUCCEEDED].map(|alert| alert.connector(&scene.namespace));
    ensure!(told == expected, "{told:#?}\nin place of\n{expected:#?}");
    ensure!(people.at("/slack").len() == 1, "{:#?}", people.at("/slack"));
    for log in ["slack.log", "teams.log"] {
        let log = std::fs::read_to_string(plane.file(log))?;
        ensure!(!log.contains("hush"), "a secret in the log");
    }
    let status: Value = serde_json::to_value(scene.canary()?.status)?;
    ensure!(!status.to_string().contains("hush"), "{status}");
    Ok(())
}

#[test]
fn the_receivers_of_the_chart_hear_of_canaries_without_alerts() -> TestResult {
    apart("global", own_receivers)
}
