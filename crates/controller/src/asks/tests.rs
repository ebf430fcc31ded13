use std::{
    net::SocketAddr,
    sync::{Arc, Mutex},
};

use axum::{Router, http::HeaderMap};
use k8s_openapi::{ByteString, api::core::v1::Secret};
use serde_json::{Value, json};
use serin_core::validate::validate;
use tokio_util::sync::CancellationToken;

use super::*;
use crate::{
    cache::{CanaryHandler, ConfigHandler, Health, object_kinds},
    lock::lock,
    metrics::Metrics,
    testing::{FakeApi, options},
    watch::{EventHandler, Named},
};

const SECRET: &str = "/api/v1/namespaces/test/secrets/login";
const TEMPLATE: &str = "/apis/flagger.app/v1beta1/namespaces/test/metrictemplates/errors";

#[test]
fn errors_of_a_template_name_it() {
    let name = TemplateName { name: "errors".to_owned(), namespace: "metrics".to_owned() };
    let told = of_template(&name, Outcome::Error("error response: Status 500".to_owned()));
    assert_eq!(told, Outcome::Error("error response: Status 500 (MetricTemplate errors.metrics)".to_owned()));
    let nothing = Outcome::NoData("no values found".to_owned());
    assert_eq!(of_template(&name, nothing.clone()), nothing);
}

