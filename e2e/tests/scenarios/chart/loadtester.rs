//! The chart of the load tester.

use kube::{
    Api,
    api::{Patch, PatchParams},
    core::DynamicObject,
};
use serde_json::json;
use serin_e2e::{
    Kind,
    helm::{self, LOADTESTER_CHART, helm},
    manifest,
    scene::{TestResult, together},
};

use super::render::outline;

const FILES: [&str; 2] = ["loadtester-defaults.yaml", "loadtester-all.yaml"];

async fn rendered(file: &str) -> String {
    let values = helm::values(file);
    outline(&helm::template(LOADTESTER_CHART, "flagger-loadtester", "test", &[&values]).await.unwrap())
}

#[tokio::test]
async fn the_default_values_of_flaggers_load_tester_render() {
    insta::assert_snapshot!(rendered("loadtester-defaults.yaml").await);
}

#[tokio::test]
async fn every_value_of_flaggers_load_tester_has_its_effect() {
    insta::assert_snapshot!(rendered("loadtester-all.yaml").await);
}

#[tokio::test]
async fn what_the_load_tester_cannot_do_is_refused() {
    let values = helm::values("loadtester-defaults.yaml");
    helm(&["lint", "--strict", LOADTESTER_CHART, &values]).await.unwrap();
    let refused = [
        ("image.repository=", "name the image that you built"),
        ("image.repository=ghcr.io/fluxcd/flagger-loadtester", "names Flagger's image"),
        ("istio.enabled=true", "an HTTPRoute to the Service flagger-loadtester"),
        ("appmesh.enabled=true", "there is no support for App Mesh"),
        ("meshName=global", "there is no support for App Mesh"),
        ("cmd.timeout=soon", "at '/cmd/timeout'"),
    ];
    for (value, message) in refused {
        let set = format!("--set={value}");
        let outcome = helm(&["template", "flagger-loadtester", LOADTESTER_CHART, &values, &set]).await;
        let error = outcome.map_or_else(|error| format!("{error:#}"), |_| "rendered".to_owned());
        assert!(error.contains(message), "{value}: {error}");
    }
}

/// In a namespace with the strictest pod security, where the values of Flagger's chart alone would not do.
#[test]
fn a_release_of_the_load_tester_runs_under_the_strictest_pod_security() -> TestResult {
    together("chart-loadtester", async |scene| {
        for file in FILES {
            let values = helm::values(file);
            let options = [values.as_str()];
            for object in helm::template(LOADTESTER_CHART, "lt", &scene.namespace, &options).await? {
                manifest::would_take(&scene.cluster.client, &object).await?;
            }
        }
        let labels = json!({"metadata": {"labels": {"pod-security.kubernetes.io/enforce": "restricted"}}});
        let namespaces: Api<DynamicObject> =
            Api::all_with(scene.cluster.client.clone(), &Kind::NAMESPACE.resource());
        namespaces.patch(&scene.namespace, &PatchParams::default(), &Patch::Merge(labels)).await?;
        let namespace = format!("--namespace={}", scene.namespace);
        let image = "--set=image.repository=localhost/serin-loadtester,image.tag=dev,image.pullPolicy=Never";
        let wait = ["--wait", "--timeout=5m", &namespace, image];
        helm(&[&["install", "flagger-loadtester", LOADTESTER_CHART][..], &wait].concat()).await?;
        helm(&["uninstall", "flagger-loadtester", "--wait", &namespace]).await.map(drop)
    })
}
