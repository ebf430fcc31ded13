//! The manifests of the Gateway API tutorial that Flagger's users start from, field by field.
//!
//! Substituted are the names of gateway, host and namespace, the intervals, and the queries, which have to be those
//! of the gateway at hand.

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};
use serin_api::Phase;
use serin_e2e::{
    Kind, Scene,
    history::Versions,
    invariants::{Side, warms_up},
    manifest,
    scene::{LIMIT, Verdict, together},
    traffic,
};

/// Applies the workload, the templates and one of the Canaries, and waits until it is initialised.
async fn install(scene: &Scene, canary: &str) -> Result<()> {
    for file in ["workload.yaml", "metric-templates.yaml", canary] {
        scene.apply(&format!("tutorial/{file}")).await?;
    }
    scene.until_phase(Phase::Initialized).await.map(drop)
}

/// `kubectl set image deployment/podinfo podinfod=…`
async fn set_image(scene: &Scene, version: &str) -> Result<()> {
    let image = format!("ghcr.io/stefanprodan/podinfo:{version}");
    scene.patch_template(json!({"spec": {"containers": [{"name": "podinfod", "image": image}]}})).await
}

fn expected(scene: &Scene, file: &str) -> Result<Value> {
    manifest::value(&format!("fixtures/tutorial/{file}"), &scene.variables())
}

fn route(versions: &Versions) -> Option<&Value> {
    versions.now(Kind::ROUTE, "podinfo")
}

#[test]
fn the_canary_is_promoted() -> Verdict {
    together("tutorial", async |scene| {
        install(scene, "canary.yaml").await?;
        objects_are_as_in_the_tutorial(scene)?;
        let shipment = scene.shipment();
        set_image(scene, "6.9.1").await?;
        scene.promoted(shipment, "6.9.1").await?;
        ensure!(scene.canary_weights() == [0, 10, 20, 30, 40, 50, 0], "{:?}", scene.canary_weights());
        scene
            .expect_events(&[
                "New revision detected! Scaling up podinfo.",
                "Pre-rollout check smoke-test passed",
                "canary weight 10",
                "canary weight 50",
                "Copying podinfo.",
                "Routing all traffic to primary",
                "Promotion completed! Scaling down podinfo.",
            ])
            .await
    })
}

/// The tutorial lists what is generated: Deployment, autoscaler, three Services and the route.
fn objects_are_as_in_the_tutorial(scene: &Scene) -> Result<()> {
    let spec = scene.history.look(|versions| route(versions).map(|route| route["spec"].clone()));
    let wanted = expected(scene, "expected-route.yaml")?;
    ensure!(spec.as_ref() == Some(&wanted), "the route is {spec:#?}, not {wanted:#?}");
    for (service, app) in [
        ("podinfo", "podinfo-primary"),
        ("podinfo-primary", "podinfo-primary"),
        ("podinfo-canary", "podinfo"),
    ] {
        let found = scene.history.look(|versions| versions.now(Kind::SERVICE, service).cloned());
        let spec = found.with_context(|| format!("a Service {service}"))?["spec"].clone();
        ensure!(spec["selector"] == json!({"app": app}), "{service}: {spec}");
        let port = json!([{"name": "http", "protocol": "TCP", "port": 9898, "targetPort": 9898}]);
        ensure!(spec["ports"] == port && spec["type"] == "ClusterIP", "{service}: {spec}");
    }
    for (kind, name) in [(Kind::DEPLOYMENT, "podinfo-primary"), (Kind::AUTOSCALER, "podinfo-primary")] {
        ensure!(
            scene.history.look(|versions| versions.now(kind, name).is_some()),
            "there is no {} {name}",
            kind.name
        );
    }
    Ok(())
}

