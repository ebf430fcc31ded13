//! The CRDs outlive the release, and can be upgraded.

use anyhow::{Context, Result, ensure};
use kube::{
    Api,
    api::{DeleteParams, Patch, PatchParams},
    core::DynamicObject,
    runtime::wait::await_condition,
};
use serde_json::json;
use serin_e2e::{
    ControlPlane, Kind,
    helm::{self, CHART},
    manifest,
    scene::{TestResult, apart},
};

const CANARIES: &str = "canaries.flagger.app";
const ALL: [&str; 3] = [CANARIES, "metrictemplates.flagger.app", "alertproviders.flagger.app"];

/// Says that the cluster's definitions are not the chart's.
const STALE: &str = "The CRDs in the cluster are not those of this chart";

async fn install(plane: &ControlPlane, namespace: &str, options: &[&str]) -> Result<String> {
    let image = helm::values("minimal.yaml");
    let namespace = format!("--namespace={namespace}");
    let install = ["upgrade", "--install", "chart", CHART, &namespace, &image];
    // Nothing runs pods here, and none are wanted.
    plane.helm(&[&install, &["--set=leaderElection.replicaCount=0"][..], options].concat()).await
}

async fn uninstall(plane: &ControlPlane, namespace: &str) -> Result<()> {
    plane.helm(&["uninstall", "chart", &format!("--namespace={namespace}")]).await.map(drop)
}

/// Forgets a field of the status, as an older definition would not have it.
async fn age(definitions: &Api<DynamicObject>) -> Result<()> {
    let field = "/spec/versions/0/schema/openAPIV3Schema/properties/status/properties/waitingFor";
    let patch = Patch::Json::<()>(serde_json::from_value(json!([{"op": "remove", "path": field}]))?);
    definitions.patch(CANARIES, &PatchParams::default(), &patch).await?;
    Ok(())
}

async fn is_aged(definitions: &Api<DynamicObject>) -> Result<bool> {
    let found = definitions.get(CANARIES).await?;
    let version = found.data.pointer("/spec/versions/0/schema/openAPIV3Schema").context("a schema")?;
    Ok(version.pointer("/properties/status/properties/waitingFor").is_none())
}

#[test]
fn definitions_outlive_the_release_and_are_upgraded_when_asked_for() -> TestResult {
    apart("chart-crds", async |scene, plane| {
        let (definitions, namespace) = (plane.all(Kind::DEFINITION), scene.namespace.as_str());
        for name in ALL {
            definitions.delete(name, &DeleteParams::default()).await?;
            await_condition(definitions.clone(), name, |found: Option<&DynamicObject>| found.is_none())
                .await?;
        }

        // A first install brings them, and says nothing about them.
        let told = install(plane, namespace, &[]).await?;
        ensure!(!told.contains(STALE), "{told}");
        for name in ALL {
            definitions.get(name).await.with_context(|| format!("{name} is not installed"))?;
        }
        manifest::apply_all(&plane.client, &scene.fixture("canary.yaml")?).await?;

        // Helm leaves them as they are; the user is told.
        age(&definitions).await?;
        let told = install(plane, namespace, &[]).await?;
        ensure!(told.contains(STALE) && is_aged(&definitions).await?, "{told}");

        // Unless it may upgrade them.
        let take_over = ["--set=crd.create=true", "--take-ownership", "--force-conflicts"];
        let told = install(plane, namespace, &take_over).await?;
        ensure!(!told.contains(STALE) && !is_aged(&definitions).await?, "{told}");

        // What belongs to the user outlives the release.
        uninstall(plane, namespace).await?;
        for name in ALL {
            definitions.get(name).await.with_context(|| format!("{name} went with the release"))?;
        }
        scene.api(Kind::CANARY).get("podinfo").await.context("the Canary went with the release")?;
        Ok(())
    })
}
