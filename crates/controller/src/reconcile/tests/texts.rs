//! What people read when the API server refuses an object: Flagger's words.

use rstest::rstest;
use serin_api::Phase;
use serin_core::router::gateway_api::HTTP_ROUTE;

use super::{
    super::crash_tests::{Cluster, Operator},
    *,
};
use crate::cache::ObjectHandler;

const ROUTE: &str = "/apis/gateway.networking.k8s.io/v1/namespaces/test/httproutes/app";
const SETTINGS: &str = "/api/v1/namespaces/test/configmaps/settings";

/// A Canary with a route, whose target takes its environment from a ConfigMap.
fn cluster() -> Cluster {
    let cluster = Cluster::new(json!({"interval": "1h", "threshold": 9, "stepWeights": [10, 20]}));
    cluster.api.edit(CANARY, |canary| {
        canary["spec"]["provider"] = json!("gatewayapi:v1");
        canary["spec"]["service"]["gatewayRefs"] = json!([{"name": "gateway"}]);
    });
    let settings = json!({"metadata": {"name": "settings", "namespace": "test"}, "data": {"n": "1"}});
    cluster.api.put(SETTINGS, settings);
    cluster.api.edit(TARGET, |target| {
        let source = json!([{"configMapRef": {"name": "settings"}}]);
        target["spec"]["template"]["spec"]["containers"][0]["envFrom"] = source;
    });
    cluster
}

/// Looks until nothing but refusals is left.
async fn told(cluster: &Cluster, operator: &Operator<'_>) -> Vec<String> {
    for _ in 0..8 {
        operator.look().await;
    }
    cluster.api.events()
}

#[rstest]
#[case::service(
    Method::PATCH,
    "/services/app-canary",
    "reconcileService failed: service app-canary.test create error: no"
)]
#[case::config(
    Method::POST,
    "/configmaps",
    "createPrimaryDeployment failed: CreatePrimaryConfigs failed: creating configmap settings-primary.test failed: no"
)]
#[case::primary(
    Method::POST,
    "/deployments",
    "createPrimaryDeployment failed: creating deployment app-primary.test failed: no"
)]
#[case::route(Method::PATCH, "/httproutes", "HTTPRoute app.test create error: no")]
#[case::target(
    Method::PATCH,
    "/deployments/app",
    "scaling down canary Deployment app.test failed: deployment app.test patch query error: no"
)]
#[tokio::test]
async fn of_the_initialisation(#[case] method: Method, #[case] part: &'static str, #[case] text: &str) {
    let cluster = cluster();
    cluster.api.refuse(method, part, 422);
    let operator = cluster.operator(None).await;
    let told = told(&cluster, &operator).await;
    assert!(told.iter().any(|event| event == text), "{told:#?}");
}

#[rstest]
#[case::target(Method::PATCH, "/deployments/app", false, "scaling up app.test to 1 failed: no")]
#[case::route(
    Method::PATCH,
    "/httproutes",
    false,
    "HTTPRoute app.test update error: no while setting weights"
)]
#[case::primary(
    Method::PUT,
    "/deployments/app-primary",
    true,
    "updating deployment app-primary.test template spec failed: no"
)]
#[tokio::test]
async fn of_a_rollout(
    #[case] method: Method,
    #[case] part: &'static str,
    #[case] skip_analysis: bool,
    #[case] text: &str,
) {
    let cluster = cluster();
    cluster.api.edit(CANARY, |canary| canary["spec"]["skipAnalysis"] = json!(skip_analysis));
    let operator = cluster.operator(None).await;
    assert!(operator.work(Phase::Initialized).await);
    cluster.api.refuse(method, part, 422);
    cluster.ship("app:2");
    let told = told(&cluster, &operator).await;
    assert!(told.iter().any(|event| event.contains(text)), "{told:#?}");
}

#[tokio::test]
async fn of_a_repair_between_rollouts() {
    let cluster = cluster();
    let operator = cluster.operator(None).await;
    assert!(operator.work(Phase::Initialized).await);
    let changed = cluster.api.edit(ROUTE, |route| route["spec"]["hostnames"] = json!(["other.example.com"]));
    let (caches, queue) = (&operator.ctx.cluster.caches, &operator.ctx.cluster.queue);
    let handler = ObjectHandler {
        kind: Kind::Routed(&HTTP_ROUTE),
        caches: Arc::clone(caches),
        queue: Arc::clone(queue),
    };
    handler.applied(serde_json::from_value(changed).unwrap());
    cluster.api.refuse(Method::PATCH, "/httproutes", 422);
    let told = told(&cluster, &operator).await;
    let text =
        "is refused: HTTPRoute app.test update error: no while reconciling. Its weights are still moved";
    assert!(told.iter().any(|event| event.contains(text)), "{told:#?}");
}