#[test]
fn the_ab_test_is_promoted() -> Verdict {
    together("tutorial-ab", async |scene| {
        install(scene, "ab.yaml").await?;
        let firefox = scene.send(scene.requests(5).header("user-agent", "Mozilla/5.0 Firefox/140")).await?;
        let insiders = scene.send(scene.requests(5).header("cookie", "type=insider")).await?;
        let others = scene.send(scene.requests(5).header("user-agent", "curl")).await?;
        let shipment = scene.shipment();
        set_image(scene, "6.9.1").await?;
        scene.until_event("canary iteration 10/10").await?;
        let mut rules = scene.history.look(|versions| route(versions)?.pointer("/spec/rules").cloned());
        if let Some(Value::Array(rules)) = &mut rules {
            rules.retain(|rule| !warms_up(rule));
        }
        let wanted = expected(scene, "expected-rules-ab.yaml")?;
        ensure!(rules.as_ref() == Some(&wanted), "the rules are {rules:#?}, not {wanted:#?}");
        ensure!(insiders.stop().await.served_by("6.9.1") > 0);
        // To a browser podinfo answers with a page, so who answered says the gateway.
        let report = scene.report(&firefox.stop().await);
        ensure!(report.of(Side::Canary) > 0, "{report}");
        let others = others.stop().await;
        ensure!(others.served_by("6.9.1") == 0 && others.failed() == 0, "{:?}", others.answers);
        scene.promoted(shipment, "6.9.1").await.map(drop)
    })
}

#[test]
fn the_mirrored_release_is_promoted_by_the_built_in_metrics() -> Verdict {
    together("tutorial-mirror", async |scene| {
        install(scene, "mirroring.yaml").await?;
        let traffic = scene.traffic(20).await?;
        let shipment = scene.shipment();
        set_image(scene, "6.9.1").await?;
        let mirrored = |versions: &Versions| {
            let filters = route(versions)?.pointer("/spec/rules/0/filters")?.as_array()?;
            let to_canary =
                |filter: &Value| filter["requestMirror"]["backendRef"]["name"] == "podinfo-canary";
            filters.iter().any(to_canary).then_some(())
        };
        scene.history.until("a mirror", LIMIT, mirrored).await?;
        let status = scene.promoted(shipment, "6.9.1").await?;
        ensure!(status.checks.iter().all(|check| check.verdict == "Pass"), "{:?}", status.checks);
        scene
            .expect_events(&[
                "iteration 10/10",
                "Stop traffic mirroring and route all traffic to canary",
                "Copying",
            ])
            .await?;
        ensure!(scene.history.look(mirrored).is_none(), "the mirror is gone");
        let report = scene.report(&traffic.stop().await);
        ensure!(report.failed_elsewhere == 0, "{report}");
        Ok(())
    })
}

#[test]
fn the_route_is_customised() -> Verdict {
    together("tutorial-route", async |scene| {
        install(scene, "route.yaml").await?;
        let filters = |versions: &Versions| Some(route(versions)?.pointer("/spec/rules/0/filters")?.clone());
        let wanted = expected(scene, "expected-filters.yaml")?;
        let found = scene.history.look(filters);
        ensure!(found.as_ref() == Some(&wanted), "the filters are {found:#?}, not {wanted:#?}");

        let shipment = scene.shipment();
        set_image(scene, "6.9.1").await?;
        scene.promoted(shipment, "6.9.1").await?;
        ensure!(scene.history.look(filters).as_ref() == Some(&wanted), "the filters outlive a rollout");

        let answer = traffic::once(&scene.requests(1).header("origin", "https://foo.example")).await?;
        let header = |name: &str| answer.headers().get(name).and_then(|value| value.to_str().ok());
        ensure!(header("x-frame-options") == Some("DENY"), "{:?}", answer.headers());
        ensure!(header("cache-control") == Some("no-cache"), "{:?}", answer.headers());
        ensure!(
            header("access-control-allow-origin") == Some("https://foo.example"),
            "{:?}",
            answer.headers()
        );
        ensure!(
            answer.status() == 404,
            "podinfo knows no /v2/api, so the rewrite answers 404: {}",
            answer.status()
        );
        Ok(())
    })
}
