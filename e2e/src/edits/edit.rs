//! One edit: drawn first, done at its moment.

use std::fmt;

use anyhow::Result;
use kube::{
    Api, ResourceExt,
    api::{DeleteParams, Patch, PatchParams, PostParams},
    core::DynamicObject,
};
use serde_json::{Value, json};

use super::{
    dice::Dice,
    fields::{self, Names},
    schema::Field,
    shape::{Shape, image},
};
use crate::{Kind, Scene};

/// What is done to an object.
#[derive(Clone, Debug)]
pub(super) enum Deed {
    /// A merge patch.
    Patch(Value),
    /// A strategic merge patch of a pod template.
    Template(Value),
    /// It is deleted.
    Delete,
    /// It is deleted and made again at once, with this merged into it.
    Anew(Value),
    /// A rule of the user's is put at the end of a route.
    Rule,
}

/// An edit of one object.
#[derive(Clone, Debug)]
pub(super) struct Edit {
    /// Its kind.
    pub kind: Kind,
    /// Its name.
    pub name: &'static str,
    /// What is done.
    pub deed: Deed,
    /// Whether it takes away, by hand, what serves requests now: they may fail until that is repaired.
    pub takes_away: bool,
}

impl fmt::Display for Edit {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (kind, name) = (self.kind.name, self.name);
        match &self.deed {
            Deed::Patch(patch) => write!(formatter, "patch {kind} {name}: {patch}"),
            Deed::Template(patch) => write!(formatter, "patch the template of {kind} {name}: {patch}"),
            Deed::Delete => write!(formatter, "delete {kind} {name}"),
            Deed::Anew(patch) => write!(formatter, "delete {kind} {name} and make it anew: {patch}"),
            Deed::Rule => write!(formatter, "add a rule to {kind} {name}"),
        }
    }
}

/// What came of an edit.
pub(super) enum Done {
    /// The API server took it.
    Taken,
    /// It refused it, or there is no such object.
    Refused(String),
}

impl Edit {
    /// Draws an edit of any object of a release; more often of the Canary than of another.
    pub(super) fn draw(dice: &mut Dice, shape: &Shape, names: &Names, fields: &[Field], round: u64) -> Self {
        if dice.happens(45) {
            return Self::of(
                Kind::CANARY,
                "podinfo",
                Deed::Patch(json!({"spec": fields::change(dice, names, fields)})),
            );
        }
        let kinds = [
            Kind::CANARY,
            Kind::DEPLOYMENT,
            Kind::DEPLOYMENT,
            Kind::SERVICE,
            Kind::ROUTE,
            Kind::METRIC_TEMPLATE,
            Kind::AUTOSCALER,
            Kind::CONFIG_MAP,
        ];
        match *dice.one_of(&kinds) {
            Kind::CANARY => Self::taking(Kind::CANARY, "podinfo", Deed::Anew(json!({}))),
            Kind::SERVICE => service(dice),
            Kind::ROUTE => route(dice),
            Kind::METRIC_TEMPLATE => template(dice),
            Kind::AUTOSCALER if shape.scaled => scaler(dice),
            Kind::CONFIG_MAP if shape.configured => config(dice, round),
            _ => workload(dice, round),
        }
    }

    /// A new version, as `kubectl set image` would ship it.
    pub(super) fn ship(dice: &mut Dice, round: u64) -> Self {
        let version = dice.one_of(&["6.9.0", "6.9.1", "6.9.2"]);
        let env = json!([{"name": "EDITS_ROUND", "value": round.to_string()}]);
        Self::container("podinfo", json!({"image": image(version), "env": env}))
    }

    fn of(kind: Kind, name: &'static str, deed: Deed) -> Self {
        Self { kind, name, deed, takes_away: false }
    }

    fn taking(kind: Kind, name: &'static str, deed: Deed) -> Self {
        Self { kind, name, deed, takes_away: true }
    }

