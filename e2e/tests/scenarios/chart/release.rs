//! A release of the chart that serves one namespace.

use std::time::Duration;

use anyhow::{Context, Result, ensure};
use serde_json::Value;
use serin_api::Phase;
use serin_e2e::{
    Kind, Scene,
    helm::{CHART, helm},
    install,
    scene::{Fault, LIMIT, TestResult, alone},
};

/// Installs or upgrades the release in the scene's namespace, and waits until it is available.
async fn release(scene: &Scene, options: &[&str]) -> Result<()> {
    let metrics = format!("--set=metricsServer={}", scene.cluster.settings.prometheus);
    let served = format!("--set=namespace={0}", scene.namespace);
    let namespace = format!("--namespace={}", scene.namespace);
    let image = "--set=image.repository=localhost/serin,image.tag=dev,image.pullPolicy=Never";
    let upgrade = ["upgrade", "--install", "serin", CHART, "--wait", "--timeout=5m", &namespace];
    let set = [image, &served, &metrics, "--set=minInterval=1s,logLevel=debug"];
    helm(&[&upgrade[..], &set, options].concat()).await.map(drop)
}

fn args(deployment: &Value) -> Option<Vec<&str>> {
    let args = deployment.pointer("/spec/template/spec/containers/0/args")?.as_array()?;
    args.iter().map(Value::as_str).collect()
}

/// How many targets of this pod's namespace the bundled Prometheus reaches.
async fn scraped(scene: &Scene) -> Result<usize> {
    let path = format!(
        "/api/v1/namespaces/{}/services/serin-prometheus:9090/proxy/api/v1/query?query=up%7Bnamespace%3D%22{}%22%7D",
        scene.namespace, scene.namespace
    );
    let request = http::Request::get(path).body(Vec::new())?;
    let answer: Value = scene.cluster.client.request(request).await?;
    let series = answer["data"]["result"].as_array().context("an answer without a result")?;
    Ok(series.iter().filter(|series| series["value"][1] == "1").count())
}

/// The bundled Prometheus is the operator's, and sees the pods that ask for it.
async fn bundled(scene: &Scene) -> Result<()> {
    // The local cluster has its own image, and no way to a registry.
    let local = "--set=prometheus.image=localhost/prometheus:3.14.0";
    let image = if scene.cluster.settings.existing { "--set=" } else { local };
    release(scene, &["--set=prometheus.install=true", image]).await?;
    let deployment = scene.api(Kind::DEPLOYMENT).get("serin").await?;
    let args = args(&deployment.data).context("a Deployment without arguments")?;
    ensure!(args.contains(&"--metrics-server=http://serin-prometheus:9090"), "{args:?}");
    let first_scrapes = async {
        // An available Deployment may have a Service without endpoints for a moment.
        while scraped(scene).await.unwrap_or(0) == 0 {
            tokio::time::sleep(Duration::from_millis(500)).await;
        }
    };
    let waited = tokio::time::timeout(LIMIT, first_scrapes).await;
    waited.with_context(|| "the bundled Prometheus scrapes nothing")
}

/// A rollout by a release of the chart, before and after its upgrade, and what is left without it.
async fn live(scene: &Scene) -> Result<()> {
    bundled(scene).await?;
    // Without it, the upgrade takes it away again.
    release(scene, &[]).await?;
    scene.install("canary.yaml").await?;
    let traffic = scene.traffic(20).await?;
    let shipment = scene.ship("6.9.1", Fault::None).await?;
    scene.until_weight(25).await?;

    // An upgrade in the middle of a rollout: the new pod goes on where the old one was.
    release(scene, &["--set=clusterName=upgraded,leaderElection.enabled=true,leaderElection.replicaCount=2"])
        .await?;
    let deployment = scene.api(Kind::DEPLOYMENT).get("serin").await?;
    let args = args(&deployment.data).context("a Deployment without arguments")?;
    ensure!(args.contains(&"--cluster-name=upgraded"), "{args:?}");
    scene.promoted(shipment, "6.9.1").await?;
    let tally = traffic.stop().await;
    scene.no_request_failed(&tally)?;
    ensure!(scene.canary_weights() == [0, 25, 50, 0], "{:?}", scene.canary_weights());

    let namespace = format!("--namespace={}", scene.namespace);
    helm(&["uninstall", "serin", "--wait", &namespace]).await?;
    scene.until_gone(Kind::DEPLOYMENT, "serin").await?;
    let canary = scene.api(Kind::CANARY).get("podinfo").await.context("the Canary went with the release")?;
    ensure!(canary.data["status"]["phase"] == Phase::Succeeded.to_string(), "{}", canary.data["status"]);
    let primary = scene.api(Kind::DEPLOYMENT).get("podinfo-primary").await?;
    ensure!(primary.data["status"]["readyReplicas"] == 1, "{}", primary.data["status"]);
    Ok(())
}

#[test]
fn a_release_serves_its_namespace_through_an_upgrade_and_leaves_canaries_behind() -> TestResult {
    alone("chart", async |scene| {
        Box::pin(install::without_operator(&scene.cluster, LIMIT * 4, live(scene))).await
    })
}
