//! What the API server takes and refuses, with the CRDs of `deploy/crds`.

use anyhow::{Context, Result, ensure};
use kube::{
    Api, ResourceExt,
    api::PostParams,
    core::{ApiResource, DynamicObject, GroupVersionKind},
};
use serin_e2e::{
    Scene,
    install::repository,
    manifest,
    scene::{TestResult, together},
};

/// The annotation that says what the message must contain.
const REFUSED: &str = "serin.test/refused";

fn fixtures(file: &str) -> Result<Vec<DynamicObject>> {
    let path = repository().join("crates/api/tests/fixtures/admission").join(file);
    manifest::parse(&std::fs::read_to_string(&path).with_context(|| path.display().to_string())?)
}

/// What the API server says to an object; it is not kept.
async fn offer(scene: &Scene, object: &DynamicObject) -> Result<Result<(), kube::Error>> {
    let kind = GroupVersionKind::try_from(object.types.as_ref().context("a kind")?)?;
    let resource = ApiResource::from_gvk(&kind);
    let api: Api<DynamicObject> =
        Api::namespaced_with(scene.cluster.client.clone(), &scene.namespace, &resource);
    let dry = PostParams { dry_run: true, ..PostParams::default() };
    Ok(api.create(&dry, object).await.map(drop))
}

#[test]
fn odd_manifests_that_flagger_takes_are_accepted() -> TestResult {
    together("accepted", async |scene| {
        let objects = fixtures("accepted.yaml")?;
        ensure!(!objects.is_empty());
        for object in objects {
            offer(scene, &object).await?.with_context(|| format!("{} is refused", object.name_any()))?;
        }
        Ok(())
    })
}

#[test]
fn what_could_never_work_is_refused_with_a_message() -> TestResult {
    together("refused", async |scene| {
        let objects = fixtures("refused.yaml")?;
        ensure!(!objects.is_empty());
        for object in objects {
            let name = object.name_any();
            let expected =
                object.annotations().get(REFUSED).with_context(|| format!("{name} lacks {REFUSED}"))?;
            let Err(error) = offer(scene, &object).await? else { anyhow::bail!("{name} is accepted") };
            let message = error.to_string();
            ensure!(message.contains(expected), "{name}: `{expected}` is not in: {message}");
        }
        Ok(())
    })
}
