//! What people do to the objects of a release: no edit loses a request, and what cannot be served is told, with the
//! user's field and before anything was written.

mod claims;
mod endpoints;
mod gateway;
mod identity;
mod invalid;
mod lost;
mod neighbours;
mod ports;
mod values;

use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use kube::api::{Patch, PatchParams};
use serde_json::{Value, json};
use serin_api::Phase;
use serin_e2e::{
    Kind, Scene, Traffic,
    history::Versions,
    invariants::Slices,
    manifest,
    scene::merged,
    traffic::{self, Tally},
};

/// How long an edit may take to have its effect.
const LIMIT: Duration = Duration::from_secs(120);

/// How long a refusal has to stay to be one.
const STEADY: Duration = Duration::from_secs(5);

/// What came of an edit.
#[derive(Debug, PartialEq, Eq)]
enum EditResult {
    /// It is served.
    Served,
    /// The API server refused it.
    Refused(String),
    /// The Canary says why it cannot be served.
    Stalled(String),
}

impl EditResult {
    fn is_served(&self) -> bool {
        *self == Self::Served
    }
}

/// Whether the API server refused an object for what is in it, and in which words.
fn refusal(error: &anyhow::Error) -> Option<String> {
    let kube::Error::Api(status) = error.downcast_ref::<kube::Error>()? else { return None };
    [400, 403, 422].contains(&status.code).then(|| status.message.clone())
}

/// Offers a change of the Canary to the API server.
async fn edit(scene: &Scene, change: Value) -> Result<Option<String>> {
    let patched = scene
        .api(Kind::CANARY)
        .patch("podinfo", &PatchParams::default(), &Patch::Merge(change))
        .await
        .map_err(anyhow::Error::from);
    offered(patched.map(drop))
}

/// Offers the plain Canary with a change.
async fn offer(scene: &Scene, change: Value) -> Result<Option<String>> {
    let mut object = scene.fixture("edits/canary.yaml")?.remove(0);
    object = serde_json::from_value(merged(serde_json::to_value(&object)?, change))?;
    offered(manifest::apply(&scene.cluster.client, &object).await.map(drop))
}

fn offered(outcome: Result<()>) -> Result<Option<String>> {
    match outcome {
        Ok(()) => Ok(None),
        Err(error) => refusal(&error).map_or_else(|| Err(error), |words| Ok(Some(words))),
    }
}

/// Waits until an edit is served, or the Canary says for a while why it cannot be, with one of these words.
async fn settled(
    scene: &Scene,
    refused: Option<String>,
    words: &[&str],
    served: impl Fn(&Versions) -> bool,
) -> Result<EditResult> {
    if let Some(refused) = refused {
        return Ok(EditResult::Refused(refused));
    }
    let found = |versions: &Versions| {
        if served(versions) {
            return Some(EditResult::Served);
        }
        stalled(versions).filter(|message| has_one(message, words)).map(EditResult::Stalled)
    };
    let end = Instant::now() + LIMIT;
    loop {
        let what = format!("it to be served, or Stalled with one of {words:?}");
        let outcome = scene.history.until(&what, LIMIT, found).await?;
        if outcome.is_served() {
            return Ok(outcome);
        }
        let goes = |versions: &Versions| served(versions) || stalled(versions).is_none();
        if scene.never_within(STEADY, "the condition goes", goes).await.is_ok() {
            return Ok(outcome);
        }
        ensure!(Instant::now() < end, "Stalled comes and goes: {outcome:?}");
    }
}

fn has_one(message: &str, words: &[&str]) -> bool {
    let message = message.to_lowercase();
    words.iter().any(|word| message.contains(&word.to_lowercase()))
}

/// The reason and the message of a true condition Stalled.
fn stalled(versions: &Versions) -> Option<String> {
    let status = versions.canary("podinfo")?.status?;
    let found =
        status.conditions.into_iter().find(|found| found.type_ == "Stalled" && found.status == "True")?;
    Some(format!("{}: {}", found.reason, found.message.unwrap_or_default()))
}

fn phase(versions: &Versions) -> Option<Phase> {
    Some(versions.canary("podinfo")?.status?.phase)
}

fn is_initialized(versions: &Versions) -> bool {
    phase(versions) == Some(Phase::Initialized)
}

