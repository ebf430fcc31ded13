//! A Canary behind the NGINX Ingress controller.

use serin_api::Phase;

use super::{super::crash_tests::Cluster, *};

const INGRESS: &str = "/apis/networking.k8s.io/v1/namespaces/test/ingresses/app";
const COPY: &str = "/apis/networking.k8s.io/v1/namespaces/test/ingresses/app-canary";

fn cluster() -> Cluster {
    let cluster = Cluster::new(json!({"interval": "1h", "threshold": 9, "stepWeights": [10, 20]}));
    cluster.api.edit(CANARY, |canary| {
        canary["spec"]["provider"] = json!("nginx");
        canary["spec"]["ingressRef"] =
            json!({"apiVersion": "networking.k8s.io/v1", "kind": "Ingress", "name": "app"});
    });
    let backend = json!({"service": {"name": "app", "port": {"number": 80}}});
    let path = json!({"path": "/", "pathType": "Prefix", "backend": backend});
    let ingress = json!({
        "apiVersion": "networking.k8s.io/v1", "kind": "Ingress", "metadata": {"name": "app", "namespace": "test"},
        "spec": {"rules": [{"http": {"paths": [path]}}]},
    });
    cluster.api.put(INGRESS, ingress);
    cluster
}

#[tokio::test]
async fn the_weight_is_moved_on_the_copy_and_the_users_ingress_stays() {
    let cluster = cluster();
    let operator = cluster.operator(None).await;
    assert!(operator.work(Phase::Initialized).await);
    let copy = || cluster.api.get(COPY).unwrap();
    let service = "/spec/rules/0/http/paths/0/backend/service/name";
    assert_eq!(copy().pointer(service), Some(&json!("app-canary")));
    let weight = || copy()["metadata"]["annotations"]["nginx.ingress.kubernetes.io/canary-weight"].clone();
    assert_eq!(weight(), "0");
    cluster.ship("app:2");
    for _ in 0..8 {
        operator.look().await;
    }
    assert_eq!(weight(), "10");
    assert_eq!(cluster.status()["routeName"], "nginx/app-canary");
    let writes = cluster.api.requests().into_iter().filter(|request| !request.starts_with("GET"));
    let written: Vec<_> = writes.filter(|request| request.ends_with("ingresses/app")).collect();
    assert_eq!(written, [""; 0]);
}

#[tokio::test]
async fn what_the_api_server_refuses_is_told_in_flaggers_words() {
    let cluster = cluster();
    cluster.api.refuse(Method::PATCH, "/ingresses", 422);
    let operator = cluster.operator(None).await;
    for _ in 0..8 {
        operator.look().await;
    }
    let told = cluster.api.events();
    assert!(told.iter().any(|event| event == "ingress app-canary.test create error: no"), "{told:#?}");
}

#[tokio::test]
async fn without_the_backend_the_canary_is_stalled() {
    let cluster = cluster();
    cluster.api.edit(INGRESS, |ingress| ingress["spec"]["rules"] = json!([]));
    let operator = cluster.operator(None).await;
    operator.look().await;
    let conditions = cluster.status()["conditions"].clone();
    let stalled =
        conditions.as_array().into_iter().flatten().find(|condition| condition["type"] == "Stalled");
    assert_eq!(stalled.map(|stalled| &stalled["reason"]), Some(&json!("BackendNotFound")), "{conditions:#}");
}
