//! Faults of the cluster itself, on a control plane of the test's own.

use anyhow::{Context, Result, ensure};
use kube::{
    Api,
    api::{DeleteParams, Patch, PatchParams, PostParams},
    core::DynamicObject,
};
use serde_json::{Value, json};
use serin_api::Phase;
use serin_e2e::{
    Kind,
    history::Versions,
    scene::{Fault, TestResult, apart},
};

/// The definition of the kind that the operator routes with.
const ROUTES: &str = "httproutes.gateway.networking.k8s.io";

/// Without metrics: nothing measures requests here.
fn unmeasured() -> Value {
    json!({"spec": {"analysis": {"metrics": null}}})
}

#[test]
fn gateway_api_may_be_installed_later() -> TestResult {
    apart("crds", async |scene, plane| {
        let definitions = plane.all(Kind::DEFINITION);
        let definition = take_away(&definitions).await?;
        let _operator = plane.operator().await?;
        scene.apply("podinfo.yaml").await?;
        scene.take_up("canary.yaml", unmeasured()).await?;
        let condition = scene.until_stalled().await?;
        let message = condition.message.unwrap_or_default();
        ensure!(
            message.contains("HTTPRoute") && message.contains("install"),
            "it says what to do: {message}"
        );
        scene.until_event("HTTPRoute").await?;
        let replicas = |versions: &Versions| {
            versions.now(Kind::DEPLOYMENT, "podinfo").map(|target| target["spec"]["replicas"].clone())
        };
        let replicas = scene.look(replicas).await?;
        ensure!(replicas == Some(json!(1)), "the target serves on: {replicas:?}");

        definitions.create(&PostParams::default(), &definition).await?;
        scene.until_phase(Phase::Initialized).await?;
        scene.until_served().await?;
        scene.at_rest("6.9.0").await
    })
}

/// Deletes the definition, waits until it is gone, and returns it as it can be created again.
async fn take_away(definitions: &Api<DynamicObject>) -> Result<DynamicObject> {
    let mut definition = definitions.get(ROUTES).await.context("the cluster should have Gateway API")?;
    definitions.delete(ROUTES, &DeleteParams::default()).await?;
    let gone = |found: Option<&DynamicObject>| found.is_none();
    kube::runtime::wait::await_condition(definitions.clone(), ROUTES, gone).await?;
    let annotations = definition.metadata.annotations.take();
    definition.metadata =
        kube::core::ObjectMeta { name: definition.metadata.name, annotations, ..Default::default() };
    definition.data.as_object_mut().map(|fields| fields.remove("status"));
    Ok(definition)
}

#[test]
fn a_right_that_is_missing_is_told_until_it_is_granted() -> TestResult {
    apart("rights", async |scene, plane| {
        let _operator = plane.operator().await?;
        scene.install_changed("canary.yaml", unmeasured()).await?;
        let roles = plane.all(Kind::CLUSTER_ROLE);
        let role = roles.get("serin").await?;
        let granted = role.data["rules"].clone();
        let replace = async |rules: Value| {
            let patch = Patch::Merge(json!({"rules": rules}));
            roles.patch("serin", &PatchParams::default(), &patch).await
        };
        replace(without_writing_routes(granted.clone())).await?;

        let shipment = scene.ship("6.9.1", Fault::None).await?;
        let condition = scene.until_stalled().await?;
        let message = condition.message.unwrap_or_default();
        ensure!(message.contains("httproutes"), "it names the resource: {message}");
        scene.until_event("httproutes").await?;
        ensure!(scene.canary_weights() == [0], "traffic stays: {:?}", scene.canary_weights());

        replace(granted).await?;
        scene.promoted(shipment, "6.9.1").await?;
        scene.until_served().await.map(drop)
    })
}

/// The rules with only the reading of routes left.
fn without_writing_routes(mut rules: Value) -> Value {
    for rule in rules.as_array_mut().into_iter().flatten() {
        if rule["resources"] == json!(["httproutes"]) {
            rule["verbs"] = json!(["get", "list", "watch"]);
        }
    }
    rules
}

#[test]
fn a_rollout_goes_on_after_the_api_server_crashed() -> TestResult {
    apart("api-server", async |scene, plane| {
        let _operator = plane.operator().await?;
        scene.install_changed("canary.yaml", unmeasured()).await?;
        let shipment = scene.ship("6.9.1", Fault::None).await?;
        scene.until_weight(25).await?;
        plane.crash_api_server().await?;
        scene.promoted(shipment, "6.9.1").await?;
        // Events stay; versions that were written while the API server came back may never have been told to anyone.
        scene.expect_events(&["canary weight 25", "canary weight 50", "Promotion completed!"]).await?;
        let weights = scene.canary_weights();
        let mut steps = [0, 25, 50, 0].iter();
        ensure!(weights.last() == Some(&0), "{weights:?}");
        ensure!(weights.iter().all(|weight| steps.any(|step| step == weight)), "{weights:?}");
        Ok(())
    })
}
