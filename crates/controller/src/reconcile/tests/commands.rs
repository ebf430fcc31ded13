//! Commands of people: obeyed with one write, and then removed.

use super::{
    super::crash_tests::{Cluster, Operator},
    *,
};

const COMMAND: &str = "/metadata/annotations/serin~1command";
const REMOVAL: &str = "PATCH canaries/app";

/// A canary with its first share of the traffic.
async fn running(cluster: &Cluster) -> Operator<'_> {
    cluster.api.edit(CANARY, |canary| {
        canary["spec"]["provider"] = json!("gatewayapi:v1");
        canary["spec"]["service"]["gatewayRefs"] = json!([{"name": "gateway"}]);
        canary["spec"]["analysis"] = json!({"interval": "1h", "threshold": 9, "stepWeights": [10, 20]});
    });
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
    cluster.api.requests();
    operator
}

fn give(cluster: &Cluster, id: &str, verb: &str) {
    let revision = cluster.status()["lastAppliedSpec"].clone();
    let text = json!({"id": id, "verb": verb, "revision": revision}).to_string();
    let other = json!("stays");
    cluster.api.edit(CANARY, |canary| {
        canary["metadata"]["annotations"] = json!({"serin/command": text, "team/other": other});
    });
}

fn commands(cluster: &Cluster) -> usize {
    cluster.status()["run"]["commands"].as_array().map_or(0, Vec::len)
}

fn pending(cluster: &Cluster) -> bool {
    cluster.api.get(CANARY).unwrap().pointer(COMMAND).is_some()
}

#[tokio::test]
async fn an_abort_is_written_then_done_and_then_its_annotation_goes() {
    let cluster = Cluster::new(json!({}));
    let operator = running(&cluster).await;
    give(&cluster, "1", "abort");
    operator.look().await;
    let requests = cluster.api.requests();
    let begun = ["PATCH canaries/app/status", "PATCH httproutes/app", REMOVAL];
    assert_eq!(requests[..begun.len()], begun, "{requests:?}");
    assert!(!pending(&cluster));
    let canary = cluster.api.get(CANARY).unwrap();
    assert_eq!(canary["metadata"]["annotations"], json!({"team/other": "stays"}));
    assert_eq!(commands(&cluster), 1);
    assert_eq!(cluster.status()["run"]["commands"][0]["outcome"], "Obeyed");
}

#[tokio::test]
async fn a_command_that_was_not_removed_yet_is_not_obeyed_again() {
    let cluster = Cluster::new(json!({}));
    let operator = running(&cluster).await;
    give(&cluster, "1", "promote");
    operator.look().await;
    assert_eq!((cluster.status()["canaryWeight"].as_i64(), commands(&cluster)), (Some(20), 1));
    // As after a crash between the write and the removal.
    give(&cluster, "1", "promote");
    cluster.api.requests();
    operator.look().await;
    assert!(cluster.api.requests().contains(&REMOVAL.to_owned()));
    assert_eq!((cluster.status()["canaryWeight"].as_i64(), commands(&cluster)), (Some(20), 1));
    assert!(!pending(&cluster));
    operator.look().await;
    assert!(cluster.api.requests().is_empty());
}
