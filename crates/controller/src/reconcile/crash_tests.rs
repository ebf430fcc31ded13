//! An operator that dies, at every request to the API server and before and after every message to people, and the
//! next one: everybody is told of everything, and of nothing twice.

use std::{collections::BTreeMap, time::Duration};

use chrono::TimeDelta;
use serde_json::{Value, json};
use serin_api::{AlertProviderSpec, Phase};
use serin_core::validate::Settings;
use serin_notify::Receiver;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use super::{
    tests::{CANARY, PRIMARY, TARGET, canary, target},
    *,
};
use crate::{
    cache::{CanaryHandler, ObjectHandler},
    metrics::Metrics,
    options::Options,
    testing::{FakeApi, Life, Recorder, options, sync},
    watch::EventHandler,
};

/// Far more looks than any of these rollouts takes.
const LOOKS: usize = 200;

/// What outlives an operator.
pub(super) struct Cluster {
    pub(super) api: FakeApi,
    people: Recorder,
}

/// One process.
pub(super) struct Operator<'a> {
    cluster: &'a Cluster,
    pub(super) ctx: Context,
    pub(super) key: Key,
    life: Life,
    _leads: watch::Sender<crate::lease::Term>,
}

impl Cluster {
    /// With a Canary whose analysis is this.
    pub(super) fn new(analysis: Value) -> Self {
        let api = FakeApi::default();
        api.serve_endpoints();
        let mut canary = canary();
        canary["spec"]["analysis"] = analysis;
        api.put(CANARY, canary);
        api.put(TARGET, target());
        Self { api, people: Recorder::default() }
    }

    pub(super) async fn operator(&self, steps: Option<usize>) -> Operator<'_> {
        let life = Life::of(steps);
        let provider = AlertProviderSpec {
            type_: "webhook".to_owned(),
            address: Some(self.people.serve(life.clone()).await),
            ..AlertProviderSpec::default()
        };
        let options = Options {
            settings: Settings { min_interval: TimeDelta::zero(), ..options().settings },
            alert_receiver: Some(Receiver::new(&provider, None).unwrap()),
            ..options()
        };
        let (leads, term) = watch::channel(Some(tokio::time::Instant::now() + Duration::from_secs(3600)));
        let (metrics, stop) = (Arc::new(Metrics::new("test", "kubernetes")), CancellationToken::new());
        let ctx = Context::new(options, self.api.client_of(life.clone()), metrics, term, stop).unwrap();
        sync(&ctx.cluster.caches);
        let operator = Operator { cluster: self, ctx, key: Key::new("test", "app"), life, _leads: leads };
        operator.watch();
        operator
    }

    pub(super) fn status(&self) -> Value {
        self.api.get(CANARY).unwrap()["status"].clone()
    }

    /// The user ships another version.
    pub(super) fn ship(&self, image: &str) {
        self.api.edit(TARGET, |target| {
            target["spec"]["template"]["spec"]["containers"][0]["image"] = json!(image);
            target["metadata"]["generation"] = json!(2);
        });
    }

    /// Pods come up at once.
    pub(super) fn run_pods(&self) {
        for path in [TARGET, PRIMARY].into_iter().filter(|path| self.api.get(path).is_some()) {
            let deployment = self.api.get(path).unwrap();
            let replicas = deployment["spec"]["replicas"].as_i64().unwrap_or(1);
            let status = json!({
                "observedGeneration": deployment["metadata"]["generation"].as_i64().unwrap_or(0),
                "replicas": replicas, "updatedReplicas": replicas, "availableReplicas": replicas,
                "readyReplicas": replicas,
            });
            if deployment["status"] != status {
                self.api.edit(path, |deployment| deployment["status"] = status);
            }
        }
    }

    /// The events, save for waits: those that last two seconds are told, and on a busy machine any may.
    fn decisions(&self) -> Vec<String> {
        let mut events = self.api.events();
        events.retain(|event| !event.contains(" not ready: waiting for rollout to finish"));
        events
    }

    /// The texts that people were told, each with the keys that came with it.
    fn told(&self) -> BTreeMap<String, Vec<String>> {
        let mut told: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for (key, body) in self.people.received() {
            told.entry(body["message"].as_str().unwrap().to_owned()).or_default().push(key);
        }
        told
    }
}

