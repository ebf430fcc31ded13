//! What the gateway says of a route is read, told and repaired.

use std::time::Duration;

use anyhow::{Result, ensure};
use serde_json::{Value, json};
use serin_api::Phase;
use serin_e2e::{
    Kind, Scene,
    history::Versions,
    scene::{Fault, TestResult, merged, together},
};

use super::{
    EditResult, LIMIT, answered_within, edit, is_initialized, none_fails, phase, said, settled, stalled, told,
};

/// What RE2 does not know: looking ahead.
const PATTERN: &str = "^(?!.*(bot|crawler)).*Firefox.*";

/// Words of which a message about a pattern has one.
const WORDS: [&str; 5] = ["regex", "regular expression", "pattern", "RE2", "(?!"];

/// How long users may be without an answer after an edit was mended.
const MENDED: Duration = Duration::from_secs(20);

fn agents(pattern: &str) -> Value {
    json!([{"headers": {"user-agent": {"regex": pattern}}}])
}

/// Waits until an edit that cannot be served is refused or told.
async fn refused(scene: &Scene, refused: Option<String>, words: &[&str]) -> Result<EditResult> {
    let outcome = settled(scene, refused, words, |_| false).await?;
    if let EditResult::Refused(message) = &outcome {
        ensure!(super::has_one(message, words), "no word of {words:?}: {message}");
    }
    Ok(outcome)
}

async fn served_again(scene: &Scene) -> Result<()> {
    let served = |versions: &Versions| stalled(versions).is_none().then_some(());
    scene.history.until("no condition Stalled", LIMIT, served).await
}

#[test]
fn a_pattern_that_is_no_re2_is_told_and_nothing_is_released_by_it() -> TestResult {
    together("edit-pattern", async |scene| {
        let change = json!({"spec": {"analysis": {"match": agents(".*Firefox.*"), "iterations": 3,
            "maxWeight": null, "stepWeight": null}}});
        scene.install_changed("edits/canary.yaml", change).await?;
        let traffic = scene.traffic(20).await?;
        let everywhere = json!([{"uri": {"regex": "^/(?!admin).*"}}]);
        for (wrong, right) in [
            (json!({"service": {"match": everywhere}}), json!({"service": {"match": null}})),
            (json!({"analysis": {"match": agents(PATTERN)}}), Value::Null),
        ] {
            let answer = edit(scene, json!({"spec": wrong})).await?;
            let outcome = refused(scene, answer, &WORDS).await?;
            if matches!(outcome, EditResult::Stalled(_)) && !right.is_null() {
                scene.patch(Kind::CANARY, "podinfo", json!({"spec": right})).await?;
                served_again(scene).await?;
            }
        }
        if scene.look(stalled).await?.is_some() {
            scene.ship("6.9.1", Fault::None).await?;
            let promoted = |versions: &Versions| phase(versions) == Some(Phase::Succeeded);
            scene
                .never_within(Duration::from_secs(12), "promoted by a test that nobody saw", promoted)
                .await?;
        }
        scene.no_request_failed(&traffic.stop().await).map(drop)
    })
}

#[test]
fn a_new_canary_with_a_pattern_that_is_no_re2_touches_nothing() -> TestResult {
    together("edit-pattern-new", async |scene| {
        scene.apply("podinfo.yaml").await?;
        let change = json!({"spec": {"analysis": {"match": agents(PATTERN), "iterations": 3,
            "maxWeight": null, "stepWeight": null}}});
        let answer = super::offer(scene, change).await?;
        refused(scene, answer, &WORDS).await?;
        super::nothing_was_made(scene, "podinfo").await
    })
}

/// A Canary that is judged by the value it names itself.
fn judged(value: &str) -> Value {
    let metric = json!({"name": "verdict", "templateRef": {"name": "verdict"}, "interval": "10s",
        "templateVariables": {"value": value}, "thresholdRange": {"max": 1}});
    json!({"spec": {"analysis": {"metrics": [metric]}}})
}

