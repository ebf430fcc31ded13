//! Flagger stops and Serin takes its place, in every state that a Canary can be in; and back again.

use std::{collections::BTreeMap, time::Duration};

use anyhow::{Context, Result, ensure};
use futures::future::try_join_all;
use serde_json::{Value, json};
use serin_api::Phase;
use serin_e2e::{
    Kind, Scene, Spare,
    history::Version,
    scene::{Fault, LIMIT, Shipment, Verdict, apart},
};

/// What Flagger or Serin own of a release.
const OBJECTS: [Kind; 5] = [Kind::CANARY, Kind::ROUTE, Kind::SERVICE, Kind::DEPLOYMENT, Kind::AUTOSCALER];

/// Longer than two intervals of Flagger.
const QUIET: Duration = Duration::from_secs(25);

/// How far Flagger brings a release before it stops.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Left {
    /// Nothing to release.
    Idle,
    /// A version was shipped, and the canary has this share of the traffic.
    At(i64),
    /// A version was shipped, and this phase was reached.
    In(Phase),
    /// As `At(25)`, and suspended then.
    Suspended,
}

/// A release that Flagger manages.
struct Case {
    name: &'static str,
    canary: &'static str,
    change: Value,
    left: Left,
}

fn case(name: &'static str, left: Left, spec: Value) -> Case {
    let canary = if name.starts_with("ab") { "canary-ab.yaml" } else { "canary.yaml" };
    let mut change = json!({"spec": {"analysis": {"metrics": null}}});
    merge(&mut change["spec"], spec);
    Case { name, canary, change, left }
}

fn merge(into: &mut Value, from: Value) {
    match (into, from) {
        (Value::Object(into), Value::Object(from)) => {
            for (key, value) in from {
                merge(into.entry(key).or_insert(Value::Null), value);
            }
        }
        (into, from) => *into = from,
    }
}

/// A hook that nobody answers: a gate stays closed, a check fails.
fn refused(kind: &str) -> Value {
    json!({"webhooks": [{"name": "nobody", "type": kind, "url": "http://127.0.0.1:1/", "timeout": "1s"}]})
}

fn cases() -> Vec<Case> {
    let scaler =
        json!({"apiVersion": "autoscaling/v2", "kind": "HorizontalPodAutoscaler", "name": "podinfo"});
    let apex = json!({"labels": {"team": "a"}, "annotations": {"note": "b"}});
    let headers = json!({"request": {"add": {"x-from": "mesh"}}});
    let analysis = |fields: Value| json!({"analysis": fields});
    vec![
        case("idle", Left::Idle, json!({"service": {"apex": apex, "headers": headers, "timeout": "15s"}})),
        case("autoscaled", Left::Idle, json!({"autoscalerRef": scaler})),
        case("configs", Left::Idle, json!({"service": {"portDiscovery": true}})),
        case(
            "kubernetes",
            Left::Idle,
            json!({"provider": "kubernetes", "analysis": {"stepWeight": null, "maxWeight": null, "iterations": 2}}),
        ),
        case("skipped", Left::In(Phase::Succeeded), json!({"skipAnalysis": true})),
        case(
            "failed",
            Left::In(Phase::Failed),
            analysis(merged(json!({"threshold": 1}), refused("rollout"))),
        ),
        case("waiting", Left::In(Phase::Waiting), analysis(refused("confirm-rollout"))),
        case("suspended", Left::Suspended, json!({})),
        case("weight", Left::At(25), json!({})),
        case("gate", Left::In(Phase::WaitingPromotion), analysis(refused("confirm-promotion"))),
        case("ab", Left::At(100), json!({})),
        case(
            "ab-gate",
            Left::In(Phase::WaitingPromotion),
            analysis(merged(json!({"iterations": 1}), refused("confirm-promotion"))),
        ),
        case(
            "blue-green",
            Left::In(Phase::Progressing),
            analysis(json!({"stepWeight": null, "maxWeight": null, "iterations": 2})),
        ),
        case("affinity", Left::At(25), analysis(json!({"sessionAffinity": {"cookieName": "release"}}))),
    ]
}

fn merged(mut one: Value, other: Value) -> Value {
    merge(&mut one, other);
    one
}

/// A case on the cluster.
struct Release {
    case: Case,
    scene: Scene,
}

