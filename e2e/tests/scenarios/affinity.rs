//! Session affinity: a cookie keeps users on the version that they saw first.

use std::time::Duration;

use anyhow::{Context, Result, ensure};
use serde_json::json;
use serin_e2e::{
    Scene, Traffic,
    invariants::Side,
    scene::{Fault, LIMIT, TestResult, together},
    traffic::{self, Plan},
};

const STABLE: &str = "6.9.0";
const NEW: &str = "6.9.1";

/// A user: what the browser was told to keep, and who answered.
pub(crate) struct Visit {
    pub(crate) cookies: Vec<String>,
    version: String,
}

async fn visit(plan: &Plan) -> Result<Visit> {
    let answer = traffic::once(plan).await?;
    let cookies = answer.headers().get_all("set-cookie").iter();
    let cookies = cookies.map(|value| Ok(value.to_str()?.to_owned())).collect::<Result<_>>()?;
    let body: serde_json::Value = answer.error_for_status()?.json().await?;
    let version = body["version"].as_str().context("an answer without a version")?.to_owned();
    Ok(Visit { cookies, version })
}

/// Visits as somebody new until a version answers.
pub(crate) async fn visit_until(plan: &Plan, version: &str) -> Result<Visit> {
    let lucky = async {
        loop {
            let visit = visit(plan).await?;
            if visit.version == version {
                return anyhow::Ok(visit);
            }
        }
    };
    tokio::time::timeout(LIMIT, lucky).await.with_context(|| format!("{version} never answered"))?
}

/// The cookie that a visit was given, without its attributes.
fn given(visit: &Visit, name: &str, attributes: &str) -> Result<String> {
    let prefix = format!("{name}=");
    let found = visit.cookies.iter().find(|cookie| cookie.starts_with(&prefix));
    let found = found.with_context(|| format!("no {name} among {:?}", visit.cookies))?;
    let (cookie, rest) = found.split_once("; ").context("a cookie without attributes")?;
    ensure!(rest == attributes, "{found}");
    Ok(cookie.to_owned())
}

/// Waits until so many requests were answered.
async fn until_counted(traffic: &Traffic, count: u64) -> Result<()> {
    let counted = async {
        while traffic.tally().requests() < count {
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    };
    tokio::time::timeout(LIMIT, counted).await.with_context(|| format!("no {count} answers"))
}

async fn forgotten(scene: &Scene, plan: &Plan, cookie: &str) -> Result<()> {
    let visit = visit(plan).await?;
    let gone = format!("{cookie}; Max-Age=-1; Path=/");
    ensure!(visit.cookies == [gone.as_str()], "{:?}", visit.cookies);
    let anybody = self::visit(&scene.requests(1)).await?;
    ensure!(anybody.cookies.is_empty(), "a user without the cookie was told {:?}", anybody.cookies);
    Ok(())
}

#[test]
fn users_stay_on_the_version_that_they_saw_first_until_the_end() -> TestResult {
    together("affinity", async |scene| {
        let affinity = json!({"cookieName": "seen", "primaryCookieName": "stays", "path": "/"});
        let mut change = scene.held_at_first_weight();
        change["spec"]["analysis"]["interval"] = json!("8s");
        change["spec"]["analysis"]["sessionAffinity"] = affinity;
        scene.install_changed("canary.yaml", change).await?;
        let others = scene.traffic(20).await?;
        let shipment = scene.ship(NEW, Fault::None).await?;
        scene.until_weight(25).await?;

        let pioneer = visit_until(&scene.requests(1), NEW).await?;
        let cookie = given(&pioneer, "seen", "Max-Age=86400; Path=/")?;
        let settler = visit_until(&scene.requests(1), STABLE).await?;
        let settled = given(&settler, "stays", "Max-Age=8; Path=/")?;
        for _ in 0..20 {
            let visit = visit(&scene.requests(1).header("cookie", &settled)).await?;
            ensure!(
                visit.version == STABLE && visit.cookies.is_empty(),
                "{} {:?}",
                visit.version,
                visit.cookies
            );
        }
        let pioneers = scene.requests(20).header("cookie", &format!("theme=dark; {cookie}; lang=en"));
        let staying = scene.send(pioneers.clone()).await?;
        until_counted(&staying, 100).await?;
        scene.turn("gate/open").await?;
        scene.until_event("Copying podinfo.").await?;
        let tally = staying.tally();
        ensure!(tally.served_by(NEW) == tally.requests(), "{:?}", tally.answers);

        scene.promoted(shipment, NEW).await?;
        // Also while traffic moved to the primary, where users could still meet its last pod of the old version.
        let (staying, others) = (staying.stop().await, others.stop().await);
        let met = staying.served_by(STABLE);
        ensure!(met == 0, "users who had seen {NEW} met {STABLE} {met} times: {:?}", staying.answers);
        let report = scene.no_request_failed(&staying)?;
        ensure!(report.of(Side::Primary) > 0, "they go to the primary in the end: {report}");
        scene.no_request_failed(&others)?;
        ensure!(scene.canary_weights() == [0, 25, 50, 0], "{:?}", scene.canary_weights());
        forgotten(scene, &pioneers, &cookie).await
    })
}

#[test]
fn users_of_a_version_that_fails_go_back_to_the_primary() -> TestResult {
    together("affinity-errors", async |scene| {
        let affinity = json!({"cookieName": "seen", "path": "/"});
        let analysis = json!({"sessionAffinity": affinity});
        scene.install_changed("canary.yaml", json!({"spec": {"analysis": analysis}})).await?;
        let others = scene.traffic(20).await?;
        let shipment = scene.ship(NEW, Fault::Errors).await?;
        let status =
            scene.until_status("a cookie", |status| status.session_affinity_cookie.is_some()).await?;
        let cookie = status.session_affinity_cookie.context("no cookie")?;
        let pioneers = scene.requests(20).header("cookie", &cookie);
        let staying = scene.send(pioneers.clone()).await?;
        scene.rolled_back(shipment, STABLE).await?;
        let staying = scene.only_the_canary_failed(&staying.stop().await)?;
        scene.only_the_canary_failed(&others.stop().await)?;
        ensure!(staying.of(Side::Canary) > 0 && staying.of(Side::Primary) > 0, "{staying}");
        let status = scene.canary()?.status.context("no status")?;
        ensure!(status.previous_session_affinity_cookie.as_deref() == Some(cookie.as_str()));
        forgotten(scene, &pioneers, &cookie).await
    })
}