fn has_ended(versions: &Versions) -> bool {
    matches!(phase(versions), Some(Phase::Succeeded | Phase::Failed))
}

/// All that a Canary says of itself now: its conditions, what it waits for, and its checks.
fn said(versions: &Versions) -> String {
    let Some(status) = versions.canary("podinfo").and_then(|canary| canary.status) else {
        return String::new();
    };
    let conditions = status.conditions.into_iter().map(|found| found.message.unwrap_or_default());
    let checks = status.checks.into_iter().map(|check| check.message.unwrap_or_default());
    let rest = [status.waiting_for, status.rollback_reason].into_iter().flatten();
    conditions.chain(checks).chain(rest).collect::<Vec<_>>().join("\n")
}

/// Waits until the Canary, or an event on it, says one of these words.
async fn told(scene: &Scene, words: &[&str]) -> Result<()> {
    let found = |versions: &Versions| {
        let events = versions.events("podinfo").into_iter().map(|event| event.message);
        let all: Vec<String> = std::iter::once(said(versions)).chain(events).collect();
        all.iter().any(|text| has_one(text, words)).then_some(())
    };
    scene.history.until(&format!("a word of {words:?}"), LIMIT, found).await
}

/// Whether a Service has ready endpoints, all of them pods whose names start like this.
fn served_by(versions: &Versions, service: &str, pods: &str) -> bool {
    let mut slices = Slices::default();
    versions.in_order().into_iter().for_each(|version| slices.see(version));
    slices.ready(service) > 0 && endpoints(versions, service).all(|pod| pod.starts_with(pods))
}

/// The pods behind a Service, ready or not.
fn endpoints(versions: &Versions, service: &str) -> impl Iterator<Item = String> {
    let of_service = move |slice: &&Value| {
        let label = slice.pointer("/metadata/labels/kubernetes.io~1service-name");
        label.is_some_and(|label| label == service)
    };
    let slices: Vec<&Value> = versions.all_now(Kind::SLICE).filter(of_service).collect();
    let all = slices.into_iter().flat_map(|slice| slice["endpoints"].as_array().cloned().unwrap_or_default());
    let ready = all.filter(|endpoint| endpoint.pointer("/conditions/ready") != Some(&Value::Bool(false)));
    let names = ready.map(|endpoint| endpoint["targetRef"]["name"].as_str().unwrap_or_default().to_owned());
    names.collect::<Vec<_>>().into_iter()
}

/// Waits until so many more requests were answered.
async fn more(traffic: &Traffic, count: u64) -> Result<()> {
    let goal = traffic.tally().requests() + count;
    traffic.until(&format!("{count} more answers"), LIMIT, |tally| tally.requests() >= goal).await
}

/// Sends requests from now on until so many were answered; none may fail.
async fn none_fails(scene: &Scene, count: u64) -> Result<Tally> {
    let traffic = scene.traffic(20).await?;
    more(&traffic, count).await?;
    let tally = traffic.stop().await;
    scene.no_request_failed(&tally)?;
    Ok(tally)
}

/// Whether requests are answered within this time.
async fn answered_within(scene: &Scene, limit: Duration) -> Result<()> {
    traffic::until_served(&scene.requests(1), limit).await
}

/// What a Canary could not be made for: nothing of it is made, and the target serves on.
async fn nothing_was_made(scene: &Scene, target: &str) -> Result<()> {
    let generated = |versions: &Versions| {
        let kinds = [Kind::SERVICE, Kind::ROUTE, Kind::DEPLOYMENT, Kind::AUTOSCALER, Kind::CONFIG_MAP];
        let owned =
            |object: &&Value| object.pointer("/metadata/ownerReferences/0/kind") == Some(&json!("Canary"));
        let all = kinds.into_iter().flat_map(|kind| versions.all_now(kind).filter(owned).collect::<Vec<_>>());
        all.map(|object| format!("{} {}", object["kind"], object["metadata"]["name"])).collect::<Vec<_>>()
    };
    let made = scene.look(generated).await?;
    ensure!(made.is_empty(), "half-made: {made:?}");
    let ready = |versions: &Versions| {
        versions.now(Kind::DEPLOYMENT, target)?["status"]["readyReplicas"].as_i64().filter(|ready| *ready > 0)
    };
    scene.history.until("the target to serve on", LIMIT, ready).await.map(drop)
}