impl Release {
    async fn open(spare: &Spare, case: Case) -> Result<Self> {
        let scene = Scene::open(spare.cluster(), case.name).await?;
        Ok(Self { case, scene })
    }

    /// Lets Flagger bring the release to where it is left.
    async fn bring(&self) -> Result<()> {
        self.bring_there().await.with_context(|| format!("with Flagger, in {}", self.case.name))
    }

    async fn bring_there(&self) -> Result<()> {
        let scene = &self.scene;
        scene.apply("podinfo.yaml").await?;
        match self.case.name {
            "autoscaled" => scene.apply("autoscaler.yaml").await?,
            "configs" => {
                scene.apply("configs.yaml").await?;
                let container =
                    json!({"name": "podinfod", "envFrom": [{"configMapRef": {"name": "podinfo-config"}}]});
                let volume = json!({"name": "secret", "secret": {"secretName": "podinfo-secret"}});
                scene
                    .patch_template(json!({"spec": {"containers": [container], "volumes": [volume]}}))
                    .await?;
            }
            "idle" => {
                let container = json!({"name": "podinfod", "env": [{"name": "OLD", "value": "1"}]});
                scene.patch_template(json!({"spec": {"containers": [container]}})).await?;
            }
            _ => {}
        }
        scene.take_up(self.case.canary, self.case.change.clone()).await?;
        scene.until_phase(Phase::Initialized).await?;
        if self.case.left == Left::Idle {
            return Ok(());
        }
        scene.ship("6.9.1", Fault::None).await?;
        match self.case.left {
            Left::Idle => {}
            Left::At(weight) => scene.until_split(100 - weight, weight).await?,
            Left::In(phase) => drop(scene.until_phase(phase).await?),
            Left::Suspended => {
                scene.until_split(75, 25).await?;
                scene.patch(Kind::CANARY, "podinfo", json!({"spec": {"suspend": true}})).await?;
            }
        }
        Ok(())
    }

    /// Whether nothing has to happen to it.
    fn rests(&self) -> bool {
        match self.case.left {
            Left::Idle | Left::Suspended => true,
            Left::In(phase) => matches!(phase, Phase::Succeeded | Phase::Failed | Phase::Waiting),
            Left::At(_) => false,
        }
    }

    /// What changed since: the fields by object, without those that the cluster's controllers write.
    fn changes(&self, since: Shipment) -> BTreeMap<String, Vec<String>> {
        self.scene.history.look(|versions| {
            let after: Vec<&Version> =
                since.after(versions).iter().filter(|version| OBJECTS.contains(&version.kind)).collect();
            let mut changed: BTreeMap<String, Vec<String>> = BTreeMap::new();
            for version in after {
                let all: Vec<&Version> = versions.of(version.kind, &version.name).collect();
                let place = all.iter().position(|other| std::ptr::eq(*other, version)).unwrap_or_default();
                let object = format!("{} {}", version.kind.name, version.name);
                let before = place.checked_sub(1).map_or(&Value::Null, |before| &all[before].object);
                let mut fields = Vec::new();
                if version.gone || before.is_null() {
                    fields.push(if version.gone { "deleted" } else { "created" }.to_owned());
                } else {
                    differences(before, &version.object, "", &mut fields);
                    let status = version.kind != Kind::CANARY;
                    fields.retain(|field| !noise(field, status));
                }
                if !fields.is_empty() {
                    changed.entry(object).or_default().extend(fields);
                }
            }
            changed
        })
    }

    /// How often a rollout began since, by what was told.
    fn begun(&self, since: Shipment) -> usize {
        let told = |versions: &serin_e2e::history::Versions| {
            let events = since.after(versions).iter().filter(|version| version.kind == Kind::EVENT);
            let texts: Vec<String> = events
                .map(|version| version.object["message"].as_str().unwrap_or_default().to_owned())
                .collect();
            texts.iter().filter(|text| text.contains("New revision detected")).count()
        };
        self.scene.history.look(told)
    }

