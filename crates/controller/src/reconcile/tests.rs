use std::time::Duration;

use http::Method;
use serde_json::{Value, json};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use super::*;
use crate::{
    cache::{CanaryHandler, Version},
    metrics::Metrics,
    testing::{FakeApi, options, sync},
    watch::EventHandler,
};

mod commands;
mod configs;
mod nginx;
mod order;
mod orphans;
mod revert;
mod texts;

pub(super) const CANARY: &str = "/apis/flagger.app/v1beta1/namespaces/test/canaries/app";
pub(super) const TARGET: &str = "/apis/apps/v1/namespaces/test/deployments/app";
pub(super) const PRIMARY: &str = "/apis/apps/v1/namespaces/test/deployments/app-primary";

/// An operator that serves the Canary `app`.
struct Operator {
    api: FakeApi,
    ctx: Context,
    key: Key,
    leads: watch::Sender<crate::lease::Term>,
}

impl Operator {
    fn new() -> Self {
        let api = FakeApi::default();
        let (leads, term) = watch::channel(Some(tokio::time::Instant::now() + Duration::from_secs(3600)));
        let metrics = Arc::new(Metrics::new("test", "kubernetes"));
        let stop = CancellationToken::new();
        let ctx = Context::new(options(), api.client(), metrics, term, stop).unwrap();
        sync(&ctx.cluster.caches);
        api.put(TARGET, target());
        let operator = Self { api, ctx, key: Key::new("test", "app"), leads };
        operator.deliver(operator.api.put(CANARY, canary()));
        operator
    }

    /// The watch delivers a version of the Canary.
    fn deliver(&self, canary: Value) {
        let (caches, queue) = (Arc::clone(&self.ctx.cluster.caches), Arc::clone(&self.ctx.cluster.queue));
        CanaryHandler { caches, queue }.applied(serde_json::from_value(canary).unwrap());
    }

    async fn look(&self) -> (ReconcileEnd, Vec<String>) {
        let verdict = Box::pin(reconcile(&self.ctx, &self.key)).await;
        (verdict, self.api.requests())
    }

    fn conditions(&self) -> Vec<(String, String)> {
        let canary = self.api.get(CANARY).unwrap();
        let conditions = canary["status"]["conditions"].as_array().cloned().unwrap_or_default();
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        conditions.iter().map(|c| (text(&c["type"]), text(&c["reason"]))).collect()
    }
}

pub(super) fn canary() -> Value {
    json!({
        "apiVersion": "flagger.app/v1beta1",
        "kind": "Canary",
        "metadata": { "name": "app", "namespace": "test", "uid": "u", "generation": 1 },
        "spec": {
            "targetRef": { "apiVersion": "apps/v1", "kind": "Deployment", "name": "app" },
            "service": { "port": 80 },
            "analysis": { "interval": "10s", "threshold": 1, "iterations": 2 },
        },
    })
}

pub(super) fn target() -> Value {
    json!({
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": { "name": "app", "namespace": "test", "generation": 1 },
        "spec": {
            "replicas": 1,
            "selector": { "matchLabels": { "app": "app" } },
            "template": {
                "metadata": { "labels": { "app": "app" } },
                "spec": { "containers": [{ "name": "app", "image": "app:1" }] },
            },
        },
        "status": { "observedGeneration": 1, "replicas": 1, "updatedReplicas": 1, "availableReplicas": 1 },
    })
}

fn place(requests: &[String], part: &str) -> usize {
    requests
        .iter()
        .position(|request| request.contains(part))
        .unwrap_or_else(|| panic!("{part}: {requests:?}"))
}

#[tokio::test]
async fn intent_is_written_before_anything_is_done() {
    let operator = Operator::new();
    let (verdict, requests) = operator.look().await;
    assert!(matches!(verdict, ReconcileEnd::Settled(_)), "{verdict:?}");
    assert_eq!(requests[0], "GET canaries/app", "the first read of a term goes to the cluster");
    let intent = place(&requests, "PATCH canaries/app/status");
    assert!(intent < place(&requests, "PATCH services/app-canary"), "{requests:?}");
    assert!(intent < place(&requests, "POST deployments"), "{requests:?}");
    let primary = operator.api.get(PRIMARY).unwrap();
    assert_eq!(primary["spec"]["template"]["spec"]["containers"][0]["image"], "app:1");
}

#[tokio::test]
async fn nothing_to_do_means_no_request() {
    let operator = Operator::new();
    operator.look().await;
    assert_eq!(operator.look().await.1, Vec::<String>::new());
}

#[tokio::test]
async fn with_flaggers_definitions_a_canary_settles_too() {
    let operator = Operator::new();
    operator.api.prune_statuses();
    let (verdict, _) = operator.look().await;
    assert!(matches!(verdict, ReconcileEnd::Settled(_)), "{verdict:?}");
    let status = operator.api.get(CANARY).unwrap()["status"].clone();
    assert_eq!((&status["phase"], &status["waitingFor"]), (&json!("Initializing"), &Value::Null));
    assert_eq!(operator.look().await.1, Vec::<String>::new(), "what was dropped is not missed");
}

