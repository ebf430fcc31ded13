//! The metric templates that are shipped for the gateway at hand measure what they say.

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};
use serin_api::canary::{CanaryStatus, CheckStatus};
use serin_e2e::{
    Kind, Scene,
    history::Versions,
    scene::{Fault, TestResult, together},
};

/// Name and a bound that a good version keeps on a busy machine too, and a bad one breaks.
const TEMPLATES: [(&str, &str, f64); 5] = [
    ("success-rate", "min", 98.0),
    ("latency-p50", "max", 1.5),
    ("latency-p95", "max", 1.5),
    ("latency-p99", "max", 1.5),
    ("saturation", "max", 4.0),
];

/// Applies the templates and a Canary that is judged by all of them.
async fn install(scene: &Scene) -> Result<()> {
    let address = json!({"spec": {"provider": {"address": scene.cluster.settings.prometheus}}});
    for (name, _, _) in TEMPLATES {
        let file = format!("../../metric-templates/envoy-gateway/{name}.yaml");
        scene.apply_changed(&file, address.clone()).await?;
    }
    let metric = |(name, side, bound): (&str, &str, f64)| json!({"name": name, "interval": "5s", "thresholdRange": {side: bound}, "templateRef": {"name": name}});
    let metrics: Vec<Value> = TEMPLATES.map(metric).into();
    scene.install_changed("canary.yaml", json!({"spec": {"analysis": {"metrics": metrics}}})).await?;
    Ok(())
}

fn check<'s>(status: &'s CanaryStatus, name: &str) -> Result<&'s CheckStatus> {
    let found = status.checks.iter().find(|check| check.name == name);
    found.with_context(|| format!("no check {name} in {:?}", status.checks))
}

fn value(status: &CanaryStatus, name: &str) -> Result<f64> {
    let check = check(status, name)?;
    let value = check.value.as_deref().with_context(|| format!("{check:?} has no value"))?;
    value.parse().with_context(|| format!("{check:?}"))
}

fn verdicts(status: &CanaryStatus) -> Vec<(&str, &str)> {
    status.checks.iter().map(|check| (check.name.as_str(), check.verdict.as_str())).collect()
}

/// Seconds that no machine takes, and much less than any latency in milliseconds.
const FAR: f64 = 60.0;

/// What holds of any version: percentiles are in their order, and a share is a share.
fn are_plausible(status: &CanaryStatus) -> Result<()> {
    let [success, p50, p95, p99, saturation] = TEMPLATES.map(|(name, _, _)| value(status, name));
    let (success, p50, p95, p99, saturation) = (success?, p50?, p95?, p99?, saturation?);
    ensure!((0.0..=100.0).contains(&success), "{:?}", status.checks);
    ensure!(0.0 < p50 && p50 <= p95 && p95 <= p99 && p99 < FAR, "{:?}", status.checks);
    ensure!((0.0..64.0).contains(&saturation), "{:?}", status.checks);
    Ok(())
}

/// The last status in which everything is measured: on a busy machine, Prometheus may have no answer for a moment.
async fn measured(scene: &Scene) -> Result<CanaryStatus> {
    let found = |versions: &Versions| {
        let statuses =
            versions.of(Kind::CANARY, "podinfo").rev().map(|version| version.object["status"].clone());
        let mut statuses = statuses.filter_map(|status| serde_json::from_value::<CanaryStatus>(status).ok());
        let whole = |status: &CanaryStatus| {
            status.checks.len() == TEMPLATES.len() && status.checks.iter().all(|check| check.value.is_some())
        };
        statuses.find(whole)
    };
    scene.look(found).await?.context("not everything was ever measured")
}

#[test]
fn a_good_version_passes_every_shipped_template() -> TestResult {
    together("templates", async |scene| {
        install(scene).await?;
        let traffic = scene.traffic(20).await?;
        let shipment = scene.ship("6.9.1", Fault::None).await?;
        let status = scene.promoted(shipment, "6.9.1").await?;
        are_plausible(&status)?;
        ensure!(status.checks.iter().all(|check| check.verdict == "Pass"), "{:?}", status.checks);
        ensure!((value(&status, "success-rate")? - 100.0).abs() < f64::EPSILON, "{:?}", status.checks);
        let tally = traffic.stop().await;
        scene.no_request_failed(&tally)?;
        Ok(())
    })
}

#[test]
fn a_slow_version_fails_the_templates_for_latency_and_saturation() -> TestResult {
    together("templates-slow", async |scene| {
        install(scene).await?;
        // A quarter of them, for 2 to 2.5 s each: some 20 are in flight in the only pod.
        let traffic = scene.traffic(40).await?;
        let shipment = scene.ship("6.9.2", Fault::Delay).await?;
        scene.rolled_back(shipment, "6.9.0").await?;
        let status = measured(scene).await?;
        are_plausible(&status)?;
        let latency = ["latency-p50", "latency-p95", "latency-p99"].map(|name| (name, "Fail"));
        let expected = [[("success-rate", "Pass")].as_slice(), &latency, &[("saturation", "Fail")]].concat();
        ensure!(verdicts(&status) == expected, "{:?}", status.checks);
        // At least the lower bound of the bucket that the shortest delay falls into; a busy machine adds to it.
        ensure!((1.0..FAR).contains(&value(&status, "latency-p50")?), "{:?}", status.checks);
        traffic.stop().await;
        Ok(())
    })
}

#[test]
fn a_failing_version_fails_the_template_for_the_success_rate() -> TestResult {
    together("templates-errors", async |scene| {
        install(scene).await?;
        let traffic = scene.traffic(40).await?;
        let shipment = scene.ship("6.9.2", Fault::Errors).await?;
        scene.rolled_back(shipment, "6.9.0").await?;
        let status = measured(scene).await?;
        are_plausible(&status)?;
        // A third of the answers are errors, and a third of those have a code of the 5xx.
        ensure!((50.0..98.0).contains(&value(&status, "success-rate")?), "{:?}", status.checks);
        ensure!(check(&status, "success-rate")?.verdict == "Fail", "{:?}", status.checks);
        ensure!(check(&status, "latency-p50")?.verdict == "Pass", "{:?}", status.checks);
        traffic.stop().await;
        Ok(())
    })
}