    /// The canary's weights since, the one that it had before them.
    fn weights(&self, since: Shipment) -> Vec<i64> {
        self.scene.history.look(|versions| {
            let after: Vec<u64> = since.after(versions).iter().map(|version| version.revision).collect();
            let first = after.iter().min().copied().unwrap_or(u64::MAX);
            let routes: Vec<&Version> = versions.of(Kind::ROUTE, "podinfo").collect();
            let begin = routes.iter().rposition(|route| route.revision < first).unwrap_or_default();
            let mut weights: Vec<i64> =
                routes[begin..].iter().filter_map(|route| canary_weight(&route.object)).collect();
            weights.dedup();
            weights
        })
    }
}

/// The largest share that a rule without a header for cookies gives to the canary.
fn canary_weight(route: &Value) -> Option<i64> {
    let rules = route["spec"]["rules"].as_array()?;
    let split = rules.iter().filter(|rule| {
        let matches = rule["matches"].to_string();
        !matches.contains("Cookie")
            && !matches.contains("warm-up")
            && rule["backendRefs"].as_array().is_some_and(|refs| refs.len() == 2)
    });
    let weights = split.flat_map(|rule| rule["backendRefs"].as_array().cloned().unwrap_or_default());
    weights
        .filter(|backend| backend["name"] == "podinfo-canary")
        .filter_map(|backend| backend["weight"].as_i64())
        .max()
}

fn noise(field: &str, no_status: bool) -> bool {
    ["/metadata/resourceVersion", "/metadata/generation"].contains(&field)
        || field.starts_with("/metadata/managedFields")
        || field.starts_with("/metadata/annotations/deployment.kubernetes.io")
        || (no_status && field.starts_with("/status"))
}

/// The paths at which two objects differ; lists count as one value.
fn differences(one: &Value, other: &Value, path: &str, found: &mut Vec<String>) {
    match (one, other) {
        (Value::Object(a), Value::Object(b)) => {
            for key in a.keys().chain(b.keys().filter(|key| !a.contains_key(*key))) {
                let side = |map: &serde_json::Map<String, Value>| map.get(key).cloned().unwrap_or_default();
                differences(&side(a), &side(b), &format!("{path}/{key}"), found);
            }
        }
        (one, other) if one != other => found.push(path.to_owned()),
        _ => {}
    }
}

#[test]
fn serin_takes_over_from_flagger_and_gives_back() -> Verdict {
    apart("takeover", async |_, spare| {
        spare.define_as_flagger_does().await?;
        let flagger = spare.flagger().await?;
        let releases = try_join_all(cases().into_iter().map(|case| Release::open(spare, case))).await?;
        try_join_all(releases.iter().map(Release::bring)).await?;
        flagger.stop().await?;
        let taken = marks(&releases);
        let serin = spare.operator().await?;
        let rollouts = releases.iter().filter(|release| !release.rests());
        try_join_all(rollouts.map(finishes)).await?;
        tokio::time::sleep(Duration::from_secs(3)).await;
        report(&releases, &taken)?;
        let idle = releases.iter().find(|release| release.case.name == "idle").context("a case")?;
        what_the_user_removes_goes(&idle.scene).await?;

        serin.stop().await?;
        let back = marks(&releases);
        let flagger = spare.flagger().await?;
        tokio::time::sleep(QUIET).await;
        let begun: usize = releases.iter().zip(&back).map(|(release, since)| release.begun(*since)).sum();
        let moved: Vec<_> =
            releases.iter().zip(&back).filter(|(r, since)| r.weights(**since).len() > 1).collect();
        ensure!(begun == 0, "{begun} rollouts began when Flagger came back");
        ensure!(moved.is_empty(), "weights moved when Flagger came back");
        let last = releases.iter().find(|release| release.case.name == "skipped").context("a case")?;
        last.scene.ship("6.9.2", Fault::None).await?;
        last.scene.at_rest("6.9.2").await.context("the next release, with Flagger")?;
        flagger.stop().await?;
        try_join_all(releases.iter().map(|release| release.scene.close())).await.map(drop)
    })
}

fn marks(releases: &[Release]) -> Vec<Shipment> {
    releases.iter().map(|release| release.scene.shipment()).collect()
}

/// A rollout that was under way is promoted, the gates opened.
async fn finishes(release: &Release) -> Result<()> {
    let scene = &release.scene;
    if release.case.left == Left::In(Phase::WaitingPromotion) {
        // Closed for long enough to see that nothing moves before it opens.
        tokio::time::sleep(Duration::from_secs(8)).await;
        ensure!(scene.canary()?.status.is_some_and(|status| status.phase == Phase::WaitingPromotion));
        scene.patch(Kind::CANARY, "podinfo", json!({"spec": {"analysis": {"webhooks": null}}})).await?;
    }
    let ended = scene.until_phase(Phase::Succeeded).await;
    ended.with_context(|| format!("with Serin, in {}", release.case.name))?;
    scene.at_rest("6.9.1").await
}