/// A metrics server that notes who asks.
async fn prometheus() -> (SocketAddr, Arc<Mutex<Vec<String>>>) {
    let asked = Arc::new(Mutex::new(Vec::new()));
    let noted = Arc::clone(&asked);
    let answer = move |headers: HeaderMap| {
        let token = headers.get("authorization").map(|value| value.to_str().unwrap().to_owned());
        lock(&noted).push(token.unwrap_or_default());
        std::future::ready(r#"{"data":{"result":[{"value":[1,"0"]}]}}"#)
    };
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(axum::serve(listener, Router::new().fallback(answer)).into_future());
    (address, asked)
}

/// An operator with a Canary that has one metric of a template with a Secret.
struct Round {
    api: FakeApi,
    ctx: Context,
    canary: Canary,
    rollout: Rollout,
    /// The `Authorization` headers that the metrics server got.
    asked: Arc<Mutex<Vec<String>>>,
}

impl Round {
    async fn new() -> Self {
        let (address, asked) = prometheus().await;
        let api = FakeApi::default();
        let provider = json!({
            "type": "prometheus", "address": format!("http://{address}"), "secretRef": { "name": "login" },
        });
        api.put(
            TEMPLATE,
            json!({
                "apiVersion": "flagger.app/v1beta1", "kind": "MetricTemplate",
                "metadata": { "name": "errors", "namespace": "test" },
                "spec": { "provider": provider, "query": "errors" },
            }),
        );
        let (_, term) = tokio::sync::watch::channel(None);
        let metrics = Arc::new(Metrics::new("test", "kubernetes"));
        let ctx = Context::new(options(), api.client(), metrics, term, CancellationToken::new()).unwrap();
        let canary: Canary = serde_json::from_value(canary()).unwrap();
        let rollout = validate(&canary, &ctx.options.settings).unwrap();
        let (caches, queue) = (Arc::clone(&ctx.cluster.caches), Arc::clone(&ctx.cluster.queue));
        for store in object_kinds().filter_map(|kind| caches.objects(kind)) {
            store.list_begins();
            store.list_ends();
        }
        CanaryHandler { caches, queue }.applied(serde_json::from_value(self::canary()).unwrap());
        let round = Self { api, ctx, canary, rollout, asked };
        round.handler().list_begins();
        round.handler().list_ends();
        round
    }

    fn handler(&self) -> impl EventHandler<Named<Secret>> {
        let caches = Arc::clone(&self.ctx.cluster.caches);
        ConfigHandler { kind: Kind::Secret, caches, queue: Arc::clone(&self.ctx.cluster.queue) }
    }

    /// Stores a token, as its owner does.
    fn store(&self, token: &str) -> Named<Secret> {
        let token = ByteString(token.as_bytes().to_vec());
        let secret = self.api.put(
            SECRET,
            json!({
                "apiVersion": "v1", "kind": "Secret", "metadata": { "name": "login", "namespace": "test" },
                "data": { "token": token },
            }),
        );
        serde_json::from_value(secret).unwrap()
    }

    /// Runs the checks; how often the Secret was read for them, and what came of them.
    async fn run(&self) -> (usize, Outcome) {
        let mut answers = Answers::default();
        self.api.requests();
        let checks = checks::plan(&self.rollout.spec.analysis.metrics, &self.rollout.subject());
        answer(&self.ctx, &self.canary, &self.rollout, &[Ask::Checks(checks)], &mut answers).await;
        let reads = self.api.requests().iter().filter(|request| *request == "GET secrets/login").count();
        (reads, answers.checks.remove(0).1.outcome)
    }
}

fn canary() -> Value {
    json!({
        "apiVersion": "flagger.app/v1beta1",
        "kind": "Canary",
        "metadata": { "name": "app", "namespace": "test", "uid": "u", "generation": 1, "resourceVersion": "1" },
        "spec": {
            "targetRef": { "apiVersion": "apps/v1", "kind": "Deployment", "name": "app" },
            "service": { "port": 80 },
            "analysis": {
                "interval": "10s", "threshold": 1, "iterations": 2,
                "metrics": [{ "name": "errors", "templateRef": { "name": "errors" }, "thresholdRange": { "max": 1 } }],
            },
        },
    })
}

#[tokio::test]
async fn a_template_whose_kind_is_not_listed_yet_is_read_alone() {
    let round = Round::new().await;
    round.handler().applied(round.store("first"));
    round.ctx.cluster.caches.objects(Kind::MetricTemplate).unwrap().fail(Health::Starting);
    assert_eq!(round.run().await.1, Outcome::sample(0.0));
    let mut answers = Answers::default();
    answer(&round.ctx, &round.canary, &round.rollout, &[Ask::Providers], &mut answers).await;
    assert!(!matches!(answers.providers, Some(Err(why)) if why.contains("list")));
}

#[tokio::test]
async fn a_secret_is_read_once_for_each_of_its_versions() {
    let round = Round::new().await;
    round.handler().applied(round.store("first"));
    assert_eq!(round.run().await, (1, Outcome::sample(0.0)));
    assert_eq!(round.run().await, (0, Outcome::sample(0.0)));
    let second = round.store("second");
    assert_eq!(round.run().await, (0, Outcome::sample(0.0)), "the watch has told nothing yet");
    round.handler().applied(second.clone());
    assert_eq!(round.run().await, (1, Outcome::sample(0.0)));
    round.handler().applied(second);
    assert_eq!(round.run().await, (0, Outcome::sample(0.0)));
    assert_eq!(
        *lock(&round.asked),
        ["Bearer first", "Bearer first", "Bearer first", "Bearer second", "Bearer second"]
    );
}

#[tokio::test]
async fn a_deleted_secret_is_missed_and_a_new_one_is_read() {
    let round = Round::new().await;
    round.handler().applied(round.store("first"));
    assert_eq!(round.run().await.0, 1);
    // A deletion has a version of its own.
    round.handler().deleted(round.store("last"));
    let (reads, outcome) = round.run().await;
    assert!(matches!(&outcome, Outcome::Setup(SetupError::Secret { .. })), "{outcome:?}");
    assert_eq!(reads, 0);
    round.handler().applied(round.store("again"));
    assert_eq!(round.run().await, (1, Outcome::sample(0.0)));
}

#[tokio::test]
async fn while_secrets_cannot_be_watched_they_are_read_for_each_check() {
    let round = Round::new().await;
    round.handler().applied(round.store("first"));
    round.handler().failed(Health::Failing("no".to_owned()));
    assert_eq!(round.run().await, (1, Outcome::sample(0.0)));
    assert_eq!(round.run().await, (1, Outcome::sample(0.0)));
}

#[tokio::test]
async fn a_deleted_canary_leaves_no_secret_behind() {
    let round = Round::new().await;
    round.handler().applied(round.store("first"));
    round.run().await;
    let (caches, secret) = (&round.ctx.cluster.caches, Key::new("test", "login"));
    assert!(caches.credentials.wants(&secret));
    caches.unlink(&Key::new("test", "app"));
    assert!(!caches.credentials.wants(&secret));
}