#[tokio::test]
async fn a_held_status_of_flaggers_is_written_with_the_next_decision_and_then_in_full() {
    let operator = Operator::new();
    let flaggers = json!({"phase": "Progressing", "failedChecks": 0, "canaryWeight": 0, "iterations": -1,
        "lastAppliedSpec": "x", "lastPromotedSpec": "y"});
    let edit = |suspend: bool| {
        operator.deliver(operator.api.edit(CANARY, |canary| {
            canary["spec"]["suspend"] = json!(suspend);
            canary["status"] = flaggers.clone();
        }));
    };
    edit(true);
    for _ in 0..3 {
        let (verdict, requests) = operator.look().await;
        assert!(matches!(verdict, ReconcileEnd::Settled(_)), "{verdict:?}");
        assert!(!requests.iter().any(|request| request.contains("/status")), "{requests:?}");
    }
    assert_eq!(operator.api.get(CANARY).unwrap()["status"], flaggers);
    assert_eq!(operator.api.events().len(), 1, "{:?}", operator.api.events());
    edit(false);
    operator.look().await;
    let status = operator.api.get(CANARY).unwrap()["status"].clone();
    assert_eq!((&status["iterations"], &status["observedGeneration"]), (&json!(0), &json!(1)), "{status}");
}

#[tokio::test]
async fn a_flagger_that_was_not_stopped_is_told_of_once() {
    let operator = Operator::new();
    operator.look().await;
    operator.look().await;
    let told =
        || operator.api.events().iter().filter(|event| event.contains("if Flagger still runs")).count();
    assert_eq!(told(), 0);
    for _ in 0..3 {
        let drop = |canary: &mut Value| {
            canary["status"].as_object_mut().unwrap().remove("observedGeneration");
        };
        operator.deliver(operator.api.edit(CANARY, drop));
        operator.look().await;
        assert_eq!(told(), 1);
    }
}

#[tokio::test]
async fn an_older_status_of_flaggers_is_nobodys_doing() {
    let operator = Operator::new();
    let flaggers = operator.api.edit(CANARY, |canary| canary["status"] = json!({"phase": "Initializing"}));
    operator.deliver(flaggers.clone());
    operator.look().await;
    operator.deliver(flaggers);
    operator.look().await;
    assert!(!operator.api.events().iter().any(|event| event.contains("if Flagger still runs")));
}

#[tokio::test]
async fn a_lost_race_for_the_status_starts_over_with_a_fresh_read() {
    let operator = Operator::new();
    operator.ctx.local.of(&operator.key).reads().set_fresh();
    operator.api.edit(CANARY, |canary| canary["metadata"]["labels"] = json!({ "by": "another" }));
    let (_, requests) = operator.look().await;
    let first = place(&requests, "PATCH canaries/app/status");
    assert!(requests[..first].iter().all(|request| request.starts_with("GET")), "{requests:?}");
    assert_eq!(requests[first + 1], "GET canaries/app");
    assert!(operator.api.get(PRIMARY).is_some());
    assert_eq!(operator.api.get(CANARY).unwrap()["metadata"]["labels"]["by"], "another");
}

#[tokio::test]
async fn nothing_is_done_on_account_of_a_stale_canary() {
    let operator = Operator::new();
    operator.look().await;
    // Somebody suspends the Canary and deletes a Service; the watch has delivered only the latter.
    operator.api.edit(CANARY, |canary| canary["spec"]["suspend"] = json!(true));
    let service = operator.key.sibling("app-canary");
    let services = operator.ctx.cluster.caches.objects(Kind::Service).unwrap();
    services.gone(&service, Version::parse(Some("1000")));
    let (_, requests) = operator.look().await;
    assert_eq!(requests, ["GET canaries/app"]);
}

#[tokio::test]
async fn a_replica_that_lost_its_lease_writes_nothing() {
    let operator = Operator::new();
    operator.leads.send_replace(Some(tokio::time::Instant::now()));
    let (verdict, requests) = operator.look().await;
    assert_eq!(verdict, ReconcileEnd::Interrupted);
    assert!(requests.iter().all(|request| request.starts_with("GET")), "{requests:?}");
}

#[tokio::test]
async fn a_missing_right_becomes_a_condition_and_one_event_and_goes_with_its_cause() {
    let operator = Operator::new();
    operator.api.refuse(Method::POST, "/deployments", 403);
    for _ in 0..5 {
        assert_eq!(operator.look().await.0, ReconcileEnd::Retry(Category::Forbidden));
        operator.ctx.local.of(&operator.key).retries().failed();
    }
    assert!(operator.conditions().contains(&("Stalled".to_owned(), "Forbidden".to_owned())));
    let told: Vec<_> = operator.api.events().into_iter().filter(|event| event.contains("Grant")).collect();
    assert_eq!(
        told,
        ["createPrimaryDeployment failed: creating deployment app-primary.test failed: no. Grant the \
          operator's service account the verb create on deployments.apps"]
    );
    operator.api.allow_all();
    operator.look().await;
    assert!(operator.api.get(PRIMARY).is_some());
    assert_eq!(operator.conditions(), [("Promoted".to_owned(), "Initializing".to_owned())]);
}

