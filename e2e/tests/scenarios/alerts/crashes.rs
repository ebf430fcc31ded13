//! `kill -9` around the end of a rollout, at points that are held open: each end is told, and told once. A repetition
//! is possible only between the receiver's answer and the operator's note of it, and has the same key then.

use std::{collections::BTreeMap, path::PathBuf, sync::Arc};

use anyhow::{Result, ensure};
use serde_json::{Value, json};
use serin_api::{CanaryStatus, Phase};
use serin_e2e::{
    ControlPlane, Recorder, Scene,
    control_plane::{ApiProxy, Call, Moment, Operator},
    recorder::{Answer, Receipt},
    scene::{Fault, LIMIT, TestResult, apart},
};

use super::{
    apply, quick,
    texts::{Alert, FAILED, INITIALIZED, STARTED, SUCCEEDED},
};

/// Where the operator dies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Point {
    /// It is about to write the status that says that the rollout is over.
    BeforeTheStatus,
    /// The status is written; the operator does not know.
    AfterTheStatus,
    /// It is about to write the events, which come before the alerts.
    BeforeTheEvents,
    /// The receiver has the alert, and has not answered.
    BeforeTheAnswer,
    /// The receiver has answered; the operator is about to note that.
    BeforeTheNote,
    /// The note is written.
    AfterTheNote,
}

impl Point {
    const ALL: [Self; 6] = [
        Self::BeforeTheStatus,
        Self::AfterTheStatus,
        Self::BeforeTheEvents,
        Self::BeforeTheAnswer,
        Self::BeforeTheNote,
        Self::AfterTheNote,
    ];

    /// How often the alert arrives.
    fn arrivals(self) -> usize {
        match self {
            Self::BeforeTheAnswer | Self::BeforeTheNote => 2,
            _ => 1,
        }
    }
}

/// Whether a request writes a status that has yet to tell this alert; `None` for other requests.
fn lists(call: &Call, text: &str) -> Option<bool> {
    let items = call.body["status"].as_object()?.get("pendingNotifications")?;
    let alerts =
        items.as_array().into_iter().flatten().filter_map(|item| item["alerts"].as_array()).flatten();
    let mut texts = alerts.map(|alert| &alert["message"]);
    call.path.contains("/canaries/podinfo/status").then(|| texts.any(|found| found == text))
}

/// What outlives the operators.
struct Crashes<'a> {
    scene: &'a Scene,
    plane: &'a ControlPlane,
    people: Arc<Recorder>,
    proxy: ApiProxy,
    kubeconfig: PathBuf,
    started: usize,
    /// How often each alert has to have arrived.
    expected: BTreeMap<&'static str, usize>,
}