    fn container(name: &'static str, mut container: Value) -> Self {
        container["name"] = json!("podinfod");
        Self::of(Kind::DEPLOYMENT, name, Deed::Template(json!({"spec": {"containers": [container]}})))
    }

    /// Does it.
    ///
    /// # Errors
    /// The cluster does not answer.
    pub(super) async fn carry_out(&self, scene: &Scene) -> Result<Done> {
        let api = scene.api(self.kind);
        let outcome = match &self.deed {
            Deed::Patch(patch) => self.patched(&api, Patch::Merge(patch.clone())).await,
            Deed::Template(template) => {
                self.patched(&api, Patch::Strategic(json!({"spec": {"template": template}}))).await
            }
            Deed::Delete => api.delete(self.name, &DeleteParams::background()).await.map(drop),
            Deed::Anew(change) => self.anew(&api, change).await,
            Deed::Rule => self.with_rule(&api).await,
        };
        match outcome {
            Ok(()) => Ok(Done::Taken),
            Err(kube::Error::Api(status)) if (400..500).contains(&status.code) => {
                Ok(Done::Refused(status.message.clone()))
            }
            Err(error) => Err(error.into()),
        }
    }

    async fn patched(&self, api: &Api<DynamicObject>, patch: Patch<Value>) -> kube::Result<()> {
        api.patch(self.name, &PatchParams::default(), &patch).await.map(drop)
    }

    async fn anew(&self, api: &Api<DynamicObject>, change: &Value) -> kube::Result<()> {
        let old = api.get(self.name).await?;
        api.delete(self.name, &DeleteParams::background()).await?;
        let mut made = DynamicObject {
            types: old.types.clone(),
            metadata: kube::api::ObjectMeta::default(),
            data: old.data.clone(),
        };
        made.metadata.name = Some(old.name_any());
        made.metadata.labels.clone_from(&old.metadata.labels);
        if let Some(object) = made.data.as_object_mut() {
            object.remove("status");
        }
        made.data = crate::scene::merged(made.data, change.clone());
        // What has a finalizer, or owns what is to go first, takes a moment to go.
        for _ in 0..100 {
            match api.create(&PostParams::default(), &made).await {
                Err(kube::Error::Api(status)) if status.code == 409 => {}
                outcome => return outcome.map(drop),
            }
            tokio::time::sleep(std::time::Duration::from_millis(200)).await;
        }
        Ok(())
    }

    async fn with_rule(&self, api: &Api<DynamicObject>) -> kube::Result<()> {
        let mut route = api.get(self.name).await?;
        let rule = json!({
            "matches": [{"path": {"type": "PathPrefix", "value": RULE}}],
            "backendRefs": [{"name": "neighbour", "port": 9898}],
        });
        if let Some(rules) = route.data.pointer_mut("/spec/rules").and_then(Value::as_array_mut) {
            rules.push(rule);
        }
        api.replace(self.name, &PostParams::default(), &route).await.map(drop)
    }
}

/// The path of the rule that a user adds.
pub(super) const RULE: &str = "/of-the-user";

/// The port that a user adds.
pub(super) const PORT: i64 = 9999;

fn workload(dice: &mut Dice, round: u64) -> Edit {
    let patch = |patch| Edit::of(Kind::DEPLOYMENT, "podinfo", Deed::Patch(patch));
    match dice.number(0..=9) {
        0 => patch(json!({"spec": {"replicas": dice.number(0..=2)}})),
        1 => patch(json!({"spec": {"paused": dice.happens(50)}})),
        2 => Edit::of(
            Kind::DEPLOYMENT,
            "podinfo",
            Deed::Template(json!({"metadata": {"labels": {"edits": round.to_string()}}})),
        ),
        3 => Edit::container(
            "podinfo",
            json!({
                "ports": [{"containerPort": 9898, "name": dice.one_of(&["web", "http"])}],
                "readinessProbe": {"httpGet": {"path": "/readyz", "port": 9898}},
            }),
        ),
        4 => Edit::container("podinfo", json!({"resources": {"requests": {"cpu": "6m"}}})),
        5 => Edit::taking(Kind::DEPLOYMENT, "podinfo", Deed::Delete),
        6 => Edit::taking(Kind::DEPLOYMENT, "podinfo", Deed::Anew(json!({}))),
        7 => {
            let labels = json!({"app": "podinfo", "edits": round.to_string()});
            let change = json!({"spec": {"selector": {"matchLabels": labels},
                "template": {"metadata": {"labels": labels}}}});
            Edit::taking(Kind::DEPLOYMENT, "podinfo", Deed::Anew(change))
        }
        8 => Edit::taking(Kind::DEPLOYMENT, "podinfo-primary", Deed::Delete),
        _ => Edit::ship(dice, round),
    }
}