#[tokio::test]
async fn an_invalid_canary_is_told_of_once_and_served_when_it_is_mended() {
    let operator = Operator::new();
    let broken = operator.api.edit(CANARY, |canary| canary["spec"]["provider"] = json!("istio"));
    operator.deliver(broken);
    assert_eq!(operator.look().await.0, ReconcileEnd::Settled(None));
    assert_eq!(operator.conditions(), [("Stalled".to_owned(), "InvalidSpec".to_owned())]);
    assert_eq!(operator.look().await.1, Vec::<String>::new());
    assert_eq!(operator.api.events().len(), 1, "{:?}", operator.api.events());

    let mended = operator.api.edit(CANARY, |canary| canary["spec"]["provider"] = json!("kubernetes"));
    operator.deliver(mended);
    operator.look().await;
    assert_eq!(operator.conditions(), [("Promoted".to_owned(), "Initializing".to_owned())]);
}

#[tokio::test]
async fn a_canary_that_cannot_be_decoded_is_named_and_left_alone() {
    let operator = Operator::new();
    let broken = operator.api.edit(CANARY, |canary| canary["spec"]["targetRef"] = json!("app"));
    operator.deliver(broken);
    assert_eq!(operator.look().await.0, ReconcileEnd::Settled(None));
    assert_eq!(operator.conditions(), [("Stalled".to_owned(), "InvalidSpec".to_owned())]);
    assert!(operator.api.get(PRIMARY).is_none());
}

#[tokio::test]
async fn a_deleted_canary_is_gone() {
    let operator = Operator::new();
    let key = operator.key.sibling("never");
    assert_eq!(Box::pin(reconcile(&operator.ctx, &key)).await, ReconcileEnd::Gone);
}

#[tokio::test]
async fn what_others_made_first_is_read_and_taken_into_account() {
    let operator = Operator::new();
    operator.look().await;
    // A primary that the watch has not delivered yet.
    let deployments = operator.ctx.cluster.caches.objects(Kind::Deployment).unwrap();
    deployments.gone(&operator.key.sibling("app-primary"), Version::parse(Some("1000")));
    operator.api.skip_to_version(1000);
    operator.api.edit(PRIMARY, |primary| primary["metadata"]["labels"] = json!({ "by": "another" }));
    let (verdict, requests) = operator.look().await;
    assert!(matches!(verdict, ReconcileEnd::Settled(_)), "{verdict:?} {requests:?}");
    assert_eq!(requests.iter().filter(|request| *request == "POST deployments").count(), 1);
    assert!(place(&requests, "POST deployments") < place(&requests, "GET deployments/app-primary"));
}

const CANARY_SERVICE: &str = "/api/v1/namespaces/test/services/app-canary";

#[tokio::test]
async fn what_flagger_set_is_taken_over_once_and_only_when_there_is_something_to_set() {
    let operator = Operator::new();
    operator.look().await;
    let drift = |by: &str| {
        let entry = json!({"manager": by, "operation": "Update", "apiVersion": "v1", "fieldsType": "FieldsV1",
            "time": "2026-01-01T00:00:00Z", "fieldsV1": {"f:spec": {"f:selector": {}}}});
        operator.api.edit(CANARY_SERVICE, |service| {
            service["spec"]["selector"]["app"] = json!("other");
            service["metadata"]["managedFields"] = json!([entry]);
        });
        let services = operator.ctx.cluster.caches.objects(Kind::Service).unwrap();
        let live = operator.api.get(CANARY_SERVICE).unwrap();
        let version = Version::parse(live["metadata"]["resourceVersion"].as_str());
        services.offer(&operator.key.sibling("app-canary"), version, live, crate::cache::Origin::Watch);
    };
    drift("flagger");
    let (_, requests) = operator.look().await;
    let writes = |requests: &[String]| {
        requests.iter().filter(|r| r.ends_with("services/app-canary")).cloned().collect::<Vec<_>>()
    };
    assert_eq!(
        writes(&requests),
        ["GET services/app-canary", "PATCH services/app-canary", "PATCH services/app-canary"]
    );
    let service = operator.api.get(CANARY_SERVICE).unwrap();
    assert_eq!(service["metadata"]["managedFields"][0]["manager"], "serin");
    assert_eq!(service["metadata"]["managedFields"][0]["operation"], "Apply");
    assert_eq!(service["spec"]["selector"]["app"], "app");

    drift("kubectl-edit");
    let (_, requests) = operator.look().await;
    assert_eq!(writes(&requests), ["PATCH services/app-canary"]);
}
