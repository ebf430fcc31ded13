//! Flagger stops and Serin takes its place, in every state that a Canary can be in; and back again.

mod back;
mod cases;
mod lease;
mod live;
mod removed;
mod report;
mod webhook_server;

use std::time::Duration;

use anyhow::{Context, Result, ensure};
use futures::future::try_join_all;
use serde_json::{Value, json};
use serin_api::Phase;
use serin_e2e::{
    Kind,
    control_plane::Operator,
    history::Versions,
    scene::{LIMIT, TestResult, apart},
};

use cases::{Left, Release, cases, host};
use report::{Still, stills};
use webhook_server::WebhookServer;

/// The flag that both operators have here.
fn prefix() -> String {
    format!("-include-label-prefix={}", removed::PREFIX)
}

#[test]
fn serin_takes_over_from_flagger() -> TestResult {
    apart("takeover", async |_, plane| {
        plane.define_as_flagger_does().await?;
        let server = WebhookServer::open().await?;
        let flagger = plane.flagger_with(&[&prefix()]).await?;
        let releases = try_join_all(cases().into_iter().map(|case| Release::open(plane, case))).await?;
        try_join_all(releases.iter().map(|release| release.bring(&server))).await?;
        flagger.stop().await?;
        for release in &releases {
            release.let_go(&server).await?;
        }
        let taken = stills(&releases).await?;
        let serin = plane.operator_with(&[&prefix()]).await?;
        let ends = releases.iter().zip(&taken).map(|(release, taken)| ends(release, taken, &server));
        let ends = try_join_all(ends).await?;
        until_looked_at(&serin, &releases).await?;
        report(&releases, &taken, ends).await?;
        let idle = releases.iter().find(|release| release.case.name == "idle").context("a case")?;
        removed::goes(&idle.scene, idle.bare(&server)).await?;
        let trespasses: Vec<String> = releases.iter().flat_map(Release::trespasses).collect();
        ensure!(trespasses.is_empty(), "Serin owns {trespasses:?}");
        serin.stop().await?;
        try_join_all(releases.iter().map(|release| release.scene.close())).await.map(drop)
    })
}