/// Holds what happened against what may happen, and prints it.
fn report(releases: &[Release], taken: &[Shipment]) -> Result<()> {
    let (mut objects, mut changed, mut begun, mut wrong) = (0, 0, 0, Vec::new());
    for (release, since) in releases.iter().zip(taken) {
        let name = release.case.name;
        let changes = release.changes(*since);
        let live = release
            .scene
            .history
            .look(|versions| OBJECTS.iter().map(|kind| versions.all_now(*kind).count()).sum::<usize>());
        objects += live;
        begun += release.begun(*since);
        let weights = release.weights(*since);
        println!("takeover {name}: {live} objects, weights {weights:?}");
        let made =
            changes.iter().filter(|(_, fields)| fields.iter().any(|f| f == "created" || f == "deleted"));
        wrong.extend(made.map(|(object, _)| format!("{name}: {object} was made again")));
        if release.rests() {
            for (object, fields) in &changes {
                println!("takeover {name}: {object} changed: {fields:?}");
                let told =
                    object.starts_with("Canary") && fields.iter().all(|field| field.starts_with("/status/"));
                let says = matches!(release.case.left, Left::Suspended | Left::In(Phase::Waiting));
                if !(told && says) {
                    wrong.push(format!("{name}: {object} changed: {fields:?}"));
                }
            }
            changed += changes.len();
            if weights.len() > 1 {
                wrong.push(format!("{name}: weights moved: {weights:?}"));
            }
        } else {
            let end = weights.iter().rposition(|weight| *weight > 0).map_or(0, |last| last + 1);
            if !weights[..end].is_sorted() {
                wrong.push(format!("{name}: weights went back: {weights:?}"));
            }
        }
    }
    let cases = releases.len();
    println!(
        "takeover: {cases} cases, {objects} objects, {changed} changed, rollouts falsely started: {begun}"
    );
    ensure!(begun == 0 && wrong.is_empty(), "{}", wrong.join("\n"));
    Ok(())
}

/// A label, an annotation, a header, a host and a variable that Flagger set for the user.
async fn what_the_user_removes_goes(scene: &Scene) -> Result<()> {
    let service = json!({"apex": {"labels": {"team": null}, "annotations": {"note": null}}, "headers": null, "hosts": null});
    scene.patch(Kind::CANARY, "podinfo", json!({"spec": {"service": service}})).await?;
    let gone = |object: &Value| {
        let text = |pointer: &str| object.pointer(pointer).map(Value::to_string).unwrap_or_default();
        let (labels, notes) = (text("/metadata/labels"), text("/metadata/annotations"));
        let rest = !labels.contains("team") && !notes.contains("note");
        let hosts = object
            .pointer("/spec/hostnames")
            .and_then(Value::as_array)
            .is_some_and(|hosts| !hosts.is_empty());
        rest && !text("/spec").contains("x-from") && !hosts
    };
    for kind in [Kind::ROUTE, Kind::SERVICE] {
        let what = format!("{} rid of what was removed", kind.name);
        let found = scene.history.until(&what, LIMIT, |versions| {
            versions.now(kind, "podinfo").filter(|object| gone(object)).map(drop)
        });
        let now = || scene.history.look(|versions| versions.now(kind, "podinfo").cloned());
        found.await.with_context(|| format!("{:#?}", now()))?;
    }
    let container = json!({"name": "podinfod", "env": [{"name": "OLD", "$patch": "delete"}]});
    let shipment = scene.shipment();
    scene.patch_template(json!({"spec": {"containers": [container]}})).await?;
    scene.promoted(shipment, "6.9.0").await?;
    let env = scene.history.look(|versions| {
        let primary = versions.now(Kind::DEPLOYMENT, "podinfo-primary")?;
        primary.pointer("/spec/template/spec/containers/0/env").cloned()
    });
    ensure!(env.as_ref().is_none_or(|env| !env.to_string().contains("OLD")), "{env:?}");
    Ok(())
}
