//! Serin stops and Flagger takes its place again.

use anyhow::{Context, Result, ensure};
use futures::future::try_join_all;
use kube::api::PostParams;
use serde_json::json;
use serin_api::Phase;
use serin_e2e::{
    Kind,
    history::{Version, Versions},
    scene::{LIMIT, TestResult, apart},
};

use super::{
    cases::{Left, Release, giving_back},
    prefix,
    report::{Still, stills},
    webhook_server::WebhookServer,
    went_back,
};

#[test]
fn flagger_takes_over_from_serin() -> TestResult {
    apart("takeover-back", async |_, plane| {
        let server = WebhookServer::open().await?;
        let serin = plane.operator_with(&[&prefix()]).await?;
        let releases = try_join_all(giving_back().into_iter().map(|case| Release::open(plane, case))).await?;
        try_join_all(releases.iter().map(|release| leave(release, &server))).await?;
        serin.end().await?;
        try_join_all(releases.iter().map(hand_over)).await?;
        let taken = stills(&releases).await?;
        let flagger = plane.flagger_with(&[&prefix()]).await?;
        try_join_all(releases.iter().map(|release| goes_on(release, &server))).await?;
        report(&releases, &taken).await?;
        let last = releases.iter().find(|release| release.case.name == "skipped").context("a case")?;
        last.ship("6.9.2").await?;
        last.scene.at_rest("6.9.2").await.context("the next release, with Flagger")?;
        flagger.stop().await?;
        try_join_all(releases.iter().map(|release| release.scene.close())).await.map(drop)
    })
}

/// Lets Serin bring the release to where it is left.
async fn leave(release: &Release, server: &WebhookServer) -> Result<()> {
    let left = async {
        let scene = &release.scene;
        release.install().await?;
        scene.take_up("canary.yaml", release.canary(server)).await?;
        scene.until_phase(Phase::Initialized).await?;
        if release.case.left == Left::Idle {
            return Ok(());
        }
        release.ship("6.9.1").await?;
        match release.case.left {
            Left::In(phase) | Left::Gated(phase) => drop(scene.until_phase(phase).await?),
            Left::Suspended(text) => {
                scene.until_event(text).await?;
                scene.patch(Kind::CANARY, "podinfo", json!({"spec": {"suspend": true}})).await?;
            }
            Left::Telling(text) => drop(scene.until_event(text).await?),
            _ => {}
        }
        anyhow::Ok(())
    };
    left.await.with_context(|| format!("with Serin, in {}", release.case.name))
}

/// What has to be done by hand, as the documentation says: Flagger would take the rule that keeps both sides warm
/// for somebody's change of the route, and start over.
async fn hand_over(release: &Release) -> Result<()> {
    let api = release.scene.api(Kind::ROUTE);
    if let Some(mut route) = api.get_opt("podinfo").await? {
        let rules = route.data["spec"]["rules"].as_array_mut().context("a route without rules")?;
        rules.retain(|rule| !rule["matches"].to_string().contains("x-serin-warm-up"));
        api.replace("podinfo", &PostParams::default(), &route).await?;
    }
    // So far one interval was to last longer than the test.
    let quick = json!({"spec": {"analysis": {"interval": "10s"}}});
    release.scene.patch(Kind::CANARY, "podinfo", quick).await.map(drop)
}

/// Rollouts are promoted; Flagger looks twice at what rests.
async fn goes_on(release: &Release, server: &WebhookServer) -> Result<()> {
    let goes_on = async {
        let (scene, namespace) = (&release.scene, release.scene.namespace.as_str());
        match release.case.left {
            Left::Telling(_) => {
                scene.until_phase(Phase::Succeeded).await?;
                release.at_rest("6.9.1").await
            }
            Left::Gated(Phase::WaitingPromotion) => {
                looked_at(release).await?;
                server.open_gate(namespace);
                scene.until_phase(Phase::Succeeded).await?;
                release.at_rest("6.9.1").await
            }
            Left::Suspended(_) => server.until_told(namespace, "skipping canary run", 2).await,
            _ => {
                for _ in 0..2 {
                    looked_at(release).await?;
                }
                Ok(())
            }
        }
    };
    goes_on.await.with_context(|| format!("with Flagger, in {}", release.case.name))
}

/// Flagger repairs a Service of the canary's in each of its rounds, before it looks at anything else.
async fn looked_at(release: &Release) -> Result<()> {
    let scene = &release.scene;
    let broken = json!({"spec": {"selector": {"app": "nobody"}}});
    let broken = scene.patch(Kind::SERVICE, "podinfo-canary", broken).await?;
    // It may be repaired before anybody saw it broken.
    let since: u64 = broken.metadata.resource_version.context("a Service without a version")?.parse()?;
    let repaired = |versions: &Versions| {
        let mut later =
            versions.of(Kind::SERVICE, "podinfo-canary").filter(|version| version.revision > since);
        let selects =
            |version: &Version| version.object.pointer("/spec/selector/app") == Some(&json!("podinfo"));
        later.any(selects).then_some(())
    };
    scene.history.until("the canary's Service to be repaired", LIMIT, repaired).await
}

async fn report(releases: &[Release], taken: &[Still]) -> Result<()> {
    let (mut objects, mut changed, mut begun, mut wrong) = (0, 0, 0, Vec::new());
    for (release, before) in releases.iter().zip(taken) {
        let (name, after) = (release.case.name, Still::of(&release.scene).await?);
        let weights = release.weights(before.revision);
        objects += before.len();
        begun += release.begun(before.revision, u64::MAX);
        println!("takeover back {name}: {} objects, weights {weights:?}", before.len());
        wrong.extend(went_back(name, &weights));
        if release.rests() && release.case.left != Left::Gated(Phase::WaitingPromotion) {
            let mut found = before.changes(&after);
            // Flagger writes the status of what failed in each of its rounds.
            if release.case.left == Left::In(Phase::Failed) {
                found.retain(|object, _| !object.starts_with("Canary"));
            }
            changed += found.len();
            wrong
                .extend(found.iter().map(|(object, fields)| format!("{name}: {object} changed: {fields:?}")));
        }
    }
    let cases = releases.len();
    println!(
        "takeover back: {cases} cases, {objects} objects, {changed} changed, rollouts falsely started: {begun}"
    );
    ensure!(begun == 0 && wrong.is_empty(), "{}", wrong.join("\n"));
    Ok(())
}
