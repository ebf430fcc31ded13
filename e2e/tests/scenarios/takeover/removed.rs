//! What Flagger set for the user goes when the user removes it, whoever wrote what Flagger read it from.

use anyhow::{Context, Result, ensure};
use kube::{
    Api,
    api::{Patch, PatchParams},
};
use serde_json::{Value, json};
use serin_api::Phase;
use serin_e2e::{Kind, Scene, history::Versions, scene::LIMIT};

/// The names under which people's tools update. The Canary is applied by the server, as Flux does.
const KUBECTL: &str = "kubectl-client-side-apply";
const ARGO_CD: &str = "argocd-controller";

/// Labels and annotations with it go from the target to the primary.
pub(super) const PREFIX: &str = "team.example";

/// A thing of the user's, and the generated objects that had it from Flagger.
struct Thing {
    what: &'static str,
    /// What all of these objects contain as long as it is there.
    mark: &'static str,
    /// Where in the object.
    place: &'static str,
    copies: &'static [(Kind, &'static str)],
}

const PRIMARY: (Kind, &str) = (Kind::DEPLOYMENT, "podinfo-primary");
const APEX: (Kind, &str) = (Kind::SERVICE, "podinfo");
const ROUTE: (Kind, &str) = (Kind::ROUTE, "podinfo");
const TEMPLATE: &str = "/spec/template";

const THINGS: [Thing; 13] = [
    Thing { what: "variable", mark: "OLD", place: TEMPLATE, copies: &[PRIMARY] },
    Thing { what: "volume", mark: "old-volume", place: TEMPLATE, copies: &[PRIMARY] },
    Thing { what: "argument", mark: "--old", place: TEMPLATE, copies: &[PRIMARY] },
    Thing { what: "label of the pods", mark: "team.example/pod", place: TEMPLATE, copies: &[PRIMARY] },
    Thing { what: "annotation of the pods", mark: "team.example/note", place: TEMPLATE, copies: &[PRIMARY] },
    Thing { what: "label", mark: "team.example/of", place: "/metadata/labels", copies: &[PRIMARY] },
    Thing {
        what: "annotation",
        mark: "team.example/why",
        place: "/metadata/annotations",
        copies: &[PRIMARY],
    },
    Thing { what: "label of the apex", mark: "\"team\"", place: "/metadata/labels", copies: &[APEX, ROUTE] },
    Thing {
        what: "annotation of the apex",
        mark: "\"note\"",
        place: "/metadata/annotations",
        copies: &[APEX, ROUTE],
    },
    Thing { what: "header", mark: "x-from", place: "/spec", copies: &[ROUTE] },
    Thing { what: "host", mark: "old.example.com", place: "/spec/hostnames", copies: &[ROUTE] },
    Thing {
        what: "port",
        mark: "9777",
        place: "/spec/ports",
        copies: &[APEX, (Kind::SERVICE, "podinfo-primary"), (Kind::SERVICE, "podinfo-canary")],
    },
    Thing {
        what: "metric",
        mark: "memory",
        place: "/spec/metrics",
        copies: &[(Kind::AUTOSCALER, "podinfo-primary")],
    },
];

/// The things of the Canary, in its `service`.
pub(super) fn service() -> Value {
    json!({
        "apex": {"labels": {"team": "a"}, "annotations": {"note": "b"}},
        "headers": {"request": {"add": {"x-from": "mesh"}}},
        "hosts": ["new.example.com", "old.example.com"],
        "portDiscovery": true,
        "timeout": "15s",
    })
}

/// The same without those things.
pub(super) fn bare_service() -> Value {
    json!({"hosts": ["new.example.com"], "portDiscovery": true, "timeout": "15s"})
}

