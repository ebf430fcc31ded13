//! People steer rollouts by the plugin, under traffic.

use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};
use serin_api::{CanaryStatus, Phase};
use serin_e2e::{
    Scene,
    history::Versions,
    scene::{Fault, TestResult, together},
    settings::target,
};
use tokio::process::Command;

/// What the plugin printed, and its exit code.
struct Said {
    text: String,
    code: Option<i32>,
}

/// `kubectl serin <args> podinfo`
async fn serin(scene: &Scene, args: &[&str]) -> Result<Said> {
    let program = target().join("debug/kubectl-serin");
    ensure!(program.exists(), "the plugin is not built: run `make build`");
    let mut command = Command::new(program);
    command.args(args).args([&scene.app.canary, "--namespace", &scene.namespace]);
    let output = command.output().await.context("kubectl-serin")?;
    let text = [output.stdout, output.stderr].concat();
    Ok(Said { text: String::from_utf8_lossy(&text).into_owned(), code: output.status.code() })
}

async fn obeyed(scene: &Scene, args: &[&str]) -> Result<()> {
    let said = serin(scene, args).await?;
    ensure!(said.code == Some(0) && said.text.contains("obeyed"), "{args:?}: {:?} {}", said.code, said.text);
    Ok(())
}

/// Steps that nobody waits for: what goes on does so by command.
fn slow() -> Value {
    json!({"spec": {"analysis": {"interval": "60m", "metrics": null, "threshold": 1}}})
}

#[test]
fn a_rollout_is_held_resumed_and_promoted_by_command() -> TestResult {
    together("commands", async |scene| {
        scene.install_changed("canary.yaml", json!({"spec": {"analysis": {"interval": "2s"}}})).await?;
        let traffic = scene.traffic(20).await?;
        let shipment = scene.ship("6.9.1", Fault::None).await?;
        scene.until_weight(25).await?;
        obeyed(scene, &["pause", "--reason", "lunch"]).await?;
        scene.until_event("advancement paused by").await?;
        let person = |status: &CanaryStatus| {
            let waits = status.waiting.as_ref().is_some_and(|waiting| waiting.kind == "person");
            waits && status.paused.is_some()
        };
        let weight = scene.until_status("a pause", person).await?.canary_weight;
        let moved = |versions: &Versions| {
            let status = versions.canary(&scene.app.canary).and_then(|canary| canary.status);
            status.is_some_and(|status| status.canary_weight != weight)
        };
        scene.never_within(Duration::from_secs(6), "a step in a pause", moved).await?;
        obeyed(scene, &["resume"]).await?;
        obeyed(scene, &["promote", "--full"]).await?;
        scene.promoted(shipment, "6.9.1").await?;
        let late = serin(scene, &["abort"]).await?;
        ensure!(late.code == Some(0) && late.text.contains("has no effect"), "{}", late.text);
        scene.no_request_failed(&traffic.stop().await)?;
        scene.expect_events(&["Command pause for", "Command resume for", "Command promote-full for"]).await
    })
}

#[test]
fn a_rollout_is_aborted_at_once_and_tried_again() -> TestResult {
    together("abort", async |scene| {
        scene.install_changed("canary.yaml", slow()).await?;
        let traffic = scene.traffic(20).await?;
        let shipment = scene.ship("6.9.1", Fault::None).await?;
        scene.until_split(75, 25).await?;
        let refused = serin(scene, &["abort", "--revision", "another"]).await?;
        ensure!(
            refused.code == Some(1) && refused.text.contains("it is for revision another"),
            "{}",
            refused.text
        );
        let begun = Instant::now();
        obeyed(scene, &["abort", "--reason", "errors"]).await?;
        scene.until_split(100, 0).await?;
        println!("abort: route at 100/0 {} ms after the command was begun", begun.elapsed().as_millis());
        scene.rolled_back(shipment, "6.9.0").await?;
        obeyed(scene, &["retry"]).await?;
        scene.until_split(75, 25).await?;
        obeyed(scene, &["promote"]).await?;
        scene.until_split(50, 50).await?;
        obeyed(scene, &["promote"]).await?;
        scene.until_phase(Phase::Succeeded).await?;
        scene.at_rest("6.9.1").await?;
        scene.no_request_failed(&traffic.stop().await)?;
        Ok(())
    })
}