/// Waits until the operator has looked at every Canary, by what it exports.
async fn until_looked_at(operator: &Operator, releases: &[Release]) -> Result<()> {
    let names = releases.iter().filter(|release| release.case.left != Left::Terminating);
    let names: Vec<String> = names.map(|r| format!("namespace=\"{}\"", r.scene.namespace)).collect();
    let looked = async {
        loop {
            let text = operator.metrics().await?;
            let seen: Vec<&str> =
                text.lines().filter(|line| line.starts_with("flagger_canary_status{")).collect();
            if names.iter().all(|name| seen.iter().any(|line| line.contains(name))) {
                return anyhow::Ok(());
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    };
    tokio::time::timeout(LIMIT, looked).await.context("the operator did not look at every Canary")?
}

/// What is left to do is done. Returns a gated release as it was before its gate was opened.
async fn ends(release: &Release, taken: &Still, server: &WebhookServer) -> Result<Option<Still>> {
    let ended = ends_well(release, taken, server).await;
    ended.with_context(|| format!("with Serin, in {}", release.case.name))
}

async fn ends_well(release: &Release, taken: &Still, server: &WebhookServer) -> Result<Option<Still>> {
    let (scene, namespace) = (&release.scene, release.scene.namespace.as_str());
    match release.case.left {
        Left::Idle | Left::In(_) | Left::Suspended(_) | Left::Renamed(None) => return Ok(None),
        Left::Gated(phase) => {
            server.until_asked(namespace, 2).await?;
            let closed = Still::of(scene).await?;
            ensure!(scene.canary()?.status.is_some_and(|status| status.phase == phase));
            server.open_gate(namespace);
            promoted(release).await?;
            return Ok(Some(closed));
        }
        Left::Initializing => {
            server.until_told(namespace, "not ready", 1).await?;
            release.give_place().await?;
            scene.until_phase(Phase::Initialized).await?;
        }
        Left::Stuck => drop(scene.until_phase(Phase::Initialized).await?),
        Left::Terminating => {
            scene.until_gone(Kind::CANARY, "podinfo").await?;
            let target = scene.look(|versions| versions.now(Kind::DEPLOYMENT, "podinfo").cloned()).await?;
            let ready = target.and_then(|target| target["status"]["readyReplicas"].as_i64());
            ensure!(ready >= Some(1), "the target has {ready:?} ready pods");
        }
        Left::Copying => {
            server.until_told(namespace, "not ready", 1).await?;
            scene.patch(Kind::DEPLOYMENT, "podinfo-primary", json!({"spec": {"paused": false}})).await?;
            promoted(release).await?;
            let id =
                |object: &Value| object.pointer("/spec/template/metadata/annotations/flagger-id").cloned();
            let now = Still::of(scene).await?;
            let [before, after] =
                [taken, &now].map(|still| still.object(Kind::DEPLOYMENT, "podinfo-primary").and_then(id));
            ensure!(before.is_some() && before == after, "copied again: {before:?}, {after:?}");
        }
        Left::Telling(_) | Left::Renamed(_) | Left::Finalising => promoted(release).await?,
    }
    Ok(None)
}

/// Waits until the release is over and its version serves.
async fn promoted(release: &Release) -> Result<()> {
    release.scene.until_phase(Phase::Succeeded).await?;
    match release.target() {
        Kind::DEPLOYMENT => return release.at_rest("6.9.1").await,
        Kind::SERVICE => {
            let host = host("6.9.1");
            let promoted = |versions: &Versions| {
                let primary = versions.now(Kind::SERVICE, "podinfo-primary")?;
                (primary["spec"]["externalName"] == host.as_str()).then_some(())
            };
            return release.scene.history.until("the primary Service", LIMIT, promoted).await;
        }
        _ => {}
    }
    let resting = |versions: &Versions| {
        let primary = versions.now(Kind::DAEMON_SET, "podinfo-primary")?;
        let target = versions.now(Kind::DAEMON_SET, "podinfo")?;
        let runs = primary.pointer("/spec/template/spec/containers/0/image")?.as_str()?;
        let down = target.pointer("/spec/template/spec/nodeSelector/flagger.app~1scale-to-zero").is_some();
        (runs.ends_with(":6.9.1") && down).then_some(())
    };
    release.scene.history.until("the DaemonSets at rest", LIMIT, resting).await
}

/// Holds what happened against what may happen, and prints it.
async fn report(releases: &[Release], taken: &[Still], ends: Vec<Option<Still>>) -> Result<()> {
    let (mut objects, mut changed, mut begun, mut wrong) = (0, 0, 0, Vec::new());
    for ((release, before), end) in releases.iter().zip(taken).zip(ends) {
        let name = release.case.name;
        let now = Still::of(&release.scene).await?;
        let after = end.as_ref().unwrap_or(&now);
        let (since, weights) = (before.revision, release.weights(before.revision));
        objects += before.len();
        // The gate of what waits to begin was opened.
        let until = if release.case.left == Left::Gated(Phase::Waiting) { after.revision } else { u64::MAX };
        begun += release.begun(since, until);
        println!("takeover {name}: {} objects, weights {weights:?}", before.len());
        if release.case.left != Left::Terminating {
            wrong.extend(
                before.lost(&now).into_iter().map(|object| format!("{name}: {object} was made again")),
            );
        }
        if release.rests() {
            let found = before.changes(after);
            changed += found.len();
            wrong
                .extend(found.iter().map(|(object, fields)| format!("{name}: {object} changed: {fields:?}")));
        }
        wrong.extend(went_back(name, &weights));
        wrong.extend(settled(release, before).err().map(|error| format!("{name}: {error}")));
    }
    let cases = releases.len();
    println!(
        "takeover: {cases} cases, {objects} objects, {changed} changed, rollouts falsely started: {begun}"
    );
    ensure!(begun == 0 && wrong.is_empty(), "{}", wrong.join("\n"));
    Ok(())
}

/// Users with a cookie stay where they are until the promotion.
fn settled(release: &Release, before: &Still) -> Result<()> {
    let status = |field: &str| {
        let value = before.object(Kind::CANARY, "podinfo")?["status"][field].as_str()?;
        Some(value.split_once('=')?.1.to_owned())
    };
    let Some(cookie) = status("sessionAffinityCookie") else { return Ok(()) };
    let sides = release.settled(before.revision, &cookie);
    println!("takeover {}: users who saw the canary went to {sides:?}", release.case.name);
    let [first, rest @ ..] = &sides[..] else { return Ok(()) };
    let canary = Some("podinfo-canary");
    ensure!(first.as_deref() == canary && rest.iter().all(|side| side.as_deref() != canary), "{sides:?}");
    let stable = status("primarySessionAffinityCookie").context("no cookie of the primary")?;
    let sides = release.settled(before.revision, &stable);
    ensure!(sides.iter().all(|side| side.as_deref() != canary), "of the primary: {sides:?}");
    Ok(())
}

/// Up to the end, and then back to the primary: never back and up again.
fn went_back(name: &str, weights: &[i64]) -> Option<String> {
    let up = weights.iter().rposition(|weight| *weight > 0).map_or(0, |last| last + 1);
    (!weights[..up].is_sorted()).then(|| format!("{name}: weights went back: {weights:?}"))
}
