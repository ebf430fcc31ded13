//! Two replicas with a Lease of the usual minute. The one that leads dies without a word.

use std::time::Instant;

use anyhow::{Context, Result, ensure};
use k8s_openapi::jiff::Timestamp;
use kube::core::DynamicObject;
use serde_json::{Value, json};
use serin_e2e::{
    ControlPlane, Kind, Scene,
    control_plane::{Call, Moment},
    history::Versions,
    scene::{Fault, LIMIT, TestResult, apart},
};

use crate::{
    promotion::TOLD,
    replicas::{Replicas, leader},
};

/// Seconds that the leader's word is good for, if it is not told otherwise.
const DURATION: f64 = 60.0;

fn time(lease: &DynamicObject, field: &str) -> Result<Timestamp> {
    let text = lease.data["spec"][field].as_str().with_context(|| format!("a Lease without {field}"))?;
    Ok(text.parse()?)
}

/// The weights that the Canary's status had, each change once.
fn weights(versions: &Versions) -> Vec<i64> {
    let statuses = versions.of(Kind::CANARY, "podinfo").map(|version| &version.object["status"]);
    let mut weights: Vec<i64> = statuses.filter_map(|status| status["canaryWeight"].as_i64()).collect();
    weights.dedup();
    weights
}

/// How often something was told: in how many events, and how often each of them counts.
fn times(versions: &Versions, text: &str) -> i64 {
    let told = |event: &&Value| event["message"].as_str().is_some_and(|message| message.contains(text));
    versions.all_now(Kind::EVENT).filter(told).map(|event| event["count"].as_i64().unwrap_or(1).max(1)).sum()
}

/// Waits until the other replica leads, and holds when and how it came to that against the rules.
async fn succeeded(scene: &Scene, replicas: &Replicas<'_>, first: &str, killed: Instant) -> Result<()> {
    let (_, before) = leader(scene, "").await?;
    let (second, after) = leader(scene, first).await?;
    let took = killed.elapsed().as_secs_f64();
    let unheard = time(&after, "acquireTime")?.duration_since(time(&before, "renewTime")?).as_secs_f64();
    println!("lease: {second} leads {took:.1} s after {first} died, {unheard:.1} s after its last word");
    ensure!(before.data["spec"]["leaseDurationSeconds"].as_f64() == Some(DURATION), "{:#?}", before.data);
    ensure!(unheard >= DURATION, "{second} leads {unheard} s after {first}'s last word");
    // It looks each 5 s; the rest is for a busy machine.
    ensure!(took <= 2.0 * DURATION, "{second} leads only {took} s after {first} died");
    let transitions = |lease: &DynamicObject| lease.data["spec"]["leaseTransitions"].as_i64();
    ensure!(transitions(&after) == transitions(&before).map(|count| count + 1), "{:#?}", after.data);

    let writes: Vec<Call> = replicas.proxy.writes().into_iter().filter(|call| call.at > killed).collect();
    let claims =
        |call: &Call| call.body["spec"]["holderIdentity"].as_str().is_some_and(|id| id.starts_with(&second));
    let claimed = writes.iter().position(claims).context("nobody wrote the Lease")?;
    ensure!(claimed == 0, "written before {second} leads: {:#?}", &writes[..claimed]);
    Ok(())
}

async fn dies(scene: &Scene, plane: &ControlPlane) -> Result<()> {
    let mut replicas = Replicas::of(plane, &[]).await?;
    replicas.start("one")?;
    replicas.start("two")?;
    let analysis = json!({"metrics": null});
    scene.install_changed("canary.yaml", json!({"spec": {"analysis": analysis}})).await?;
    let (first, _) = leader(scene, "").await?;

    // The step is decided and in the status; the route does not say so yet.
    replicas.proxy.hold(Moment::After, |call| {
        call.path.contains("/canaries/podinfo/status") && call.body["status"]["canaryWeight"] == 25
    });
    let shipment = scene.ship("6.9.1", Fault::None).await?;
    replicas.proxy.held(LIMIT).await?;
    replicas.kill(&first).await?;
    scene.until_weight(25).await?;
    scene.history.catch_up(LIMIT).await?;
    ensure!(scene.canary_weights() == [0], "the route is at {:?} already", scene.canary_weights());
    // By now, the proxy has seen what was sent before.
    let killed = Instant::now();

    succeeded(scene, &replicas, &first, killed).await?;
    scene.promoted(shipment, "6.9.1").await?;
    ensure!(scene.canary_weights() == [0, 25, 50, 0], "weights of the route: {:?}", scene.canary_weights());
    let weights = scene.history.look(weights);
    ensure!(weights == [0, 25, 50, 0], "weights of the status: {weights:?}");
    scene.expect_events(&TOLD).await?;
    for text in TOLD {
        let times = scene.history.look(|versions| times(versions, text));
        ensure!(times == 1, "`{text}` was told {times} times: {:#?}", scene.events());
    }
    Ok(())
}

#[test]
fn the_second_replica_goes_on_when_the_first_is_killed() -> TestResult {
    apart("lease", dies)
}
