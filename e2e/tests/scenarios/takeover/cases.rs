//! The states of a Canary in which Flagger is stopped.

use anyhow::{Context, Result, ensure};
use kube::{
    Api, ResourceExt,
    api::{DeleteParams, ListParams, Patch, PatchParams},
    core::DynamicObject,
};
use serde_json::{Value, json};
use serin_api::Phase;
use serin_e2e::{ControlPlane, Kind, Scene, scene::Fault};

use super::{removed, webhook_server::WebhookServer};

/// What is released, and what it has beside it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Setup {
    Plain,
    /// With everything that the user is going to remove.
    Removable,
    Configs,
    Autoscaler,
    ScaledObject,
    DaemonSet,
    /// A Service with an address. Flagger does not get further than to try.
    Service,
    /// A Service that stands for a host elsewhere, as Flagger can release it.
    External,
}

/// How far Flagger brings a release before it is killed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Left {
    /// Nothing to release.
    Idle,
    /// A version was shipped, and this phase was reached, in which nothing moves.
    In(Phase),
    /// As `In`, and the gate is opened after the takeover.
    Gated(Phase),
    /// A version was shipped, and Flagger was telling of this event.
    Telling(&'static str),
    /// As `Telling`, and suspended.
    Suspended(&'static str),
    /// A version is being copied to a primary that does not come up yet.
    Copying,
    /// As `Telling` or `Idle`, by a Flagger that has other names for the revisions.
    Renamed(Option<&'static str>),
    /// The primary has all traffic again, and the canary is still up.
    Finalising,
    /// The Canary is new, and its primary comes up.
    Initializing,
    /// Flagger 1.44 cannot initialise it.
    Stuck,
    /// The Canary is being deleted, and its target was to take over.
    Terminating,
}

/// A release that Flagger manages.
pub(super) struct Case {
    pub(super) name: &'static str,
    pub(super) setup: Setup,
    pub(super) left: Left,
    spec: Value,
    hooks: &'static [&'static str],
}

fn case(name: &'static str, setup: Setup, left: Left, spec: Value, hooks: &'static [&'static str]) -> Case {
    Case { name, setup, left, spec, hooks }
}

/// Label of the node without which the pods of what is being initialised have no place.
const PLACE: &str = "takeover.example/place";

const AT_25: Left = Left::Telling("canary weight 25");
const AT_FIRST: Left = Left::Telling("canary iteration 1/");
const WAITING: Left = Left::Gated(Phase::Waiting);
const AT_GATE: Left = Left::Gated(Phase::WaitingPromotion);

fn analysis(fields: &Value) -> Value {
    json!({ "analysis": fields })
}

/// No weights, but so many rounds of checks.
fn rounds(iterations: u8) -> Value {
    analysis(&json!({"stepWeight": null, "maxWeight": null, "iterations": iterations}))
}

fn insiders(iterations: u8) -> Value {
    let matches = json!([{"headers": {"x-canary": {"exact": "insider"}}}]);
    both(rounds(iterations), analysis(&json!({ "match": matches })))
}

fn mirrored(iterations: u8) -> Value {
    both(rounds(iterations), analysis(&json!({"mirror": true})))
}

fn unrouted(iterations: u8) -> Value {
    both(rounds(iterations), json!({"provider": "kubernetes"}))
}

fn affinity() -> Value {
    analysis(&json!({"sessionAffinity": {"cookieName": "release", "primaryCookieName": "stable"}}))
}

fn autoscaled() -> Value {
    scaler("autoscaling/v2", "HorizontalPodAutoscaler", "podinfo")
}

fn keda() -> Value {
    scaler("keda.sh/v1alpha1", "ScaledObject", "podinfo-so")
}

fn target(kind: &str) -> Value {
    json!({"targetRef": {"kind": kind}})
}

/// What Flagger leaves.
pub(super) fn cases() -> Vec<Case> {
    use Setup::{Autoscaler, Configs, DaemonSet, External, Plain, Removable, ScaledObject, Service};
    let plain = || json!({});
    let removable = both(autoscaled(), json!({"service": removed::service()}));
    let service =
        || both(unrouted(2), json!({"targetRef": {"apiVersion": "v1", "kind": "Service"}, "service": null}));
    vec![
        case("idle", Removable, Left::Idle, removable, &[]),
        case("autoscaled", Autoscaler, Left::Idle, autoscaled(), &[]),
        case("keda", ScaledObject, Left::Idle, keda(), &[]),
        case("configs", Configs, Left::Idle, json!({"service": {"portDiscovery": true}}), &[]),
        case("daemonset", DaemonSet, Left::Idle, target("DaemonSet"), &[]),
        case("kubernetes", Plain, Left::Idle, unrouted(2), &[]),
        case("skipped", Plain, Left::In(Phase::Succeeded), json!({"skipAnalysis": true}), &[]),
        case("failed", Plain, Left::In(Phase::Failed), analysis(&json!({"threshold": 1})), &["rollout"]),
        case("waiting", Plain, WAITING, plain(), &["confirm-rollout"]),
        case("suspended", Plain, Left::Suspended("canary weight 25"), plain(), &[]),
        case("gate", Plain, AT_GATE, plain(), &["confirm-promotion"]),
        case("ab-gate", Plain, AT_GATE, insiders(2), &["confirm-promotion"]),
        case("blue-green-gate", Plain, AT_GATE, rounds(2), &["confirm-promotion"]),
        case("weight", Plain, AT_25, plain(), &[]),
        case("ab", Plain, AT_FIRST, insiders(2), &[]),
        case("blue-green", Plain, AT_FIRST, rounds(2), &[]),
        case("mirror", Plain, AT_FIRST, mirrored(2), &[]),
        case("affinity", Plain, AT_25, affinity(), &[]),
        case("daemonset-weight", DaemonSet, AT_25, target("DaemonSet"), &[]),
        case("autoscaled-weight", Autoscaler, AT_25, autoscaled(), &[]),
        case("keda-weight", ScaledObject, AT_25, keda(), &[]),
        case("keda-gate", ScaledObject, AT_GATE, keda(), &["confirm-promotion"]),
        case("unrouted", Plain, AT_FIRST, unrouted(2), &[]),
        case("external", External, Left::Idle, service(), &[]),
        case("external-gate", External, AT_GATE, service(), &["confirm-promotion"]),
        case("external-rounds", External, AT_FIRST, service(), &[]),
        case("renamed", Plain, Left::Renamed(None), plain(), &[]),
        case("renamed-weight", Plain, Left::Renamed(Some("canary weight 25")), plain(), &[]),
        case("promoting", Plain, Left::Telling("Routing all traffic to primary"), plain(), &[]),
        case("copying", Plain, Left::Copying, plain(), &[]),
        case("finalising", Plain, Left::Finalising, plain(), &[]),
        case("initializing", Plain, Left::Initializing, plain(), &[]),
        case("service", Service, Left::Stuck, service(), &[]),
        case("terminating", Plain, Left::Terminating, json!({"revertOnDeletion": true}), &[]),
    ]
}

/// What Serin leaves: what no gate holds is held by an interval that is longer than the test.
pub(super) fn giving_back() -> Vec<Case> {
    use Setup::{Autoscaler, DaemonSet, Plain, ScaledObject};
    let long = || analysis(&json!({"interval": "600s"}));
    let slow = |spec: Value| both(long(), spec);
    let quick = |spec: Value| both(analysis(&json!({"interval": "3s"})), spec);
    let failing = quick(analysis(&json!({"threshold": 1})));
    let plain = || json!({});
    vec![
        case("idle", Autoscaler, Left::Idle, autoscaled(), &[]),
        case("keda", ScaledObject, Left::Idle, keda(), &[]),
        case("daemonset", DaemonSet, Left::Idle, target("DaemonSet"), &[]),
        case("skipped", Plain, Left::In(Phase::Succeeded), json!({"skipAnalysis": true}), &[]),
        case("failed", Plain, Left::In(Phase::Failed), failing, &["rollout"]),
        case("waiting", Plain, WAITING, long(), &["confirm-rollout"]),
        case("suspended", Plain, Left::Suspended("canary weight 25"), long(), &[]),
        case("gate", Plain, AT_GATE, quick(plain()), &["confirm-promotion"]),
        case("ab-gate", Plain, AT_GATE, quick(insiders(1)), &["confirm-promotion"]),
        case("blue-green-gate", Plain, AT_GATE, quick(rounds(2)), &["confirm-promotion"]),
        case("weight", Plain, AT_25, long(), &[]),
        case("keda-weight", ScaledObject, AT_25, slow(keda()), &[]),
        case("ab", Plain, AT_FIRST, slow(insiders(1)), &[]),
        case("blue-green", Plain, AT_FIRST, slow(rounds(1)), &[]),
        case("mirror", Plain, AT_FIRST, slow(mirrored(1)), &[]),
        case("affinity", Plain, AT_25, slow(affinity()), &[]),
        case("unrouted", Plain, AT_FIRST, slow(unrouted(1)), &[]),
    ]
}

fn scaler(version: &str, kind: &str, name: &str) -> Value {
    json!({"autoscalerRef": {"apiVersion": version, "kind": kind, "name": name}})
}

/// A case on the cluster.
pub(super) struct Release {
    pub(super) case: Case,
    pub(super) scene: Scene,
}

impl Release {
    pub(super) async fn open(plane: &ControlPlane, case: Case) -> Result<Self> {
        let scene = Scene::open(plane.cluster(), case.name).await?;
        Ok(Self { case, scene })
    }

    /// Lets Flagger bring the release to where it is left.
    pub(super) async fn bring(&self, server: &WebhookServer) -> Result<()> {
        self.bring_there(server).await.with_context(|| format!("with Flagger, in {}", self.case.name))
    }

    /// The kind of what is released.
    pub(super) fn target(&self) -> Kind {
        match self.case.setup {
            Setup::DaemonSet => Kind::DAEMON_SET,
            Setup::Service | Setup::External => Kind::SERVICE,
            _ => Kind::DEPLOYMENT,
        }
    }

    /// Whether nothing has to happen to it.
    pub(super) fn rests(&self) -> bool {
        let still = Left::Renamed(None);
        let left = self.case.left;
        left == still || matches!(left, Left::Idle | Left::Suspended(_) | Left::In(_) | Left::Gated(_))
    }

    async fn bring_there(&self, server: &WebhookServer) -> Result<()> {
        let (scene, namespace) = (&self.scene, self.scene.namespace.as_str());
        self.install().await?;
        match self.case.left {
            Left::Initializing => {
                let nowhere = json!({"spec": {"nodeSelector": {PLACE: "yes"}}});
                scene.patch_template(nowhere).await?;
                server.hold_at(namespace, "not ready");
            }
            Left::Stuck => server.hold_at(namespace, "service"),
            _ => {}
        }
        scene.take_up("canary.yaml", self.canary(server)).await?;
        match self.case.left {
            Left::Initializing | Left::Stuck => {
                server.until_held(namespace).await?;
                return scene.until_phase(Phase::Initializing).await.map(drop);
            }
            _ => drop(scene.until_phase(Phase::Initialized).await?),
        }
        match self.case.left {
            Left::Idle | Left::Initializing | Left::Stuck | Left::Renamed(None) => Ok(()),
            Left::Renamed(Some(text)) => self.ship_long_before(server, text).await,
            Left::Terminating => {
                server.hold_at(namespace, "Terminating canary");
                scene.api(Kind::CANARY).delete("podinfo", &DeleteParams::default()).await?;
                server.until_held(namespace).await?;
                scene.until_phase(Phase::Terminating).await.map(drop)
            }
            Left::In(phase) | Left::Gated(phase) => {
                self.ship("6.9.1").await?;
                scene.until_phase(phase).await.map(drop)
            }
            Left::Telling(text) => self.ship_until(server, text).await,
            Left::Suspended(text) => {
                self.ship_until(server, text).await?;
                scene.patch(Kind::CANARY, "podinfo", json!({"spec": {"suspend": true}})).await.map(drop)
            }
            Left::Copying => self.copying(server).await,
            Left::Finalising => self.finalising(server).await,
        }
    }

    async fn ship_until(&self, server: &WebhookServer, text: &'static str) -> Result<()> {
        server.hold_at(&self.scene.namespace, text);
        self.ship("6.9.1").await?;
        server.until_held(&self.scene.namespace).await
    }

    /// Ships a version at least two seconds before Flagger notices it: Flagger looks each 10 s, and tells that it
    /// looked at what is suspended.
    async fn ship_long_before(&self, server: &WebhookServer, text: &'static str) -> Result<()> {
        let (scene, namespace) = (&self.scene, self.scene.namespace.as_str());
        let suspend = |suspend: bool| json!({"spec": {"suspend": suspend}});
        scene.patch(Kind::CANARY, "podinfo", suspend(true)).await?;
        server.until_told(namespace, "suspended", 1).await?;
        self.ship("6.9.1").await?;
        server.until_told(namespace, "suspended", 2).await?;
        server.hold_at(namespace, text);
        scene.patch(Kind::CANARY, "podinfo", suspend(false)).await?;
        server.until_held(namespace).await
    }

    /// The hashes as those of a Flagger that was built with another version of the Kubernetes API.
    async fn rename(&self) -> Result<()> {
        let api = self.scene.api(Kind::CANARY);
        let promoted = self.scene.canary()?.status.and_then(|status| status.last_promoted_spec);
        let applied = if self.case.left == Left::Renamed(None) { "5f6c7d8f94" } else { "6b4c9d5f87" };
        ensure!(promoted.is_some_and(|promoted| promoted != applied));
        let status = json!({"status": {"lastPromotedSpec": "5f6c7d8f94", "lastAppliedSpec": applied}});
        api.patch_status("podinfo", &PatchParams::default(), &Patch::Merge(status)).await.map(drop)?;
        Ok(())
    }

    /// The Deployment controller does not roll out what is paused.
    async fn copying(&self, server: &WebhookServer) -> Result<()> {
        let (scene, namespace) = (&self.scene, self.scene.namespace.as_str());
        self.ship_until(server, "canary weight 50").await?;
        scene.patch(Kind::DEPLOYMENT, "podinfo-primary", json!({"spec": {"paused": true}})).await?;
        server.let_go(namespace);
        server.hold_at(namespace, "not ready");
        server.until_held(namespace).await?;
        scene.until_phase(Phase::Promoting).await.map(drop)
    }

    /// Suspended while it is busy with the step before, and let go when it is gone.
    async fn finalising(&self, server: &WebhookServer) -> Result<()> {
        self.ship_until(server, "Routing all traffic to primary").await?;
        self.scene.patch(Kind::CANARY, "podinfo", json!({"spec": {"suspend": true}})).await?;
        server.let_go(&self.scene.namespace);
        self.scene.until_phase(Phase::Finalising).await.map(drop)
    }

    /// The Canary: its hooks and how much time Flagger has.
    pub(super) fn canary(&self, server: &WebhookServer) -> Value {
        let namespace = &self.scene.namespace;
        let hooks = self.case.hooks.iter().chain(&["event"]).map(|kind| server.hook(kind, namespace));
        let analysis = json!({"metrics": null, "webhooks": hooks.collect::<Vec<_>>()});
        let spec =
            both(json!({"progressDeadlineSeconds": 600, "analysis": analysis}), self.case.spec.clone());
        json!({ "spec": spec })
    }

    /// The Canary without what the user removes.
    pub(super) fn bare(&self, server: &WebhookServer) -> Value {
        let mut canary = self.canary(server);
        canary["spec"]["service"] = removed::bare_service();
        canary
    }

    pub(super) async fn install(&self) -> Result<()> {
        let scene = &self.scene;
        match self.case.setup {
            Setup::DaemonSet => return scene.apply("daemonset.yaml").await,
            Setup::Service => return crate::service_target::workloads(scene).await,
            Setup::External => return self.point_to("6.9.0").await,
            _ => scene.apply("podinfo.yaml").await?,
        }
        match self.case.setup {
            Setup::Plain | Setup::DaemonSet | Setup::Service | Setup::External => Ok(()),
            Setup::Autoscaler => scene.apply("autoscaler.yaml").await,
            Setup::ScaledObject => {
                crate::autoscaler::know_scaled_objects(scene).await?;
                scene.apply("scaledobject.yaml").await
            }
            Setup::Removable => {
                scene.apply("autoscaler.yaml").await?;
                removed::add(scene).await
            }
            Setup::Configs => {
                scene.apply("configs.yaml").await?;
                let source = json!({"configMapRef": {"name": "podinfo-config"}});
                let container = json!({"name": "podinfod", "envFrom": [source]});
                let volume = json!({"name": "secret", "secret": {"secretName": "podinfo-secret"}});
                scene.patch_template(json!({"spec": {"containers": [container], "volumes": [volume]}})).await
            }
        }
    }

    /// Once Flagger is gone, nothing of the test's holds the release any more.
    pub(super) async fn let_go(&self, server: &WebhookServer) -> Result<()> {
        server.let_go(&self.scene.namespace);
        if matches!(self.case.left, Left::Renamed(_)) {
            self.rename().await?;
        }
        if self.case.left == Left::Finalising {
            self.scene.patch(Kind::CANARY, "podinfo", json!({"spec": {"suspend": null}})).await?;
        }
        Ok(())
    }

    /// Gives the pods that have none a place.
    pub(super) async fn give_place(&self) -> Result<()> {
        let client = self.scene.cluster.client.clone();
        let nodes: Api<DynamicObject> = Api::all_with(client, &Kind::NODE.resource());
        for node in nodes.list(&ListParams::default()).await? {
            let label = Patch::Merge(json!({"metadata": {"labels": {PLACE: "yes"}}}));
            nodes.patch(&node.name_any(), &PatchParams::default(), &label).await?;
        }
        Ok(())
    }

    /// Waits until the primary has all traffic and this version, and the target runs nothing. Without a route the
    /// traffic is always the primary's; an autoscaler may be the one that brings the target down.
    pub(super) async fn at_rest(&self, version: &str) -> Result<()> {
        if self.case.spec["provider"] != "kubernetes" {
            return self.scene.at_rest(version).await;
        }
        let image = self.scene.image("podinfo-primary").await?;
        ensure!(image.ends_with(version), "the primary runs {image}");
        Ok(())
    }

    /// Lets the Service stand for the host of a version.
    async fn point_to(&self, version: &str) -> Result<()> {
        let spec = json!({"type": "ExternalName", "externalName": host(version)});
        let service =
            json!({"apiVersion": "v1", "kind": "Service", "metadata": {"name": "podinfo"}, "spec": spec});
        let user = PatchParams::apply("user");
        self.scene.api(Kind::SERVICE).patch("podinfo", &user, &Patch::Apply(service)).await?;
        Ok(())
    }

    /// Ships a version.
    pub(super) async fn ship(&self, version: &str) -> Result<()> {
        match self.target() {
            Kind::DEPLOYMENT => return self.scene.ship(version, Fault::None).await.map(drop),
            Kind::SERVICE => return self.point_to(version).await,
            _ => {}
        }
        let mut object = self.scene.fixture("daemonset.yaml")?.into_iter().next().context("a DaemonSet")?;
        let image = format!("ghcr.io/stefanprodan/podinfo:{version}");
        let containers = object.data["spec"]["template"]["spec"]["containers"].take();
        let mut containers = containers.as_array().cloned().context("containers")?;
        containers[0]["image"] = image.into();
        let template = json!({"spec": {"template": {"spec": {"containers": containers}}}});
        self.scene.patch(Kind::DAEMON_SET, "podinfo", template).await.map(drop)
    }
}

/// Where a version is that runs elsewhere.
pub(super) fn host(version: &str) -> String {
    format!("podinfo-{}.example.com", version.replace('.', "-"))
}

/// Both patches in one. Unlike in a patch that is applied, what is null stays.
fn both(mut one: Value, other: Value) -> Value {
    merge(&mut one, other);
    one
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