impl Operator<'_> {
    /// The watches deliver what the cluster has.
    pub(super) fn watch(&self) {
        let (caches, queue) = (&self.ctx.cluster.caches, &self.ctx.cluster.queue);
        let handler = CanaryHandler { caches: Arc::clone(caches), queue: Arc::clone(queue) };
        handler.applied(serde_json::from_value(self.cluster.api.get(CANARY).unwrap()).unwrap());
        let handler =
            ObjectHandler { kind: Kind::Deployment, caches: Arc::clone(caches), queue: Arc::clone(queue) };
        for path in [TARGET, PRIMARY] {
            if let Some(deployment) = self.cluster.api.get(path) {
                handler.applied(serde_json::from_value(deployment).unwrap());
            }
        }
    }

    /// Works until `phase` is reached and nothing is left to tell. `false` when it died before.
    pub(super) async fn work(&self, phase: Phase) -> bool {
        tokio::select! {
            () = self.life.end() => false,
            () = self.work_on(phase) => true,
        }
    }

    /// One look at what the cluster has now. Returns when everybody is told.
    pub(super) async fn look(&self) -> ReconcileEnd {
        self.cluster.run_pods();
        self.watch();
        let verdict = Box::pin(reconcile(&self.ctx, &self.key)).await;
        while !self.ctx.tasks.is_empty() {
            tokio::time::sleep(Duration::from_micros(100)).await;
        }
        verdict
    }

    async fn work_on(&self, phase: Phase) {
        for _ in 0..LOOKS {
            self.look().await;
            let status = self.cluster.status();
            let open = status["pendingNotifications"].as_array().is_some_and(|items| {
                items.iter().any(|item| item.get("alerts").is_some() || item.get("hooks").is_some())
            });
            if status["phase"] == json!(phase) && !open {
                return;
            }
        }
        panic!("{phase} is not reached: {:#}", self.cluster.status());
    }
}

/// A rollout that is cut off at every step there is, and taken up by another operator.
async fn every_crash(analysis: &Value, end: Phase, last: &str) {
    let whole = rollout(analysis, end, None).await;
    assert!(whole.told().contains_key(last), "{:?}", whole.told());
    let events = whole.decisions();
    let mut crashes = 0;
    let mut repetitions = 0;
    loop {
        let cluster = rollout(analysis, end, Some(crashes)).await;
        assert_eq!(cluster.decisions(), events, "crash after step {crashes}");
        let (told, expected) = (cluster.told(), whole.told());
        assert!(told.keys().eq(expected.keys()), "crash after step {crashes}: {told:?}");
        for (text, keys) in &told {
            assert!(keys.len() <= 2 && keys.iter().all(|key| *key == keys[0]), "{crashes}: {text} {keys:?}");
            repetitions += keys.len() - 1;
        }
        if cluster.status()["crashed"] != json!(true) {
            break;
        }
        crashes += 1;
    }
    assert!(crashes > 20, "{crashes}");
    // Only between the receiver's record and ours can an alert be repeated.
    assert!(repetitions <= 2 * whole.told().len() * 2, "{repetitions} repetitions in {crashes} crashes");
}

/// Initialises, ships, and works until the end. With `steps`, the first operator dies after so many of them.
async fn rollout(analysis: &Value, end: Phase, steps: Option<usize>) -> Cluster {
    let cluster = Cluster::new(analysis.clone());
    let first = cluster.operator(None).await;
    assert!(first.work(Phase::Initialized).await);
    first.life.kill();
    cluster.ship("app:2");
    let lived = cluster.operator(steps).await.work(end).await;
    if !lived {
        assert!(cluster.operator(None).await.work(end).await);
        cluster.api.edit(CANARY, |canary| canary["status"]["crashed"] = json!(true));
    }
    cluster
}

#[tokio::test]
async fn a_promotion_is_told_once_wherever_the_operator_dies() {
    let analysis = json!({ "interval": "1ms", "threshold": 1, "iterations": 1 });
    let last = "Canary analysis completed successfully, promotion finished.";
    every_crash(&analysis, Phase::Succeeded, last).await;
}

#[tokio::test]
async fn a_rollback_is_told_once_wherever_the_operator_dies() {
    let hook = json!({ "name": "closed", "url": "ftp://closed/" });
    let analysis = json!({ "interval": "1ms", "threshold": 1, "iterations": 1, "webhooks": [hook] });
    every_crash(&analysis, Phase::Failed, "Failed checks threshold reached 1").await;
}
