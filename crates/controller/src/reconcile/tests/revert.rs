//! Deletion of Canaries that cannot be served any more.

use serin_api::Phase;

use super::{super::crash_tests::Cluster, *};

/// The garbage collector takes the primary with the Canary: a target that stays at 0 is an outage.
#[tokio::test]
async fn a_canary_that_became_wrong_reverts_all_the_same() {
    let cluster = Cluster::new(json!({"interval": "1h", "threshold": 9, "stepWeights": [10]}));
    cluster.api.edit(CANARY, |canary| {
        canary["spec"]["provider"] = json!("gatewayapi:v1");
        canary["spec"]["service"]["gatewayRefs"] = json!([{"name": "gateway"}]);
        canary["spec"]["revertOnDeletion"] = json!(true);
    });
    let replicas = || cluster.api.get(TARGET).unwrap()["spec"]["replicas"].clone();
    let held = || cluster.api.get(CANARY).unwrap()["metadata"]["finalizers"] != json!([]);
    let operator = cluster.operator(None).await;
    assert!(operator.work(Phase::Initialized).await);
    assert_eq!((replicas(), held()), (json!(0), true));
    cluster.api.edit(CANARY, |canary| {
        canary["spec"]["service"]["gatewayRefs"] = json!([]);
        canary["metadata"]["deletionTimestamp"] = json!("2026-01-01T00:00:00Z");
    });
    let ended = async {
        while held() {
            operator.look().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(60), ended).await.unwrap();
    assert_eq!(replicas(), json!(1));
}
