//! One test: a namespace of its own, its history, and what is printed when it fails.

mod dump;
mod expect;
mod loadtester;
mod release;
mod requests;
mod run;
mod wait;

use anyhow::{Context, Result};
use kube::{
    Api,
    api::{DeleteParams, Patch, PatchParams, PostParams},
    core::DynamicObject,
};
use serde_json::{Value, json};

use crate::{
    Cluster, History, Kind, Traffic,
    install::TEST_LABEL,
    invariants::{App, MARK},
    manifest::{self, Variables},
    traffic::{self, Plan, Report, Tally},
};

pub use crate::settings::LIMIT;
pub use release::{Fault, Shipment};
pub use run::{Failed, TestResult, alone, apart, together, unwatched};

/// A namespace of the cluster with one release in it.
pub struct Scene {
    /// The cluster.
    pub cluster: Cluster,
    /// The namespace.
    pub namespace: String,
    /// The release.
    pub app: App,
    /// All that happens in the namespace.
    pub history: History,
}

impl Scene {
    /// Makes a namespace whose name starts with this one, and starts its history.
    ///
    /// # Errors
    /// The cluster refuses.
    pub async fn open(cluster: Cluster, name: &str) -> Result<Self> {
        let labels = json!({TEST_LABEL: name});
        let object = json!({"metadata": {"generateName": format!("e2e-{name}-"), "labels": labels}});
        let api: Api<DynamicObject> = Api::all_with(cluster.client.clone(), &Kind::NAMESPACE.resource());
        let made = api.create(&PostParams::default(), &serde_json::from_value(object)?).await?;
        let namespace = made.metadata.name.context("a namespace without a name")?;
        let history = History::start(&cluster.client, &namespace);
        history.listening(LIMIT).await?;
        Ok(Self { cluster, namespace, app: App::named("podinfo"), history })
    }

    /// Starts to delete the namespace.
    ///
    /// # Errors
    /// The cluster refuses.
    pub async fn close(&self) -> Result<()> {
        let api: Api<DynamicObject> = Api::all_with(self.cluster.client.clone(), &Kind::NAMESPACE.resource());
        api.delete(&self.namespace, &DeleteParams::background()).await?;
        Ok(())
    }

    /// The host name under which the gateway reaches the release.
    pub fn host(&self) -> String {
        format!("{}.example.com", self.namespace)
    }

    /// What the placeholders of fixtures stand for here.
    pub fn variables(&self) -> Variables {
        let settings = &self.cluster.settings;
        Variables::default()
            .with("NAMESPACE", &self.namespace)
            .with("HOST", self.host())
            .with("GATEWAY_NAMESPACE", &settings.gateway_namespace)
            .with("GATEWAY_NAME", &settings.gateway_name)
            .with("GATEWAY", &self.cluster.gateway_inside)
            .with("PROMETHEUS", &settings.prometheus)
    }

    /// The objects of a fixture, ready to be changed and applied.
    ///
    /// # Errors
    /// The fixture cannot be read.
    pub fn fixture(&self, file: &str) -> Result<Vec<DynamicObject>> {
        let mut objects = manifest::load(&format!("fixtures/{file}"), &self.variables())?;
        for object in &mut objects {
            object.metadata.namespace.get_or_insert_with(|| self.namespace.clone());
        }
        Ok(objects)
    }

    /// Applies a fixture.
    ///
    /// # Errors
    /// The fixture cannot be read, or the cluster refuses it.
    pub async fn apply(&self, file: &str) -> Result<()> {
        manifest::apply_all(&self.cluster.client, &self.fixture(file)?).await
    }

    /// Applies a fixture of one object after merging a patch into it.
    ///
    /// # Errors
    /// As [`Self::apply`].
    pub async fn apply_changed(&self, file: &str, change: Value) -> Result<()> {
        for mut object in self.fixture(file)? {
            let patched = merged(serde_json::to_value(&object)?, change.clone());
            object = serde_json::from_value(patched)?;
            manifest::apply(&self.cluster.client, &object).await?;
        }
        Ok(())
    }

    /// The objects of a kind in the namespace.
    pub fn api(&self, kind: Kind) -> Api<DynamicObject> {
        self.cluster.api(kind, &self.namespace)
    }

    /// Merges a patch into an object.
    ///
    /// # Errors
    /// The cluster refuses.
    pub async fn patch(&self, kind: Kind, name: &str, patch: Value) -> Result<DynamicObject> {
        let api = self.api(kind);
        let patched = api.patch(name, &PatchParams::default(), &Patch::Merge(patch)).await;
        patched.with_context(|| format!("patching {} {name}", kind.name))
    }

    /// Puts a label and an annotation on every object that others may write on too.
    ///
    /// # Errors
    /// The cluster refuses.
    pub async fn mark_as_shared(&self) -> Result<()> {
        let App { target, apex, .. } = &self.app;
        let primary = self.app.primary();
        let shared = [
            (Kind::ROUTE, apex),
            (Kind::SERVICE, apex),
            (Kind::DEPLOYMENT, target),
            (Kind::DEPLOYMENT, &primary),
        ];
        for (kind, name) in shared {
            // The primary may not keep what it was given as a copy of the target: each has a mark of its own.
            let mark = json!({MARK: format!("on-{name}")});
            self.patch(kind, name, json!({"metadata": {"labels": mark, "annotations": mark}})).await?;
        }
        Ok(())
    }

    /// Requests of `/` at this rate.
    pub fn requests(&self, rate: u32) -> Plan {
        Plan::new(&self.cluster.gateway, &self.host(), rate)
    }

    /// Sends requests of `/` at this rate, from the moment on at which they are answered.
    ///
    /// # Errors
    /// There is no good answer through the gateway in time.
    pub async fn traffic(&self, rate: u32) -> Result<Traffic> {
        self.send(self.requests(rate)).await
    }

    /// Sends these requests, from the moment on at which they are answered.
    ///
    /// # Errors
    /// As [`Self::traffic`].
    pub async fn send(&self, plan: Plan) -> Result<Traffic> {
        traffic::until_served(&plan, LIMIT).await?;
        Traffic::start(plan)
    }

    /// Who answered.
    pub fn report(&self, tally: &Tally) -> Report {
        self.history.look(|versions| Report::new(tally, versions, &self.app))
    }
}

/// A JSON merge patch (RFC 7386) applied.
pub fn merged(mut target: Value, patch: Value) -> Value {
    let Value::Object(patch) = patch else { return patch };
    if !target.is_object() {
        target = json!({});
    }
    for (key, change) in patch {
        if change.is_null() {
            target.as_object_mut().map(|object| object.remove(&key));
        } else {
            let before = target[&key].take();
            target[&key] = merged(before, change);
        }
    }
    target
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn merges_as_the_rfc_says() {
        let target = json!({"a": {"b": 1, "c": 2}, "d": [1]});
        let patch = json!({"a": {"b": null, "e": {"f": 3}}, "d": [2]});
        assert_eq!(merged(target, patch), json!({"a": {"c": 2, "e": {"f": 3}}, "d": [2]}));
    }
}