#[test]
fn a_bad_version_loses_its_share_although_the_new_route_is_refused() -> TestResult {
    together("edit-refused-amid", async |scene| {
        scene.apply("podinfo.yaml").await?;
        scene.apply("edits/templates.yaml").await?;
        let steps = json!({"spec": {"analysis": {"maxWeight": 80, "stepWeight": 10}}});
        scene.apply_changed("edits/canary.yaml", merged(judged("0"), steps)).await?;
        scene.until_phase(Phase::Initialized).await?;
        let traffic = scene.traffic(20).await?;
        // At rest: the API server refuses the route, and users do not feel it.
        let timeout = |value: Value| json!({"spec": {"service": {"timeout": value}}});
        if edit(scene, timeout(json!("1.5s"))).await?.is_none() {
            let seen = scene.canary()?.metadata.generation;
            let told = |versions: &Versions| {
                let status = versions.canary("podinfo")?.status?;
                let known = status.observed_generation >= seen || stalled(versions).is_some();
                known.then(|| stalled(versions))
            };
            if let Some(message) = scene.history.until("the edit to be seen", LIMIT, told).await? {
                ensure!(message.contains("timeout"), "{message}");
            }
            edit(scene, timeout(Value::Null)).await?;
            served_again(scene).await?;
        }

        scene.ship("6.9.1", Fault::None).await?;
        scene.until_weight(20).await?;
        let refused = edit(scene, merged(judged("9"), timeout(json!("1.5s")))).await?;
        if refused.is_none() {
            scene.until_split(100, 0).await?;
            let message = scene.look(stalled).await?;
            ensure!(message.as_ref().is_none_or(|message| message.contains("timeout")), "{message:?}");
            let tally = none_fails(scene, 60).await?;
            ensure!(tally.served_by("6.9.1") == 0, "the bad version serves: {:?}", tally.answers);
        }
        scene.no_request_failed(&traffic.stop().await).map(drop)
    })
}

fn parent(scene: &Scene, name: &str, section: Option<&str>) -> Value {
    let settings = &scene.cluster.settings;
    let name = if name.is_empty() { settings.gateway_name.as_str() } else { name };
    let mut parent = json!({"name": name, "namespace": settings.gateway_namespace});
    if let Some(section) = section {
        parent["sectionName"] = json!(section);
    }
    json!({"spec": {"service": {"gatewayRefs": [parent]}}})
}

/// Waits until a condition or the reason of a wait names what the Gateway lacks.
async fn is_named(scene: &Scene, name: &str) -> Result<()> {
    let named = |versions: &Versions| said(versions).contains(name).then_some(());
    scene.history.until(&format!("`{name}` to be told"), LIMIT, named).await
}

#[test]
fn a_gateway_or_a_listener_that_is_not_there_is_named_before_the_target_rests() -> TestResult {
    together("edit-no-gateway", async |scene| {
        scene.apply("podinfo.yaml").await?;
        if super::offer(scene, parent(scene, "no-such-gateway", None)).await?.is_none() {
            is_named(scene, "no-such-gateway").await?;
            target_serves(scene).await?;
        }
        if super::offer(scene, parent(scene, "", Some("htpp"))).await?.is_none() {
            is_named(scene, "htpp").await?;
            target_serves(scene).await?;
        }
        super::offer(scene, json!({})).await?;
        scene.until_phase(Phase::Initialized).await?;
        none_fails(scene, 20).await.map(drop)
    })
}

/// The target is not put to rest for a route that leads nowhere.
async fn target_serves(scene: &Scene) -> Result<()> {
    let target = scene.look(|versions| versions.now(Kind::DEPLOYMENT, "podinfo").cloned()).await?;
    ensure!(target.is_some_and(|target| target["spec"]["replicas"] == 1), "the target is at rest");
    ensure!(!scene.look(is_initialized).await?, "initialised, and nothing routes");
    Ok(())
}

/// Names a listener that is not there, mends it, and wants users answered soon and the phase in the end.
async fn mended(scene: &Scene, end: Phase) -> Result<()> {
    let refused = edit(scene, parent(scene, "", Some("htpp"))).await?;
    if refused.is_none() {
        told(scene, &["htpp"]).await?;
        let right = parent(scene, "", None);
        ensure!(edit(scene, right).await?.is_none(), "what is right is refused");
    }
    answered_within(scene, MENDED).await?;
    let traffic = scene.traffic(20).await?;
    scene.until_phase(end).await?;
    served_again(scene).await?;
    super::more(&traffic, 40).await?;
    scene.no_request_failed(&traffic.stop().await).map(drop)
}

#[test]
fn a_mended_listener_is_served_at_rest() -> TestResult {
    together("edit-mended", async |scene| {
        scene.install("edits/canary.yaml").await?;
        mended(scene, Phase::Initialized).await
    })
}

#[test]
fn a_mended_listener_is_served_amid_a_rollout() -> TestResult {
    together("edit-mended-amid", async |scene| {
        scene.install("edits/canary.yaml").await?;
        scene.ship("6.9.1", Fault::None).await?;
        scene.until_weight(25).await?;
        mended(scene, Phase::Succeeded).await
    })
}

#[test]
fn a_mended_listener_is_served_while_promoting() -> TestResult {
    together("edit-mended-promoting", async |scene| {
        scene.install("edits/canary.yaml").await?;
        scene.ship("6.9.1", Fault::None).await?;
        scene.until_phase(Phase::Promoting).await?;
        mended(scene, Phase::Succeeded).await
    })
}
