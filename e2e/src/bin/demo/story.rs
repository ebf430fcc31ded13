//! The two releases.

use std::{fmt, time::Duration};

use anyhow::{Context, Result, ensure};
use k8s_openapi::api::apps::v1::Deployment;
use kube::{
    Api,
    api::{Patch, PatchParams},
};
use serde_json::{Value, json};
use serin_api::Phase;
use serin_e2e::{
    gateway_log,
    history::Versions,
    traffic::{Report, account},
};

use crate::{
    glimpse::Glimpse,
    screen::Screen,
    setup::{Demo, HOST, LIMIT, NAMESPACE},
};

/// The version that works.
const GOOD: &str = "6.9.1";
/// The version that answers a third of its requests with an error.
const BAD: &str = "6.9.2";

/// How it went.
pub(crate) struct Ending {
    promoted: bool,
    rolled_back: bool,
    report: Report,
}

impl Ending {
    /// Whether both releases ended as they should.
    pub(crate) fn is_happy(&self) -> bool {
        self.promoted && self.rolled_back
    }
}

impl fmt::Display for Ending {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let promoted = if self.promoted { GOOD } else { "nothing" };
        let rolled_back = if self.rolled_back { BAD } else { "nothing" };
        let Report { requests, failed_elsewhere, .. } = self.report;
        write!(
            formatter,
            "demo: promoted {promoted}, rolled back {rolled_back}, {requests} requests, \
             {failed_elsewhere} failed outside the canary"
        )
    }
}

/// Ships both versions and shows what happens to them.
pub(crate) async fn tell(demo: &Demo, screen: &mut Screen) -> Result<Ending> {
    screen.step(&format!("shipping {GOOD}, a good version: expect its promotion in about a minute"));
    let promoted = ship(demo, screen, GOOD, false).await? == Phase::Succeeded;
    screen.step(&format!(
        "shipping {BAD}, which answers every third request with an error: expect its rollback"
    ));
    let rolled_back = ship(demo, screen, BAD, true).await? == Phase::Failed;
    let report = report(demo);
    screen.say(&format!("\n{report}"));
    if report.failed_elsewhere > 0 {
        screen.say(&explain(demo, &report).await);
    }
    Ok(Ending { promoted, rolled_back, report })
}

/// Ships a version and returns how its rollout ended.
async fn ship(demo: &Demo, screen: &mut Screen, version: &str, bad: bool) -> Result<Phase> {
    let before = demo.history.look(Versions::count);
    set_image(demo, version, bad).await?;
    let end = demo.history.until("the end of the rollout", LIMIT, |versions| ended(demo, versions, before));
    tokio::pin!(end);
    let mut frames = tokio::time::interval(Duration::from_millis(500));
    loop {
        tokio::select! {
            phase = &mut end => {
                screen.show(&glimpse(demo));
                return phase;
            }
            _ = frames.tick() => screen.show(&glimpse(demo)),
        }
    }
}

/// The phase in which a rollout that began after so many versions ended.
fn ended(demo: &Demo, versions: &Versions, before: usize) -> Option<Phase> {
    let phase = |object: &Value| serde_json::from_value(object["status"]["phase"].clone()).ok();
    let canaries = versions.after(before).iter().filter(|version| version.kind == serin_e2e::Kind::CANARY);
    let phases: Vec<Phase> = canaries.filter_map(|version| phase(&version.object)).collect();
    let last = *phases.last()?;
    let over = phases.contains(&Phase::Progressing) && matches!(last, Phase::Succeeded | Phase::Failed);
    (over && versions.canary(&demo.app.canary)?.status?.phase == last).then_some(last)
}

/// `kubectl set image`, and for a bad version the flag that makes podinfo fail.
async fn set_image(demo: &Demo, version: &str, bad: bool) -> Result<()> {
    let api: Api<Deployment> = Api::namespaced(demo.cluster.client.clone(), NAMESPACE);
    let deployment = api.get(&demo.app.target).await?;
    let pod = deployment.spec.and_then(|spec| spec.template.spec).context("podinfo has no pods")?;
    let mut command =
        pod.containers.first().and_then(|container| container.command.clone()).unwrap_or_default();
    command.retain(|argument| !argument.starts_with("--random-error"));
    command.push(format!("--random-error={bad}"));
    let image = format!("ghcr.io/stefanprodan/podinfo:{version}");
    let container = json!({"name": "podinfod", "image": image, "command": command});
    let patch = json!({"spec": {"template": {"spec": {"containers": [container]}}}});
    let changed = api.patch(&demo.app.target, &PatchParams::default(), &Patch::Strategic(patch)).await?;
    ensure!(changed.metadata.generation > deployment.metadata.generation, "{version} runs already");
    Ok(())
}

fn report(demo: &Demo) -> Report {
    let tally = demo.traffic.tally();
    demo.history.look(|versions| Report::new(&tally, versions, &demo.app))
}

/// When and how requests failed outside the canary, and what the gateway says of failures.
async fn explain(demo: &Demo, report: &Report) -> String {
    let account = demo.history.look(|versions| account(&report.elsewhere, versions, &demo.app));
    let log = gateway_log::failures(&demo.cluster, HOST).await;
    let log = log.unwrap_or_else(|error| format!("no log of the gateway: {error:#}"));
    format!("failed outside the canary:\n{account}the gateway, of all failures:\n{log}")
}

fn glimpse(demo: &Demo) -> Glimpse {
    let report = report(demo);
    demo.history.look(|versions| Glimpse::new(versions, &demo.app, report))
}
