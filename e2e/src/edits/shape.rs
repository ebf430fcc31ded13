//! The releases that sequences are made of.

use anyhow::Result;
use kube::core::DynamicObject;
use serde_json::{Value, json};

use super::dice::Dice;
use crate::{Scene, manifest, scene::merged};

/// The version that every sequence ends with.
pub(super) const LAST: &str = "6.9.2";

/// What a release looks like.
#[derive(Clone, Debug)]
#[expect(clippy::struct_excessive_bools, reason = "each is drawn for itself")]
pub(super) struct Shape {
    /// Its kind of analysis.
    strategy: &'static str,
    /// Whether the target has an autoscaler.
    pub scaled: bool,
    /// Whether it reads a ConfigMap and a Secret.
    pub configured: bool,
    /// Whether the user had the Service before.
    own_service: bool,
    /// Whether the user had the route before.
    own_route: bool,
    /// Whether `service.name` is given.
    named: bool,
    /// Whether a metric judges it.
    judged: bool,
}

impl Shape {
    /// Draws one.
    pub(super) fn draw(dice: &mut Dice) -> Self {
        const STRATEGIES: [&str; 6] = ["progressive", "a/b", "blue/green", "mirrored", "affinity", "skipped"];
        let own_service = dice.happens(25);
        Self {
            strategy: *dice.one_of(&STRATEGIES),
            scaled: dice.happens(30),
            configured: dice.happens(40),
            own_service,
            own_route: own_service && dice.happens(50),
            named: dice.happens(30),
            judged: dice.happens(50),
        }
    }

    /// The manifests that the user has: applied at the beginning and, with the last version, at the end.
    ///
    /// # Errors
    /// A fixture cannot be read.
    pub(super) fn manifests(&self, scene: &Scene, version: &str, round: u64) -> Result<Vec<DynamicObject>> {
        let mut objects = scene.fixture("edits/templates.yaml")?;
        if self.configured {
            objects.extend(scene.fixture("configs.yaml")?);
        }
        if self.own_service {
            objects.extend(scene.fixture("apex-service.yaml")?);
        }
        if self.own_route {
            objects.extend(scene.fixture("users-route.yaml")?);
        }
        objects.extend(self.workload(scene, "podinfo", version, round)?);
        if self.scaled {
            let bounds = json!({"spec": {"minReplicas": 1, "maxReplicas": 2}});
            objects.extend(changed(scene.fixture("autoscaler.yaml")?, &bounds)?);
        }
        objects.extend(changed(scene.fixture("edits/canary.yaml")?, &self.canary())?);
        Ok(objects)
    }

    /// The target, or another of the same kind under another name.
    ///
    /// # Errors
    /// A fixture cannot be read.
    pub(super) fn workload(
        &self,
        scene: &Scene,
        name: &str,
        version: &str,
        round: u64,
    ) -> Result<Vec<DynamicObject>> {
        let labels = json!({"app": name});
        let mut env = vec![json!({"name": "EDITS_ROUND", "value": round.to_string()})];
        if self.configured {
            let config = json!({"configMapKeyRef": {"name": "podinfo-config", "key": "PODINFO_UI_MESSAGE", "optional": true}});
            let secret =
                json!({"secretKeyRef": {"name": "podinfo-secret", "key": "token", "optional": true}});
            env.push(json!({"name": "PODINFO_UI_MESSAGE", "valueFrom": config}));
            env.push(json!({"name": "TOKEN", "valueFrom": secret}));
        }
        let change = json!({
            "metadata": {"name": name, "labels": labels},
            "spec": {"selector": {"matchLabels": labels}, "template": {"metadata": {"labels": labels}}},
        });
        let mut objects = changed(scene.fixture("podinfo.yaml")?, &change)?;
        for object in &mut objects {
            let container = &mut object.data["spec"]["template"]["spec"]["containers"][0];
            container["image"] = json!(image(version));
            container["env"] = json!(env);
        }
        Ok(objects)
    }

    fn canary(&self) -> Value {
        let mut spec = match self.strategy {
            "a/b" => json!({"analysis": {"maxWeight": null, "stepWeight": null, "iterations": 2,
                "match": [{"headers": {"x-canary": {"exact": "insider"}}}]}}),
            "blue/green" => json!({"analysis": {"maxWeight": null, "stepWeight": null, "iterations": 2}}),
            "mirrored" => json!({"analysis": {"mirror": true}}),
            "affinity" => json!({"analysis": {"sessionAffinity": {"cookieName": "edits", "maxAge": 60}}}),
            "skipped" => json!({"skipAnalysis": true}),
            _ => json!({}),
        };
        if self.scaled {
            let scaler =
                json!({"apiVersion": "autoscaling/v2", "kind": "HorizontalPodAutoscaler", "name": "podinfo"});
            spec["autoscalerRef"] = scaler;
        }
        if self.named {
            spec["service"] = json!({"name": "podinfo"});
        }
        if self.judged {
            spec["analysis"]["metrics"] = json!([{"name": "verdict", "interval": "10s",
                "templateRef": {"name": "verdict"}, "templateVariables": {"value": "0"},
                "thresholdRange": {"max": 1}}]);
        }
        json!({"spec": spec})
    }
}

/// Podinfo in this version.
pub(super) fn image(version: &str) -> String {
    format!("ghcr.io/stefanprodan/podinfo:{version}")
}

fn changed(objects: Vec<DynamicObject>, change: &Value) -> Result<Vec<DynamicObject>> {
    let one = |object| Ok(serde_json::from_value(merged(serde_json::to_value(&object)?, change.clone()))?);
    objects.into_iter().map(one).collect()
}

/// Applies the manifests as they are.
///
/// # Errors
/// The cluster refuses one.
pub(super) async fn apply(scene: &Scene, objects: &[DynamicObject]) -> Result<()> {
    manifest::apply_all(&scene.cluster.client, objects).await
}
