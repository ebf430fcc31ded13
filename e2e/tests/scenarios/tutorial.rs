//! The manifests of the Gateway API tutorial that Flagger's users start from, field by field.
//!
//! Substituted are the names of gateway, host and namespace, the intervals, and the queries, which have to be those
//! of the gateway at hand. The pods serve on for a while before they end.

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};
use serin_api::Phase;
use serin_e2e::{
    Kind, Scene,
    history::{Version, Versions},
    invariants::{Side, warms_up},
    manifest,
    scene::{LIMIT, TestResult, alone, together},
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
fn the_canary_is_promoted() -> TestResult {
    together("tutorial", async |scene| {
        install(scene, "canary.yaml").await?;
        objects_are_as_in_the_tutorial(scene).await?;
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
async fn objects_are_as_in_the_tutorial(scene: &Scene) -> Result<()> {
    let spec = scene.look(|versions| route(versions).map(|route| route["spec"].clone())).await?;
    let wanted = expected(scene, "expected-route.yaml")?;
    ensure!(spec.as_ref() == Some(&wanted), "the route is {spec:#?}, not {wanted:#?}");
    for (service, app) in [
        ("podinfo", "podinfo-primary"),
        ("podinfo-primary", "podinfo-primary"),
        ("podinfo-canary", "podinfo"),
    ] {
        let found = scene.look(|versions| versions.now(Kind::SERVICE, service).cloned()).await?;
        let spec = found.with_context(|| format!("a Service {service}"))?["spec"].clone();
        ensure!(spec["selector"] == json!({"app": app}), "{service}: {spec}");
        let port = json!([{"name": "http", "protocol": "TCP", "port": 9898, "targetPort": 9898}]);
        ensure!(spec["ports"] == port && spec["type"] == "ClusterIP", "{service}: {spec}");
    }
    for (kind, name) in [(Kind::DEPLOYMENT, "podinfo-primary"), (Kind::AUTOSCALER, "podinfo-primary")] {
        let found = scene.look(|versions| versions.now(kind, name).is_some()).await?;
        ensure!(found, "there is no {} {name}", kind.name);
    }
    Ok(())
}

#[test]
fn the_ab_test_is_promoted() -> TestResult {
    // Its thresholds are the tutorial's: two checks of the slowest requests in a hundred may fail. On a machine that
    // other tests keep busy, a good version can fail them.
    alone("tutorial-ab", async |scene| {
        install(scene, "ab.yaml").await?;
        let firefox = scene.send(scene.requests(5).header("user-agent", "Mozilla/5.0 Firefox/140")).await?;
        let insiders = scene.send(scene.requests(5).header("cookie", "type=insider")).await?;
        let others = scene.send(scene.requests(5).header("user-agent", "curl")).await?;
        let shipment = scene.shipment();
        set_image(scene, "6.9.1").await?;
        scene.until_event("canary iteration 10/10").await?;
        let wanted = expected(scene, "expected-rules-ab.yaml")?;
        let rules = rules_during_the_test(scene).await?;
        ensure!(rules == [wanted.clone()], "the rules are {rules:#?}, not {wanted:#?}");
        scene.promoted(shipment, "6.9.1").await?;
        // After the promotion the primary has the new version: who answered says the gateway, to a browser too.
        for users in [insiders, firefox] {
            let report = scene.report(&users.stop().await);
            ensure!(report.of(Side::Canary) > 0, "{report}");
        }
        let tally = others.stop().await;
        let report = scene.report(&tally);
        ensure!(report.of(Side::Canary) == 0 && tally.failed() == 0, "{report}: {:#?}", tally.failures);
        Ok(())
    })
}

/// The rules that sent users to the canary, each version once, without what keeps both sides warm.
async fn rules_during_the_test(scene: &Scene) -> Result<Vec<Value>> {
    let serves = |rule: &Value| {
        let mut backends = rule["backendRefs"].as_array().into_iter().flatten();
        backends.any(|backend| backend["name"] == "podinfo-canary" && backend["weight"].as_i64() > Some(0))
    };
    let during = |versions: &Versions| {
        let rules = |version: &Version| {
            let mut rules = version.object.pointer("/spec/rules")?.as_array()?.clone();
            rules.retain(|rule| !warms_up(rule));
            rules.iter().any(serves).then_some(Value::Array(rules))
        };
        let mut found: Vec<Value> = versions.of(Kind::ROUTE, "podinfo").filter_map(rules).collect();
        found.dedup();
        found
    };
    scene.look(during).await
}

#[test]
fn the_mirrored_release_is_promoted_by_the_built_in_metrics() -> TestResult {
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
        ensure!(scene.look(mirrored).await?.is_none(), "the mirror is gone");
        scene.only_the_canary_failed(&traffic.stop().await)?;
        Ok(())
    })
}

#[test]
fn the_route_is_customised() -> TestResult {
    together("tutorial-route", async |scene| {
        install(scene, "route.yaml").await?;
        let filters = |versions: &Versions| Some(route(versions)?.pointer("/spec/rules/0/filters")?.clone());
        let wanted = expected(scene, "expected-filters.yaml")?;
        let found = scene.look(filters).await?;
        ensure!(found.as_ref() == Some(&wanted), "the filters are {found:#?}, not {wanted:#?}");

        let shipment = scene.shipment();
        set_image(scene, "6.9.1").await?;
        scene.promoted(shipment, "6.9.1").await?;
        ensure!(scene.look(filters).await?.as_ref() == Some(&wanted), "the filters outlive a rollout");

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
