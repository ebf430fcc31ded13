//! Webhooks: they hold a rollout, release it, or end it.

use anyhow::{Result, ensure};
use serde_json::{Value, json};
use serin_api::Phase;
use serin_e2e::{
    Kind, Scene,
    scene::{Fault, TestResult, together},
};

/// A change to a Canary: these hooks, and no metrics.
fn with_hooks(hooks: &[Value]) -> Value {
    json!({"spec": {"analysis": {"interval": "1s", "metrics": null, "webhooks": hooks}}})
}

/// A hook whose command the load tester runs before it answers.
fn command(scene: &Scene, kind: &str, command: &str, timeout: &str) -> Value {
    let metadata = json!({"type": "bash", "cmd": command});
    json!({"name": "check", "type": kind, "url": scene.hook("/"), "timeout": timeout, "metadata": metadata})
}

#[test]
fn a_failing_pre_rollout_hook_keeps_traffic_away_and_ends_the_rollout() -> TestResult {
    together("pre-rollout", async |scene| {
        let hooks = [command(scene, "pre-rollout", "exit 1", "5s")];
        scene.install_changed("canary.yaml", with_hooks(&hooks)).await?;
        let traffic = scene.traffic(20).await?;
        let shipment = scene.ship("6.9.1", Fault::None).await?;
        scene.until_event("advancement pre-rollout check check failed").await?;
        scene.rolled_back(shipment, "6.9.0").await?;
        ensure!(scene.canary_weights() == [0], "{:?}", scene.canary_weights());
        let tally = traffic.stop().await;
        ensure!(tally.failed() == 0 && tally.served_by("6.9.1") == 0, "{:?}", tally.answers);
        Ok(())
    })
}

#[test]
fn hooks_that_pass_let_the_rollout_go_on() -> TestResult {
    together("hooks", async |scene| {
        let smoke =
            format!("curl -sd 'anon' http://podinfo-canary.{}:9898/token | grep token", scene.namespace);
        let load = json!({"name": "load", "url": scene.hook("/"), "timeout": "5s", "metadata": {
            "cmd": format!("hey -z 5s -q 5 -c 2 -host {} {}", scene.host(), scene.cluster.gateway_inside)}});
        let hooks = [
            command(scene, "pre-rollout", &smoke, "5s"),
            load,
            json!({"name": "after", "type": "post-rollout", "url": scene.hook("/gate/approve")}),
        ];
        scene.install_changed("canary.yaml", with_hooks(&hooks)).await?;
        let shipment = scene.ship("6.9.1", Fault::None).await?;
        scene.promoted(shipment, "6.9.1").await?;
        scene.until_event("Post-rollout check after passed").await?;
        scene.expect_events(&["Pre-rollout check check passed", "Promotion completed!"]).await
    })
}

#[test]
fn gates_hold_the_rollout_until_they_open() -> TestResult {
    together("gates", async |scene| {
        // A gate for each: one that is to be closed again between them would have to be closed in time.
        let gate = |kind: &str, path: &str| json!({"name": kind, "type": kind, "url": scene.hook(path)});
        let hooks = [gate("confirm-rollout", "/gate/check"), gate("confirm-promotion", "/rollback/check")];
        scene.install_changed("canary.yaml", with_hooks(&hooks)).await?;
        let traffic = scene.traffic(20).await?;
        let shipment = scene.ship("6.9.1", Fault::None).await?;
        scene.until_phase(Phase::Waiting).await?;
        scene.expect_events(&["advancement waiting for approval confirm-rollout"]).await?;
        scene.turn("gate/open").await?;
        scene.until_weight(25).await?;
        scene.until_phase(Phase::WaitingPromotion).await?;
        scene.until_event("advancement waiting for promotion approval confirm-promotion").await?;
        ensure!(scene.image("podinfo-primary").await?.ends_with(":6.9.0"));
        scene.turn("rollback/open").await?;
        scene.promoted(shipment, "6.9.1").await?;
        let tally = traffic.stop().await;
        scene.no_request_failed(&tally)?;
        Ok(())
    })
}

#[test]
fn a_rollback_hook_ends_the_rollout() -> TestResult {
    together("rollback-hook", async |scene| {
        let hooks = [json!({"name": "stop", "type": "rollback", "url": scene.hook("/rollback/check")})];
        scene.install_changed("canary.yaml", with_hooks(&hooks)).await?;
        let traffic = scene.traffic(20).await?;
        scene.patch(Kind::CANARY, "podinfo", json!({"spec": {"analysis": {"stepWeight": 1}}})).await?;
        let shipment = scene.ship("6.9.1", Fault::None).await?;
        scene.until_weight(2).await?;
        scene.turn("rollback/open").await?;
        scene.rolled_back(shipment, "6.9.0").await?;
        scene
            .expect_events(&["Rollback check stop passed", "manual webhook invoked", "Canary failed!"])
            .await?;
        let tally = traffic.stop().await;
        scene.no_request_failed(&tally)?;
        Ok(())
    })
}

/// A hook that cannot pass holds the rollout where it is; once it can, the rollout goes on by itself.
async fn held_by(scene: &Scene, broken: Value, text: &str) -> Result<()> {
    let mut change = with_hooks(&[broken]);
    change["spec"]["analysis"]["threshold"] = json!(100);
    scene.install_changed("canary.yaml", change).await?;
    let traffic = scene.traffic(20).await?;
    let shipment = scene.ship("6.9.1", Fault::None).await?;
    let halt = scene.until_event("advancement external check check failed").await?;
    ensure!(halt.level == "Warning" && halt.message.contains(text), "{halt:?}");
    scene.until_status("two failed checks", |status| status.failed_checks >= 2).await?;
    ensure!(scene.canary_weights() == [0, 25], "{:?}", scene.canary_weights());
    let sound = json!([command(scene, "rollout", "true", "5s")]);
    scene.patch(Kind::CANARY, "podinfo", json!({"spec": {"analysis": {"webhooks": sound}}})).await?;
    scene.promoted(shipment, "6.9.1").await?;
    let tally = traffic.stop().await;
    scene.no_request_failed(&tally)?;
    Ok(())
}

#[test]
fn a_hook_that_is_down_holds_the_rollout() -> TestResult {
    together("hook-down", async |scene| {
        let url = format!("http://nobody.{}/", scene.namespace);
        let hook = json!({"name": "check", "type": "rollout", "url": url, "timeout": "1s"});
        held_by(scene, hook, "giving up after 1 attempt(s)").await
    })
}

#[test]
fn a_slow_hook_holds_the_rollout() -> TestResult {
    together("hook-slow", async |scene| {
        let hook = command(scene, "rollout", "sleep 5", "1s");
        held_by(scene, hook, "giving up after 1 attempt(s)").await
    })
}
