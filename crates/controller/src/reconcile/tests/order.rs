//! The order in which one tick asks, writes, acts and tells, all of it, also when something fails.

use super::{
    super::crash_tests::{Cluster, Operator},
    *,
};

/// Hooks of every kind that a tick asks, and a metric, all served by `url`.
fn edit(canary: &mut Value, url: &str) {
    let hook = |name: &str, kind: &str| json!({"name": name, "type": kind, "url": format!("{url}/{name}")});
    canary["spec"]["provider"] = json!("gatewayapi:v1");
    canary["spec"]["service"]["gatewayRefs"] = json!([{"name": "gateway"}]);
    canary["spec"]["metricsServer"] = json!(url);
    canary["spec"]["analysis"] = json!({
        "interval": "1h", "threshold": 9, "stepWeights": [10, 20, 30],
        "metrics": [{"name": "errors", "query": "vector(0)", "thresholdRange": {"max": 1}}],
        // The order of the manifest is not that of the tick.
        "webhooks": [
            hook("cp", "confirm-promotion"),
            hook("cti", "confirm-traffic-increase"),
            hook("roll", "rollout"),
            hook("roll-too", ""),
            hook("rb", "rollback"),
            hook("done", "post-rollout"),
        ],
    });
}

/// A canary with its first share of the traffic.
async fn running(cluster: &Cluster) -> Operator<'_> {
    let url = cluster.api.serve_outside().await;
    cluster.api.edit(CANARY, |canary| edit(canary, &url));
    cluster.api.refuse(Method::POST, "/rb", 500);
    let operator = cluster.operator(None).await;
    assert!(operator.work(serin_api::Phase::Initialized).await);
    cluster.ship("app:2");
    for _ in 0..20 {
        operator.look().await;
        if cluster.status()["canaryWeight"] == 10 {
            break;
        }
    }
    assert_eq!(cluster.status()["canaryWeight"], 10, "{:#}", cluster.status());
    operator.look().await;
    operator
}

/// The interval is over: one tick, and what was asked of anybody.
async fn tick(cluster: &Cluster, operator: &Operator<'_>) -> Vec<String> {
    cluster.api.edit(CANARY, |canary| canary["status"]["lastCheckTime"] = json!("2020-01-01T00:00:00Z"));
    cluster.api.requests();
    operator.look().await;
    cluster.api.requests()
}

/// Only these are refused, and the rollback hook, which asks for one when it agrees.
fn refuse(cluster: &Cluster, refused: &[(Method, &'static str)]) {
    cluster.api.allow_all();
    for (method, part) in refused.iter().cloned().chain([(Method::POST, "/rb")]) {
        cluster.api.refuse(method, part, 500);
    }
}

const ASKED: [&str; 5] = ["CALL /rb", "CALL /roll", "CALL /roll-too", "CALL /api/v1/query", "CALL /cti"];
const STATUS: &str = "PATCH canaries/app/status";
const ROUTE: &str = "PATCH httproutes/app";
const EVENT: &str = "POST events";

#[rstest::rstest]
#[case::a_step(&[], 5, &[STATUS, ROUTE, EVENT, EVENT, EVENT], 20)]
// The first hook that refuses ends the round: no metric is asked for.
#[case::a_check_refuses(&[(Method::POST, "/roll-too")], 3, &[STATUS, EVENT, EVENT], 10)]
#[case::a_metric_cannot_be_had(&[(Method::GET, "/query")], 4, &[STATUS, EVENT, EVENT], 10)]
#[case::a_gate_is_closed(&[(Method::POST, "/cti")], 5, &[STATUS, EVENT, EVENT], 10)]
// Told as well: the status says so already. The last event is the error.
#[case::the_route_cannot_be_written(
    &[(Method::PATCH, "/httproutes")], 5, &[STATUS, ROUTE, EVENT, EVENT, EVENT, EVENT], 20
)]
#[case::the_status_cannot_be_written(&[(Method::PATCH, "/status")], 5, &[STATUS], 10)]
#[tokio::test]
async fn a_tick_asks_then_writes_then_acts_then_tells(
    #[case] refused: &[(Method, &'static str)],
    #[case] asked: usize,
    #[case] done: &[&str],
    #[case] weight: i64,
) {
    let cluster = Cluster::new(json!({}));
    let operator = running(&cluster).await;
    refuse(&cluster, refused);
    let mut expected: Vec<&str> = ASKED.into_iter().take(asked).chain(done.iter().copied()).collect();
    let mut seen = tick(&cluster, &operator).await;
    expected[1..4].sort_unstable();
    seen[1..4].sort_unstable();
    assert_eq!(seen, expected);
    assert_eq!(cluster.status()["canaryWeight"], weight);
}

#[tokio::test]
async fn a_route_that_could_not_be_written_is_all_that_is_done_again() {
    let cluster = Cluster::new(json!({}));
    let operator = running(&cluster).await;
    refuse(&cluster, &[(Method::PATCH, "/httproutes")]);
    tick(&cluster, &operator).await;
    refuse(&cluster, &[]);
    operator.look().await;
    assert_eq!(cluster.api.requests(), ["GET canaries/app", ROUTE]);
}

/// Traffic first, then the pods; the hooks hear of the end when everybody else has.
#[tokio::test]
async fn a_rollback_takes_the_traffic_then_the_pods_and_tells_then() {
    let cluster = Cluster::new(json!({}));
    let operator = running(&cluster).await;
    cluster.api.allow_all();
    // The second write notes that the gateway has accepted the route: draining begins.
    assert_eq!(tick(&cluster, &operator).await, ["CALL /rb", STATUS, ROUTE, EVENT, EVENT, STATUS]);
    let scale = "PATCH deployments/app";
    // The last write takes out of the status what was told.
    let end = [STATUS, ROUTE, scale, STATUS, EVENT, "CALL /done", EVENT, STATUS];
    assert_eq!(tick(&cluster, &operator).await, end);
    assert_eq!(cluster.status()["phase"], "Failed");
}
