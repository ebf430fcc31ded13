//! Playing the steps of a scenario.

use std::time::Duration;

use anyhow::{Context, Result};
use kube::api::{DeleteParams, Patch, PatchParams};
use serde_json::{Value, json};
use serin_e2e::{Kind, history::Versions};
use tokio::time::sleep;

use crate::{
    receiver::{Channel, Receipt},
    sandbox::Sandbox,
    scenario::{Condition, Step},
    side::Side,
};

/// The longest wait for one condition: several intervals of both operators on a busy machine.
const LIMIT: Duration = Duration::from_secs(400);
/// The interval of every analysis.
const INTERVAL: Duration = Duration::from_secs(10);
/// The Canary and its target.
const NAME: &str = "podinfo";

/// Plays one step after the other, of a part of the story that begins at this one. One that does not come to its end is
/// told, and is the last one.
///
/// # Errors
/// The cluster refuses something.
pub(crate) async fn play(sandbox: &Sandbox<'_>, begin: usize, part: &[Step]) -> Result<Option<String>> {
    for (number, step) in (begin + 1..).zip(part) {
        let own = match step {
            Step::Flagger(step) => (sandbox.side == Side::Flagger).then_some(&**step),
            Step::Serin(step) => (sandbox.side == Side::Serin).then_some(&**step),
            step => Some(step),
        };
        match own {
            Some(Step::Wait(condition)) => {
                if let Err(error) = wait(sandbox, condition).await {
                    return Ok(Some(format!("step {number} fails: {error:#}")));
                }
            }
            Some(step) => act(sandbox, step).await.with_context(|| format!("step {number}"))?,
            None => {}
        }
    }
    Ok(None)
}

async fn act(sandbox: &Sandbox<'_>, step: &Step) -> Result<()> {
    match step {
        Step::Release(version) => {
            let image = format!("ghcr.io/stefanprodan/podinfo:{version}");
            let container = json!([{"name": "podinfod", "image": image}]);
            let template = json!({"spec": {"template": {"spec": {"containers": container}}}});
            let api = sandbox.api("Deployment")?;
            api.patch(NAME, &PatchParams::default(), &Patch::Strategic(template)).await?;
        }
        Step::Patch(patch) => {
            let (api, change) = (sandbox.api(&patch.kind)?, Patch::Merge(&patch.with));
            api.patch(&patch.name, &PatchParams::default(), &change).await?;
        }
        Step::Apply(manifests) => sandbox.apply(manifests).await?,
        Step::Delete(object) => {
            sandbox.api(&object.kind)?.delete(&object.name, &DeleteParams::background()).await?;
        }
        Step::Answer(answer) => {
            sandbox.line.answer(|answers| answers.set_hook(&answer.hook, answer.with.clone()));
        }
        // That nothing happens shows only with time.
        Step::Rest(intervals) => sleep(INTERVAL * *intervals).await,
        Step::Wait(_) | Step::Compare(_) | Step::Flagger(_) | Step::Serin(_) => {}
    }
    Ok(())
}

async fn wait(sandbox: &Sandbox<'_>, condition: &Condition) -> Result<()> {
    match condition {
        Condition::Calls(calls) => {
            let called = |receipt: &&Receipt| receipt.channel == Channel::Hook(calls.hook.clone());
            let often = |receipts: &[Receipt]| receipts.iter().filter(called).count() >= calls.times;
            sandbox.line.until(&format!("{} calls of {}", calls.times, calls.hook), LIMIT, often).await
        }
        Condition::Alerts(count) => {
            let alert = |receipt: &&Receipt| matches!(receipt.channel, Channel::Alert(_));
            let came = |receipts: &[Receipt]| receipts.iter().filter(alert).count() >= *count;
            sandbox.line.until(&format!("{count} alerts"), LIMIT, came).await
        }
        seen => {
            let holds = |versions: &Versions| holds(versions, seen).then_some(());
            sandbox.history.until(&format!("{seen:?}"), LIMIT, holds).await
        }
    }
}

fn holds(versions: &Versions, condition: &Condition) -> bool {
    let status = versions.now(Kind::CANARY, NAME).map(|canary| &canary["status"]);
    let at_least = |field: &str, bound: i64| {
        status.and_then(|status| status[field].as_i64()).is_some_and(|value| value >= bound)
    };
    match condition {
        Condition::Phase(phase) => status.is_some_and(|status| status["phase"] == phase.as_str()),
        Condition::Weight(weight) => at_least("canaryWeight", *weight),
        Condition::Iterations(iterations) => at_least("iterations", *iterations),
        Condition::Failed(failed) => at_least("failedChecks", *failed),
        Condition::Event(text) => versions.count_events(NAME, text) > 0,
        Condition::Gone(object) => {
            Kind::named(&object.kind).is_some_and(|kind| versions.is_gone(kind, &object.name))
        }
        Condition::Value(field) => {
            let object = Kind::named(&field.kind).and_then(|kind| versions.now(kind, &field.name));
            object.is_some_and(|object| *object.pointer(&field.at).unwrap_or(&Value::Null) == field.is)
        }
        Condition::Calls(_) | Condition::Alerts(_) => false,
    }
}
