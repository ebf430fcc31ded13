//! Values that are refused, ignored or unknown: the user is told.

use serde_json::Value;
use serin_e2e::{
    helm::{self, CHART, LOADTESTER_CHART, helm},
    install::repository,
};

async fn notes(options: &[&str]) -> String {
    let image = helm::values("minimal.yaml");
    let install = ["install", "serin", CHART, "--dry-run=client", "--namespace=serin-system", &image];
    helm(&[&install, options].concat()).await.unwrap().split_once("NOTES:").unwrap().1.to_owned()
}

#[tokio::test]
async fn what_cannot_work_is_refused_with_a_remedy() {
    let refused = [
        ("image.repository=", "name the image that you built"),
        ("image.repository=ghcr.io/fluxcd/flagger", "names Flagger's image"),
        ("leaderElection.replicaCount=2", "set leaderElection.enabled"),
        ("controlplane.kubeconfig.secretName=mesh", "routes in another cluster are not supported"),
        ("logLevel=loud", "value must be one of 'debug', 'info'"),
        ("leaderElection.enabled=perhaps", "want boolean"),
        ("metricsServer=prometheus", "at '/metricsServer'"),
        ("minInterval=soon", "at '/minInterval'"),
        ("image.digest=abc", "at '/image/digest'"),
    ];
    let image = helm::values("minimal.yaml");
    for (value, message) in refused {
        let set = format!("--set={value}");
        let outcome = helm(&["template", "serin", CHART, &image, &set]).await;
        let error = outcome.map_or_else(|error| format!("{error:#}"), |_| "rendered".to_owned());
        assert!(error.contains(message), "{value}: {error}");
    }
}

#[tokio::test]
async fn what_is_ignored_is_noted() {
    let noted = [
        ("ingressClass=contour", "ingressClass is ignored"),
        ("kubeconfigQPS=200", "kubeconfigQPS is ignored"),
        ("kubeconfigBurst=500", "kubeconfigBurst is ignored"),
        ("threadiness=4", "threadiness is ignored"),
        ("rbac.pspEnabled=true", "rbac.pspEnabled is ignored"),
        ("meshProvider=istio", "Canaries without spec.provider get the condition Stalled"),
        ("logLevle=debug", "logLevle is ignored: the chart has no value of this name"),
    ];
    for (value, message) in noted {
        let shown = notes(&[&format!("--set={value}")]).await;
        assert!(shown.contains(message), "{value}: {shown}");
    }
    for value in [
        "meshProvider=kubernetes",
        "meshProvider=nginx",
        "ingressAnnotationsPrefix=custom.io",
        "meshProvider=gatewayapi:v1beta1",
        "global.region=eu",
    ] {
        let shown = notes(&[&format!("--set={value}")]).await;
        assert!(!shown.contains("Please note"), "{value}: {shown}");
    }
}

/// The fields that are in `values` but not in the schema.
fn undeclared(values: &Value, schema: &Value, path: &str) -> Vec<String> {
    let (Some(values), Some(properties)) = (values.as_object(), schema["properties"].as_object()) else {
        return Vec::new();
    };
    let of_field = |(name, value): (&String, &Value)| match properties.get(name) {
        Some(schema) => undeclared(value, schema, &format!("{path}{name}.")),
        None => vec![format!("{path}{name}")],
    };
    values.iter().flat_map(of_field).collect()
}

fn assert_declared(chart: &str, fixtures: &[&str]) {
    let read = |path: &str| std::fs::read_to_string(repository().join(path)).unwrap();
    let schema: Value = serde_json::from_str(&read(&format!("{chart}/values.schema.json"))).unwrap();
    let fixtures = fixtures.iter().map(|file| format!("e2e/fixtures/chart/{file}.yaml"));
    for file in fixtures.chain([format!("{chart}/values.yaml")]) {
        let values: Value = serde_saphyr::from_str(&read(&file)).unwrap();
        assert_eq!(undeclared(&values, &schema, ""), [] as [&str; 0], "{file}");
    }
}

#[tokio::test]
async fn the_schema_declares_every_value() {
    assert_declared(CHART, &["flagger-defaults", "flagger-all", "serin"]);
    assert_declared(LOADTESTER_CHART, &["loadtester-defaults", "loadtester-all"]);
    let all = helm::values("flagger-all.yaml");
    let serin = helm::values("serin.yaml");
    assert!(!notes(&[&all, &serin]).await.contains("no value of this name"));
}

#[tokio::test]
async fn the_chart_passes_helms_linter() {
    let values = helm::values("flagger-all.yaml");
    for options in [&["--strict"][..], &["--strict", &values]] {
        helm(&[&["lint", CHART], options].concat()).await.unwrap();
    }
}
