//! The kustomizations for users.

use anyhow::{Context, Result, ensure};
use kube::core::DynamicObject;
use serde_json::{Value, json};
use serin_e2e::{
    install::kubectl,
    manifest,
    scene::{TestResult, together},
};

fn operator(objects: &[DynamicObject]) -> Result<&Value> {
    let deployment = |object: &&DynamicObject| {
        let kind = object.types.as_ref().map(|types| types.kind.as_str());
        kind == Some("Deployment") && object.metadata.name.as_deref() == Some("serin")
    };
    Ok(&objects.iter().find(deployment).context("no Deployment serin")?.data["spec"]["template"]["spec"])
}

#[test]
fn overlays_are_those_of_flagger() -> TestResult {
    together("overlays", async |scene| {
        for (overlay, provider) in [("gatewayapi", "gatewayapi:v1"), ("kubernetes", "kubernetes")] {
            let folder = format!("deploy/kustomize/overlays/{overlay}");
            let objects = manifest::parse(&kubectl(&["kustomize", &folder]).await?)?;
            let expected = json!([
                "run",
                "--log-level=info",
                "--include-label-prefix=app.kubernetes.io",
                format!("--mesh-provider={provider}"),
                "--metrics-server=http://flagger-prometheus:9090",
            ]);
            let args = &operator(&objects)?["containers"][0]["args"];
            ensure!(*args == expected, "{overlay}: {args}");
            for object in &objects {
                manifest::would_take(&scene.cluster.client, object).await.context(overlay)?;
            }
        }
        Ok(())
    })
}
