//! A release of Flagger's chart becomes one of Serin's, and Flagger's again.

use anyhow::{Context, Result, ensure};
use kube::{Api, core::DynamicObject};
use serde_json::Value;
use serin_e2e::{
    Kind, Scene,
    helm::{self, CHART, LOADTESTER_CHART, helm},
    install,
    scene::{Fault, LIMIT, TestResult, alone, together},
};

/// A stand-in for Flagger's chart.
const FLAGGER: &str = "e2e/fixtures/flagger-chart";

/// What stays where it is. A Service and a Deployment of the bundled Prometheus are among it.
const KEPT: [(Kind, &str); 6] = [
    (Kind::DEPLOYMENT, ""),
    (Kind::DEPLOYMENT, "-prometheus"),
    (Kind::SERVICE, "-prometheus"),
    (Kind::CONFIG_MAP, "-prometheus"),
    (Kind::CLUSTER_ROLE, ""),
    (Kind::CLUSTER_ROLE, "-prometheus"),
];

/// What belongs to the release that is served, and is nobody's business between releases.
const SERVED: [(Kind, &str); 5] = [
    (Kind::CANARY, "podinfo"),
    (Kind::ROUTE, "podinfo"),
    (Kind::SERVICE, "podinfo"),
    (Kind::DEPLOYMENT, "podinfo"),
    (Kind::DEPLOYMENT, "podinfo-primary"),
];

/// One release of Flagger's chart.
struct Release<'a> {
    scene: &'a Scene,
    name: &'a str,
    /// Name of its objects.
    full: &'a str,
    /// Options of its own, beside the file with the user's values.
    own: &'a [&'a str],
    /// Whether Helm 3 made it, in whose way Helm 4 goes on with it.
    helm3: bool,
    /// Whether pods run.
    pods: bool,
}

impl Release<'_> {
    /// Installs or upgrades it by this chart.
    async fn to(&self, chart: &str, options: &[&str]) -> Result<()> {
        let namespace = format!("--namespace={}", self.scene.namespace);
        let values = helm::values("upgrade.yaml");
        let upgrade = ["upgrade", "--install", self.name, chart, &namespace, &values];
        let wait = ["--wait", "--timeout=5m", "--take-ownership"];
        let none = ["--set=leaderElection.replicaCount=0,prometheus.install=false"];
        let pods: &[&str] = if self.pods { &[] } else { &none };
        helm(&[&upgrade[..], &wait, pods, self.own, options].concat()).await.map(drop)
    }

    async fn of_flagger(&self) -> Result<()> {
        let way = format!("--server-side={}", !self.helm3);
        self.to(FLAGGER, &[&way]).await.context("installing Flagger's chart")
    }

    async fn to_serin(&self, options: &[&str]) -> Result<()> {
        let image = "--set=image.repository=localhost/serin,image.tag=dev,image.pullPolicy=Never";
        // The shortest interval is for the test; Flagger's chart has no value of this name.
        self.to(CHART, &[&[image, "--set=minInterval=1s"][..], options].concat()).await
    }

    async fn helm(&self, command: &[&str]) -> Result<()> {
        let namespace = format!("--namespace={}", self.scene.namespace);
        helm(&[command, &["--wait", "--timeout=5m", &namespace]].concat()).await.map(drop)
    }

    /// Which objects they are: one that was made anew has another id.
    async fn kept(&self) -> Result<Vec<Option<String>>> {
        let mut ids = Vec::new();
        // Without pods, there is no Prometheus either.
        for (kind, suffix) in KEPT.into_iter().filter(|(_, suffix)| self.pods || suffix.is_empty()) {
            let name = format!("{}{suffix}", self.full);
            ids.push(api(self.scene, kind).get(&name).await.context(name)?.metadata.uid);
        }
        Ok(ids)
    }

    /// The first containers of the operator's pods, as they run.
    async fn containers(&self) -> Result<Vec<Value>> {
        let deployment = self.scene.api(Kind::DEPLOYMENT).get(self.full).await?;
        let containers = deployment.data["spec"]["template"]["spec"]["containers"].as_array();
        containers.cloned().context("a Deployment without containers")
    }

    async fn ends(&self) -> Result<()> {
        self.helm(&["uninstall", self.name]).await
    }
}

fn api(scene: &Scene, kind: Kind) -> Api<DynamicObject> {
    if kind == Kind::CLUSTER_ROLE {
        return Api::all_with(scene.cluster.client.clone(), &kind.resource());
    }
    scene.api(kind)
}

/// What an operator wrote last to each object that is served. Controllers and the gateway write statuses at any time,
/// for which the generation stays.
async fn served(scene: &Scene) -> Result<Vec<String>> {
    let mut versions = Vec::new();
    for (kind, name) in SERVED {
        let found = scene.api(kind).get(name).await.with_context(|| format!("{} {name}", kind.name))?;
        let owned = [Kind::ROUTE, Kind::DEPLOYMENT].contains(&kind);
        let (version, generation) = (found.metadata.resource_version, found.metadata.generation);
        let last = if owned { generation.map(|number| number.to_string()) } else { version };
        versions.push(format!("{} {name} {}", kind.name, last.unwrap_or_default()));
    }
    Ok(versions)
}

