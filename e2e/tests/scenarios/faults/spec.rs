//! Manifests that the schema accepts and that cannot work.

use anyhow::{Result, ensure};
use serde_json::{Value, json};
use serin_api::Phase;
use serin_e2e::{
    Kind, Scene,
    history::Versions,
    invariants,
    scene::{Fault, LIMIT, TestResult, together},
};

/// The Canary says which field is wrong and what to do; once it is right, it is served.
async fn refused_until_corrected(scene: &Scene, wrong: Value, right: Value, texts: &[&str]) -> Result<()> {
    scene.apply("podinfo.yaml").await?;
    scene.take_up("canary.yaml", wrong).await?;
    let condition = scene.until_stalled().await?;
    let message = condition.message.unwrap_or_default();
    for text in texts {
        ensure!(message.contains(text), "`{text}` is not in: {message}");
        scene.until_event(text).await?;
    }
    let target = scene.look(|versions| versions.now(Kind::DEPLOYMENT, "podinfo").cloned()).await?;
    ensure!(target.is_some_and(|target| target["spec"]["replicas"] == 1), "nothing is touched meanwhile");
    scene.patch(Kind::CANARY, "podinfo", right).await?;
    scene.until_phase(Phase::Initialized).await?;
    scene.until_served().await.map(drop)
}

#[test]
fn missing_gateway_refs_are_told() -> TestResult {
    together("gateway-refs", async |scene| {
        let refs = json!([{
            "name": scene.cluster.settings.gateway_name,
            "namespace": scene.cluster.settings.gateway_namespace,
        }]);
        refused_until_corrected(
            scene,
            json!({"spec": {"service": {"gatewayRefs": null}}}),
            json!({"spec": {"service": {"gatewayRefs": refs}}}),
            &["gatewayRefs", "GatewayRefs must be specified when using Gateway API as a provider."],
        )
        .await
    })
}

#[test]
fn an_analysis_without_steps_is_told() -> TestResult {
    together("no-steps", async |scene| {
        refused_until_corrected(
            scene,
            json!({"spec": {"analysis": {"stepWeight": 0}}}),
            json!({"spec": {"analysis": {"stepWeight": 25}}}),
            &["spec.analysis", "set stepWeight, stepWeights or iterations"],
        )
        .await
    })
}

#[test]
fn a_spec_that_becomes_wrong_takes_the_share_back_until_it_is_mended() -> TestResult {
    together("bad-spec", async |scene| {
        scene.install_changed("canary.yaml", scene.held_at_first_weight()).await?;
        let traffic = scene.traffic(20).await?;
        let shipment = scene.ship("6.9.1", Fault::None).await?;
        scene.until_weight(25).await?;
        scene.patch(Kind::CANARY, "podinfo", json!({"spec": {"analysis": {"stepWeight": 0}}})).await?;
        let condition = scene.until_stalled().await?;
        ensure!(condition.message.is_some_and(|message| message.contains("spec.analysis")));
        // Nobody judges the new version meanwhile: it has no users.
        let back = |versions: &Versions| {
            let sides = invariants::split(versions.now(Kind::ROUTE, "podinfo")?)?;
            let canary = sides.iter().find(|side| side["name"] == "podinfo-canary")?;
            (canary["weight"] == 0).then_some(())
        };
        scene.history.until("the canary's share to go back", LIMIT, back).await?;
        scene.patch(Kind::CANARY, "podinfo", json!({"spec": {"analysis": {"stepWeight": 25}}})).await?;
        scene.turn("gate/open").await?;
        scene.promoted(shipment, "6.9.1").await?;
        let tally = traffic.stop().await;
        scene.no_request_failed(&tally)?;
        Ok(())
    })
}

#[test]
fn what_can_never_work_is_refused_at_admission() -> TestResult {
    together("admission", async |scene| {
        let both = json!({"spec": {"analysis": {"iterations": 3}}});
        let refused = scene.take_up("canary.yaml", both).await;
        ensure!(refused.is_err(), "steps and iterations exclude each other");
        let kind = json!({"spec": {"targetRef": {"kind": "StatefulSet"}}});
        let refused = scene.take_up("canary.yaml", kind).await;
        ensure!(refused.is_err(), "a StatefulSet cannot be a target");
        Ok(())
    })
}
