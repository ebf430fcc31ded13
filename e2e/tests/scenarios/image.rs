//! Nothing of Flagger is exchanged but its image: command, arguments, probes, rights and definitions stay.

use anyhow::{Context, Result, ensure};
use kube::core::DynamicObject;
use serde_json::{Value, json};
use serin_api::Phase;
use serin_e2e::{
    Kind, Scene,
    control_plane::Account,
    flagger, install, manifest,
    scene::{Fault, TestResult, apart, merged, together},
};

/// The account in Flagger's manifests.
const FLAGGER: Account<'_> = Account { namespace: "default", name: "flagger" };

/// Flagger's Deployment and its account, in the scene's namespace and with Serin's image.
async fn exchanged(scene: &Scene) -> Result<(DynamicObject, DynamicObject)> {
    let of_kind = |objects: Vec<DynamicObject>, kind: &str| {
        let mut objects = objects.into_iter();
        objects
            .find(|object| object.types.as_ref().is_some_and(|types| types.kind == kind))
            .context("no such object")
    };
    let mut account = of_kind(flagger::manifest("account.yaml").await?, "ServiceAccount")?;
    let mut deployment = of_kind(flagger::manifest("deployment.yaml").await?, "Deployment")?;
    for object in [&mut account, &mut deployment] {
        object.metadata.namespace = Some(scene.namespace.clone());
    }
    let container = &mut deployment.data["spec"]["template"]["spec"]["containers"][0];
    container["image"] = "localhost/serin:dev".into();
    // The operator of the tests serves the other namespaces.
    let arguments = container["command"].as_array_mut().context("a command")?;
    arguments.push(format!("-namespace={}", scene.namespace).into());
    Ok((account, deployment))
}

#[test]
fn flaggers_deployment_runs_with_the_operators_image() -> TestResult {
    together("image", async |scene| {
        let (account, deployment) = exchanged(scene).await?;
        let container = &deployment.data["spec"]["template"]["spec"]["containers"][0];
        ensure!(container["command"][0] == "./flagger", "{container}");
        ensure!(container["readinessProbe"]["exec"]["command"][0] == "wget", "{container}");
        manifest::apply_all(&scene.cluster.client, &[account, deployment]).await?;
        install::available(&scene.cluster, &scene.namespace, "flagger").await
    })
}

/// As in the chart of Flagger's load tester.
fn loadtester() -> Value {
    let wget =
        json!(["wget", "--quiet", "--tries=1", "--timeout=4", "--spider", "http://localhost:8080/healthz"]);
    let probe = json!({"exec": {"command": wget}, "timeoutSeconds": 5});
    let labels = json!({"app": "exchanged"});
    json!({
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "exchanged"},
        "spec": {
            "selector": {"matchLabels": labels},
            "template": {
                "metadata": {"labels": labels},
                "spec": {"containers": [{
                    "name": "loadtester",
                    "image": "localhost/serin-loadtester:dev",
                    "command": ["./loadtester", "-port=8080", "-log-level=info", "-timeout=1h", "-namespace-regexp="],
                    "livenessProbe": probe,
                    "readinessProbe": probe,
                    "securityContext": {"readOnlyRootFilesystem": true, "runAsUser": 10001},
                }]},
            },
        },
    })
}

#[test]
fn flaggers_load_tester_runs_with_the_load_testers_image() -> TestResult {
    together("image-loadtester", async |scene| {
        let object = serde_json::from_value(merged(
            loadtester(),
            json!({"metadata": {"namespace": scene.namespace}}),
        ))?;
        manifest::apply(&scene.cluster.client, &object).await?;
        install::available(&scene.cluster, &scene.namespace, "exchanged").await
    })
}

#[test]
fn flaggers_rights_and_definitions_are_enough() -> TestResult {
    apart("image-rights", async |scene, plane| {
        manifest::apply_all(&plane.client, &flagger::manifest("account.yaml").await?).await?;
        plane.define_as_flagger_does().await?;
        let operator = plane.operator_as(FLAGGER).await?;
        scene.apply("podinfo.yaml").await?;
        scene.apply("autoscaler.yaml").await?;
        scene.apply("configs.yaml").await?;
        let config = json!({"name": "podinfod", "envFrom": [{"configMapRef": {"name": "podinfo-config"}}]});
        let secret = json!({"name": "secret", "secret": {"secretName": "podinfo-secret"}});
        scene.patch_template(json!({"spec": {"containers": [config], "volumes": [secret]}})).await?;
        let scaler =
            json!({"apiVersion": "autoscaling/v2", "kind": "HorizontalPodAutoscaler", "name": "podinfo"});
        let spec = json!({"analysis": {"metrics": null}, "autoscalerRef": scaler, "revertOnDeletion": true});
        scene.install_changed("canary.yaml", json!({"spec": spec})).await?;
        scene.ship("6.9.1", Fault::None).await?;
        scene.until_phase(Phase::Succeeded).await?;
        scene.at_rest("6.9.1").await?;
        scene.api(Kind::CANARY).delete("podinfo", &kube::api::DeleteParams::default()).await?;
        scene.until_gone(Kind::CANARY, "podinfo").await?;

        let log = std::fs::read_to_string(&operator.log)?;
        let refused: Vec<&str> = log.lines().filter(|line| line.contains("forbidden")).collect();
        let spared = ["endpointslices.discovery.k8s.io", "gateways.gateway.networking.k8s.io"];
        let spared =
            |line: &&str| spared.iter().any(|kind| line.contains(&format!("{kind} may not be read")));
        ensure!(!refused.is_empty() && refused.iter().all(spared), "{refused:#?}");
        Ok(())
    })
}