/// There, a rollout, and back: every object stays where it is, and nothing of the Canary is written but by the rollout.
async fn there_and_back(release: &Release<'_>, version: Option<&str>) -> Result<()> {
    let scene = release.scene;
    release.of_flagger().await?;
    let (kept, before) = (release.kept().await?, served(scene).await?);

    release.to_serin(&[]).await.context("upgrading to Serin's chart")?;
    ensure!(release.kept().await? == kept, "objects of the release were made anew");
    let after = served(scene).await?;
    ensure!(after == before, "the upgrade touched what is served: {before:?}, {after:?}");
    let containers = release.containers().await?;
    ensure!(containers.len() == 1 && containers[0]["name"] == "serin", "{containers:#?}");
    ensure!(containers[0].get("command").is_none(), "Flagger's command is left: {containers:#?}");

    if let Some(version) = version {
        let traffic = scene.traffic(20).await?;
        let shipment = scene.ship(version, Fault::None).await?;
        scene.promoted(shipment, version).await?;
        let tally = traffic.stop().await;
        scene.no_request_failed(&tally)?;
    }

    let before = served(scene).await?;
    release.helm(&["rollback", release.name, "1"]).await.context("rolling back to Flagger's chart")?;
    ensure!(release.kept().await? == kept, "objects of the release were made anew by the rollback");
    let after = served(scene).await?;
    ensure!(after == before, "the rollback touched what is served: {before:?}, {after:?}");
    let containers = release.containers().await?;
    ensure!(containers.len() == 1 && containers[0]["name"] == "flagger", "{containers:#?}");
    release.ends().await?;
    scene.api(Kind::CANARY).get("podinfo").await.context("the Canary went with the release")?;
    Ok(())
}

/// Names that do not lead to Flagger's Deployment are refused before anything is written, with those that do.
async fn other_names(release: &Release<'_>) -> Result<()> {
    let scene = release.scene;
    release.of_flagger().await?;
    let kept = release.kept().await?;
    let refused = release.to_serin(&[]).await;
    let error = refused.map_or_else(|error| format!("{error:#}"), |()| "upgraded".to_owned());
    let names = format!("nameOverride=flagger,fullnameOverride={}", release.full);
    ensure!(error.contains(&format!("add --set {names}")), "{error}");
    let containers = release.containers().await?;
    ensure!(containers[0]["name"] == "flagger", "{containers:#?}");

    release.to_serin(&[&format!("--set={names}")]).await.context("upgrading with Flagger's names")?;
    ensure!(release.kept().await? == kept, "objects of the release were made anew");
    // A second upgrade finds Serin's.
    release.to_serin(&[&format!("--set={names}")]).await.context("upgrading once more")?;
    release.ends().await?;
    scene.until_gone(Kind::DEPLOYMENT, release.full).await
}

async fn upgrades(scene: &Scene) -> Result<()> {
    let default = Release { scene, name: "flagger", full: "flagger", own: &[], helm3: false, pods: true };
    there_and_back(&default, Some("6.9.1")).await.context("with the default names")?;
    let own = ["--set=fullnameOverride=canaries"];
    let older = Release { name: "flagger-ops", full: "canaries", own: &own, helm3: true, ..default };
    there_and_back(&older, None).await.context("with a name of its own, made by Helm 3")
}

#[test]
fn a_release_of_flaggers_chart_is_upgraded_in_place_and_rolled_back() -> TestResult {
    alone("chart-upgrade", async |scene| {
        scene.install("canary.yaml").await?;
        install::without_operator(&scene.cluster, LIMIT * 5, upgrades(scene)).await
    })
}

#[test]
fn names_that_do_not_lead_to_flaggers_deployment_are_refused_with_those_that_do() -> TestResult {
    together("chart-names", async |scene| {
        // Roles are the cluster's, so that each release needs a name of its own.
        let name = format!("mesh-{}", scene.namespace);
        let full = format!("{name}-flagger");
        let plain = Release { scene, name: &name, full: &full, own: &[], helm3: false, pods: false };
        other_names(&plain).await.context("without flagger in the release's name")?;
        let full = format!("canaries-{}", scene.namespace);
        let own = format!("--set=fullnameOverride={full}");
        let named = Release { full: &full, own: &[&own], ..plain };
        other_names(&named).await.context("without flagger in any name")
    })
}

/// The ids of the load tester's objects, and the command of its container, if it is not the image's.
async fn load_tester(scene: &Scene) -> Result<(Vec<Option<String>>, Option<Value>)> {
    let deployment = scene.api(Kind::DEPLOYMENT).get("flagger-loadtester").await?;
    let service = scene.api(Kind::SERVICE).get("flagger-loadtester").await?;
    let command = deployment.data.pointer("/spec/template/spec/containers/0/command").cloned();
    Ok((vec![deployment.metadata.uid, service.metadata.uid], command))
}

#[test]
fn a_release_of_flaggers_load_tester_is_upgraded_in_place_and_rolled_back() -> TestResult {
    together("loadtester-upgrade", async |scene| {
        let namespace = format!("--namespace={}", scene.namespace);
        let common = ["--wait", "--timeout=5m", namespace.as_str()];
        let to = async |chart: &str, options: &[&str]| {
            helm(&[&["upgrade", "--install", "flagger-loadtester", chart], &common[..], options].concat())
                .await
        };
        to("e2e/fixtures/flagger-loadtester-chart", &[]).await?;
        let (ids, command) = load_tester(scene).await?;
        let image = "--set=image.repository=localhost/serin-loadtester,image.tag=dev,image.pullPolicy=Never";
        to(LOADTESTER_CHART, &[image]).await.context("upgrading to Serin's chart")?;
        let upgraded = load_tester(scene).await?;
        ensure!(upgraded == (ids.clone(), None), "{upgraded:?}");
        helm(&[&["rollback", "flagger-loadtester", "1"], &common[..]].concat()).await?;
        let back = load_tester(scene).await?;
        ensure!(back == (ids, command), "{back:?}");
        Ok(())
    })
}