impl Crashes<'_> {
    fn operator(&mut self) -> Result<Operator> {
        self.started += 1;
        self.plane.launch(&format!("crash-{}", self.started), &self.kubeconfig, &[], &[])
    }

    fn arrived(&self, alert: Alert) -> Vec<Receipt> {
        let mut all = self.people.at("/alert");
        all.retain(|receipt| receipt.body.contains(alert.text));
        all
    }

    fn expect(&mut self, alert: Alert, times: usize) {
        *self.expected.entry(alert.text).or_default() += times;
    }

    /// Opens the trap for the end of the rollout that comes next.
    fn prepare(&self, point: Point, end: Alert) {
        let told = self.arrived(end).len();
        let people = Arc::clone(&self.people);
        let noted = move |call: &Call| {
            let receipts = people.at("/alert");
            let now = receipts.iter().filter(|receipt| receipt.body.contains(end.text)).count();
            now > told && lists(call, end.text) == Some(false)
        };
        let decided = move |call: &Call| lists(call, end.text) == Some(true);
        match point {
            Point::BeforeTheStatus => self.proxy.hold(Moment::Before, decided),
            Point::AfterTheStatus => self.proxy.hold(Moment::After, decided),
            Point::BeforeTheEvents => self.proxy.hold(Moment::Before, move |call| {
                let last = if end.text == FAILED.text { "Rolling back " } else { "Promotion completed!" };
                let message = call.body["message"].as_str().unwrap_or_default();
                call.path.contains("/events") && message.contains(last)
            }),
            Point::BeforeTheAnswer => {
                for path in ["/alert", "/slack"] {
                    self.people.answer(path, Answer::SilenceFor(end.text));
                }
            }
            Point::BeforeTheNote => self.proxy.hold(Moment::Before, noted),
            Point::AfterTheNote => self.proxy.hold(Moment::After, noted),
        }
    }

    /// Waits for the point.
    async fn reach(&self, point: Point, end: Alert) -> Result<()> {
        if point != Point::BeforeTheAnswer {
            return self.proxy.held(LIMIT).await;
        }
        let wanted = self.expected.get(end.text).copied().unwrap_or_default() + 1;
        let arrived = |receipts: &[Receipt]| {
            let at = |path: &str| {
                let of = receipts.iter().filter(|receipt| receipt.path == path);
                of.filter(|receipt| receipt.body.contains(end.text)).count()
            };
            (at("/alert") >= wanted && at("/slack") >= wanted).then_some(())
        };
        self.people.until("the alert", LIMIT, arrived).await
    }

    /// A rollout in which one operator is killed at the point, and another takes it up. The latter is returned.
    async fn rollout(&mut self, operator: Operator, point: Point, end: Alert) -> Result<Operator> {
        let stable = self.scene.image("podinfo-primary").await?;
        let stable = stable.rsplit_once(':').map(|(_, tag)| tag.to_owned()).unwrap_or_default();
        self.people.answer("/check", Answer::Status(200));
        self.people.answer("/gate", Answer::Status(403));
        let version = format!("7.0.{}", self.started);
        let shipment = self.scene.ship(&version, Fault::None).await?;
        self.expect(STARTED, 1);
        self.until_arrived(STARTED).await?;
        self.until_noted(Phase::WaitingPromotion).await?;

        self.prepare(point, end);
        let fails = end.text == FAILED.text;
        if fails {
            self.people.answer("/check", Answer::Status(500));
        } else {
            self.people.answer("/gate", Answer::Status(200));
        }
        self.reach(point, end).await?;
        operator.stop().await?;
        for path in ["/alert", "/slack"] {
            self.people.answer(path, Answer::Status(200));
        }
        let next = self.operator()?;
        if fails {
            self.scene.rolled_back(shipment, &stable).await?;
        } else {
            self.scene.promoted(shipment, &version).await?;
        }
        self.expect(end, point.arrivals());
        self.until_arrived(end).await?;
        self.until_noted(if fails { Phase::Failed } else { Phase::Succeeded }).await?;
        self.check(point, end)?;
        Ok(next)
    }

    async fn until_arrived(&self, alert: Alert) -> Result<()> {
        let wanted = self.expected.get(alert.text).copied().unwrap_or_default();
        let arrived = |receipts: &[Receipt]| {
            let of = receipts.iter().filter(|receipt| receipt.path == "/alert");
            (of.filter(|receipt| receipt.body.contains(alert.text)).count() >= wanted).then_some(())
        };
        self.people.until(alert.text, LIMIT, arrived).await
    }

    /// Waits for a phase in which nothing is left to be told: then nothing more will come of what led to it.
    async fn until_noted(&self, phase: Phase) -> Result<()> {
        let noted = |status: &CanaryStatus| {
            status.phase == phase && status.pending_notifications.iter().all(|item| item.alerts.is_empty())
        };
        self.scene.until_status(&format!("{phase} with no alert to be told"), noted).await.map(drop)
    }

    fn check(&self, point: Point, end: Alert) -> Result<()> {
        for (text, count) in &self.expected {
            let found = self.people.at("/alert");
            let found = found.iter().filter(|receipt| receipt.body.contains(text)).count();
            ensure!(found == *count, "{point:?}: `{text}` arrived {found} times in place of {count}");
        }
        for path in ["/alert", "/slack"] {
            let mut all = self.people.at(path);
            all.retain(|receipt| receipt.body.contains(end.text));
            let last = &all[all.len() - point.arrivals()..];
            ensure!(
                last.iter().all(|receipt| receipt.key.is_some()
                    && receipt.key == last[0].key
                    && receipt.body == last[0].body),
                "{point:?}: a repetition is another alert: {last:#?}"
            );
            let keys = all.iter().filter(|receipt| receipt.key == last[0].key).count();
            ensure!(keys == point.arrivals(), "{point:?}: another alert has the same key");
        }
        Ok(())
    }
}

async fn killed(scene: &Scene, plane: &ControlPlane) -> Result<()> {
    let people = Arc::new(Recorder::start().await?);
    let (proxy, kubeconfig) = plane.proxy().await?;
    let url = people.url.clone();
    for (name, kind) in [("alert", "webhook"), ("slack", "slack")] {
        let spec = json!({"type": kind, "address": format!("{url}/{name}")});
        apply(scene, "AlertProvider", &scene.namespace, name, spec).await?;
    }
    let alerts: Vec<Value> =
        ["alert", "slack"].map(|name| json!({"name": name, "providerRef": {"name": name}})).into();
    let hook = |name: &str, kind: &str| json!({"name": name, "type": kind, "url": format!("{url}/{name}"), "muteAlert": true});
    let hooks = [hook("check", "rollout"), hook("gate", "confirm-promotion")];
    let mut crashes =
        Crashes { scene, plane, people, proxy, kubeconfig, started: 0, expected: BTreeMap::new() };
    let mut operator = crashes.operator()?;
    scene.install_changed("canary.yaml", quick(&alerts, &hooks)).await?;
    crashes.expect(INITIALIZED, 1);
    crashes.until_arrived(INITIALIZED).await?;
    crashes.until_noted(Phase::Initialized).await?;
    for end in [FAILED, SUCCEEDED] {
        for point in Point::ALL {
            operator = crashes.rollout(operator, point, end).await?;
        }
    }
    let namespace = &scene.namespace;
    for text in ["Canary failed! Scaling down podinfo.", "Promotion completed! Scaling down podinfo."] {
        let text = format!("{text}{namespace}");
        let written = scene.events().into_iter().filter(|event| event.message == text).count();
        ensure!(written == Point::ALL.len(), "the event `{text}` was written {written} times");
    }
    Ok(())
}

#[test]
fn each_end_is_told_once_wherever_the_operator_is_killed() -> TestResult {
    apart("alert-crash", killed)
}