/// Adds the things of target and autoscaler, before there is a Canary.
pub(super) async fn add(scene: &Scene) -> Result<()> {
    let container = json!({
        "name": "podinfod",
        "args": ["--old"],
        "env": [{"name": "OLD", "value": "1"}],
        "ports": [{"name": "old", "containerPort": 9777}],
        "volumeMounts": [{"name": "old-volume", "mountPath": "/old"}],
    });
    let spec = json!({"containers": [container], "volumes": [{"name": "old-volume", "emptyDir": {}}]});
    write(scene, Kind::DEPLOYMENT, KUBECTL, json!({"spec": {"template": {"spec": spec}}})).await?;
    let pods = json!({"labels": {"team.example/pod": "a"}, "annotations": {"team.example/note": "b"}});
    let own = json!({"labels": {"team.example/of": "a"}, "annotations": {"team.example/why": "b"}});
    write(
        scene,
        Kind::DEPLOYMENT,
        ARGO_CD,
        json!({"metadata": own, "spec": {"template": {"metadata": pods}}}),
    )
    .await?;
    let metric = |name: &str| {
        let target = json!({"type": "Utilization", "averageUtilization": 99});
        json!({"type": "Resource", "resource": {"name": name, "target": target}})
    };
    write(scene, Kind::AUTOSCALER, KUBECTL, json!({"spec": {"metrics": [metric("cpu"), metric("memory")]}}))
        .await
}

/// Removes them, under the names that they were added by. The Canary is applied without them: what nobody else owns
/// goes.
async fn remove(scene: &Scene, canary: Value) -> Result<()> {
    scene.apply_changed("canary.yaml", canary).await?;
    let only_cpu = json!([{"type": "Resource", "resource":
        {"name": "cpu", "target": {"type": "Utilization", "averageUtilization": 99}}}]);
    write(scene, Kind::AUTOSCALER, KUBECTL, json!({"spec": {"metrics": only_cpu}})).await?;
    let pods = json!({"labels": {"team.example/pod": null}, "annotations": {"team.example/note": null}});
    let own = json!({"labels": {"team.example/of": null}, "annotations": {"team.example/why": null}});
    let delete = |key: &str, value: Value| json!([{key: value, "$patch": "delete"}]);
    let container = json!({
        "name": "podinfod",
        "args": null,
        "env": delete("name", "OLD".into()),
        "ports": delete("containerPort", 9777.into()),
        "volumeMounts": delete("mountPath", "/old".into()),
    });
    let spec = json!({"containers": [container], "volumes": delete("name", "old-volume".into())});
    // One change, for one release.
    let template = json!({"metadata": pods, "spec": spec});
    write(scene, Kind::DEPLOYMENT, ARGO_CD, json!({"metadata": own, "spec": {"template": template}})).await
}

/// Patches what is called `podinfo` under the name of a client.
async fn write(scene: &Scene, kind: Kind, manager: &str, patch: Value) -> Result<()> {
    let params = PatchParams { field_manager: Some(manager.to_owned()), ..PatchParams::default() };
    let api: Api<kube::core::DynamicObject> = scene.api(kind);
    api.patch("podinfo", &params, &Patch::Strategic(patch))
        .await
        .with_context(|| format!("{manager} on {}", kind.name))?;
    Ok(())
}

impl Thing {
    /// The copies that have it.
    fn found(&self, versions: &Versions) -> Vec<String> {
        let has = |(kind, name): &&(Kind, &str)| {
            let at = versions.now(*kind, name).and_then(|object| object.pointer(self.place));
            at.is_some_and(|at| at.to_string().contains(self.mark))
        };
        self.copies.iter().filter(has).map(|(kind, name)| format!("{} {name}", kind.name)).collect()
    }
}

/// The user removes everything, and it goes from all that Flagger made of it.
pub(super) async fn goes(scene: &Scene, canary: Value) -> Result<()> {
    for thing in &THINGS {
        let found = scene.look(|versions| thing.found(versions)).await?;
        ensure!(found.len() == thing.copies.len(), "the {} was only in {found:?}", thing.what);
    }
    let shipment = scene.shipment();
    remove(scene, canary).await?;
    let status = scene.outcome(shipment).await?;
    ensure!(status.phase == Phase::Succeeded, "{:#?}", scene.events());
    for thing in &THINGS {
        let what = format!("the {} to go", thing.what);
        let gone = |versions: &Versions| thing.found(versions).is_empty().then_some(());
        let waited = scene.history.until(&what, LIMIT, gone).await;
        waited.with_context(|| {
            format!("it is in {:?}", scene.history.look(|versions| thing.found(versions)))
        })?;
    }
    println!("takeover: {} things that the user removed are gone", THINGS.len());
    Ok(())
}