fn service(dice: &mut Dice) -> Edit {
    let name = *dice.one_of(&["podinfo", "podinfo-primary", "podinfo-canary"]);
    let taking = |deed| Edit::taking(Kind::SERVICE, name, deed);
    match dice.number(0..=2) {
        0 => taking(Deed::Delete),
        1 => taking(Deed::Patch(json!({"spec": {"selector": {"app": "nobody"}}}))),
        _ => {
            // Beside the port that is there, in place of nothing: lists of a merge patch would replace it.
            let ports = json!({"spec": {"ports": [
                {"name": "http", "port": 9898, "targetPort": 9898, "protocol": "TCP"},
                {"name": "extra", "port": PORT, "targetPort": 9797, "protocol": "TCP"},
            ]}});
            taking(Deed::Patch(ports))
        }
    }
}

fn route(dice: &mut Dice) -> Edit {
    match dice.number(0..=3) {
        0 => Edit::taking(Kind::ROUTE, "podinfo", Deed::Delete),
        1 => {
            let backends = json!([{"name": "podinfo-primary", "port": 9898, "weight": 50}, {"name": "podinfo-canary", "port": 9898, "weight": 50}]);
            Edit::taking(
                Kind::ROUTE,
                "podinfo",
                Deed::Patch(json!({"spec": {"rules": [{"backendRefs": backends}]}})),
            )
        }
        2 => Edit::of(Kind::ROUTE, "podinfo", Deed::Rule),
        _ => Edit::of(
            Kind::ROUTE,
            "podinfo",
            Deed::Patch(json!({"metadata": {"annotations": {"e2e.example.com/edited": "yes"}}})),
        ),
    }
}

fn template(dice: &mut Dice) -> Edit {
    let of = |deed| Edit::of(Kind::METRIC_TEMPLATE, "verdict", deed);
    match dice.number(0..=2) {
        0 => of(Deed::Delete),
        1 => of(Deed::Anew(json!({}))),
        _ => of(Deed::Patch(
            json!({"spec": {"query": dice.one_of(&["vector(0)", "scalar(vector(0))", "no query("])}}),
        )),
    }
}

fn scaler(dice: &mut Dice) -> Edit {
    let of = |deed| Edit::of(Kind::AUTOSCALER, "podinfo", deed);
    match dice.number(0..=2) {
        0 => of(Deed::Delete),
        1 => of(Deed::Anew(json!({}))),
        _ => of(Deed::Patch(json!({"spec": {"maxReplicas": dice.number(1..=3)}}))),
    }
}

fn config(dice: &mut Dice, round: u64) -> Edit {
    let value = round.to_string();
    let map = |deed| Edit::of(Kind::CONFIG_MAP, "podinfo-config", deed);
    match dice.number(0..=3) {
        0 => map(Deed::Patch(json!({"data": {"PODINFO_UI_MESSAGE": value}}))),
        1 => map(Deed::Delete),
        2 => map(Deed::Anew(json!({"data": {"PODINFO_UI_MESSAGE": value}}))),
        _ => Edit::of(Kind::SECRET, "podinfo-secret", Deed::Patch(json!({"stringData": {"token": value}}))),
    }
}
