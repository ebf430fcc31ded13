//! Both operators elect their leader by one Lease: while the one acts, the other waits.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex, PoisonError},
};

use anyhow::{Context, Result, ensure};
use futures::StreamExt;
use kube::{
    Api,
    core::DynamicObject,
    runtime::{WatchStreamExt, watcher},
};
use serde_json::{Value, json};
use serin_api::Phase;
use serin_e2e::{
    ControlPlane, Kind,
    history::Versions,
    scene::{Fault, LIMIT, TestResult, apart},
};
use tokio::{sync::watch, task::JoinSet, time::timeout};

use super::webhook_server::WebhookServer;

/// Where the Lease is; Serin has the rights for it there.
const NAMESPACE: &str = "serin-system";

const ELECTION: [&str; 2] = ["-enable-leader-election", "-leader-election-namespace=serin-system"];

/// Who may act, by what the Lease says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Holder {
    Nobody,
    Flagger,
    Serin,
}

impl Holder {
    fn of(lease: &DynamicObject) -> Self {
        match lease.data.pointer("/spec/holderIdentity").and_then(Value::as_str).unwrap_or_default() {
            "" => Self::Nobody,
            serin if serin.starts_with("serin_") => Self::Serin,
            _ => Self::Flagger,
        }
    }

    fn writer(entry: &str) -> Option<Self> {
        match entry.split(' ').next()? {
            "flagger" => Some(Self::Flagger),
            "serin" => Some(Self::Serin),
            _ => None,
        }
    }
}

/// A record of all versions of the Lease.
struct Terms {
    seen: Arc<Mutex<Vec<(u64, Holder)>>>,
    changed: watch::Receiver<Holder>,
    _task: JoinSet<()>,
}

impl Terms {
    fn follow(plane: &ControlPlane) -> Self {
        let api: Api<DynamicObject> =
            Api::namespaced_with(plane.client.clone(), NAMESPACE, &Kind::LEASE.resource());
        let (tell, changed) = watch::channel(Holder::Nobody);
        let seen: Arc<Mutex<Vec<(u64, Holder)>>> = Arc::default();
        let (mut task, record) = (JoinSet::new(), Arc::clone(&seen));
        task.spawn(async move {
            // What goes wrong is tried again: a record that ends early would be silent.
            let versions = watcher(api, watcher::Config::default()).default_backoff().applied_objects();
            let mut versions = versions.filter_map(async |lease| lease.ok()).boxed();
            while let Some(lease) = versions.next().await {
                let revision = lease.metadata.resource_version.as_deref().unwrap_or_default().parse();
                let term = (revision.unwrap_or_default(), Holder::of(&lease));
                record.lock().unwrap_or_else(PoisonError::into_inner).push(term);
                tell.send_replace(term.1);
            }
        });
        Self { seen, changed, _task: task }
    }

    async fn until(&self, holder: Holder) -> Result<()> {
        let mut changed = self.changed.clone();
        let held = changed.wait_for(|now| *now == holder);
        timeout(LIMIT, held).await.with_context(|| format!("{holder:?} does not get the Lease"))??;
        Ok(())
    }

    /// Who held it when the cluster made this version of something.
    fn holder_at(&self, revision: u64) -> Holder {
        let seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        seen.iter().rev().find(|(since, _)| *since < revision).map_or(Holder::Nobody, |(_, holder)| *holder)
    }
}

/// Who wrote which versions. A field manager's entry has the time of its last write; what another takes away from
/// it leaves that as it is.
fn writers(versions: &Versions) -> Vec<(u64, Holder, String)> {
    let kinds = [Kind::CANARY, Kind::ROUTE, Kind::SERVICE, Kind::DEPLOYMENT];
    let (mut known, mut writers) = (BTreeMap::new(), Vec::new());
    for version in versions.in_order().into_iter().filter(|version| kinds.contains(&version.kind)) {
        let entries = version.object.pointer("/metadata/managedFields").and_then(Value::as_array);
        let times: BTreeSet<String> = entries.into_iter().flatten().filter_map(time).collect();
        let name = format!("{} {}", version.kind.name, version.name);
        let before: BTreeSet<String> = known.insert(name.clone(), times.clone()).unwrap_or_default();
        let by = times.difference(&before).filter_map(|entry| Holder::writer(entry));
        writers.extend(by.map(|writer| (version.revision, writer, name.clone())));
    }
    writers
}

/// Manager, time and kind of an entry.
fn time(entry: &Value) -> Option<String> {
    let [manager, time] = ["manager", "time"].map(|field| entry[field].as_str());
    Some(format!("{} {} {} {}", manager?, time?, entry["operation"], entry["subresource"]))
}

#[test]
fn one_lease_keeps_both_operators_apart() -> TestResult {
    apart("takeover-lease", async |scene, plane| {
        let server = WebhookServer::open().await?;
        let terms = Terms::follow(plane);
        let flagger = plane.flagger_with(&ELECTION).await?;
        terms.until(Holder::Flagger).await?;
        let serin = plane.operator_with(&ELECTION).await?;

        scene.apply("podinfo.yaml").await?;
        let hooks = json!([server.hook("event", &scene.namespace)]);
        let analysis = json!({"metrics": null, "webhooks": hooks});
        scene.take_up("canary.yaml", json!({"spec": {"analysis": analysis}})).await?;
        scene.until_phase(Phase::Initialized).await?;
        server.hold_at(&scene.namespace, "canary weight 25");
        let shipment = scene.ship("6.9.1", Fault::None).await?;
        server.until_held(&scene.namespace).await?;
        let leads = serin.metrics().await?;
        ensure!(leads.contains("\nserin_leader 0"), "Serin acts beside Flagger: {leads}");
        flagger.end().await?;
        server.let_go(&scene.namespace);
        terms.until(Holder::Serin).await?;
        scene.promoted(shipment, "6.9.1").await?;
        ensure!(scene.canary_weights() == [0, 25, 50, 0], "{:?}", scene.canary_weights());

        let flagger = plane.flagger_with(&ELECTION).await?;
        scene.patch(Kind::CANARY, "podinfo", json!({"spec": {"skipAnalysis": true}})).await?;
        let shipment = scene.ship("6.9.2", Fault::None).await?;
        scene.promoted(shipment, "6.9.2").await?;
        serin.end().await?;
        terms.until(Holder::Flagger).await?;
        let shipment = scene.ship("6.9.3", Fault::None).await?;
        scene.promoted(shipment, "6.9.3").await?;
        flagger.stop().await?;

        let writers = scene.look(writers).await?;
        let wrong: Vec<_> =
            writers.iter().filter(|(at, writer, _)| terms.holder_at(*at) != *writer).collect();
        ensure!(wrong.is_empty(), "written without the Lease: {wrong:?}");
        let count = |who| writers.iter().filter(|(_, writer, _)| *writer == who).count();
        let (flagger, serin) = (count(Holder::Flagger), count(Holder::Serin));
        println!("takeover lease: {flagger} writes of Flagger, {serin} of Serin, none without the Lease");
        ensure!(flagger > 10 && serin > 10);
        let rivals =
            |versions: &Versions| versions.count_events("podinfo", "another client writes the status");
        ensure!(scene.look(rivals).await? == 0, "Serin took the Flagger before it for one beside it");
        Ok(())
    })
}
