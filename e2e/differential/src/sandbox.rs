//! One scenario for one operator: a namespace of its own, and everything that is seen of it.

use std::{path::PathBuf, sync::Arc, time::Duration};

use anyhow::{Context, Result};
use kube::{Api, Client, api::PostParams, core::DynamicObject};
use serde_json::{Value, json};
use serin_e2e::{
    History, Kind,
    history::{Archive, RECORDED, Versions},
    manifest::{self, Variables},
};

use crate::{
    normal::Normal,
    receiver::{Line, Receiver},
    scenario::Scenario,
    side::Side,
};

/// How long an operator must do nothing to be at rest. Less than an interval.
const STILL: Duration = Duration::from_secs(2);

/// How long to wait for that.
const RESTLESS: Duration = Duration::from_secs(60);

/// What all sandboxes share.
pub(crate) struct Shared {
    pub(crate) client: Client,
    pub(crate) archive: Archive,
    pub(crate) receiver: Arc<Receiver>,
    /// The folder of logs and transcripts.
    pub(crate) folder: PathBuf,
    /// Program and kubeconfig, of Flagger and of Serin.
    pub(crate) operators: [(PathBuf, PathBuf); 2],
}

/// The kinds that are recorded.
pub(crate) fn recorded() -> Vec<Kind> {
    let more = [Kind::INGRESS, Kind::SCALED_OBJECT, Kind::CONFIG_MAP, Kind::SECRET];
    RECORDED.into_iter().chain(more).collect()
}

/// A namespace in which a scenario is played.
pub(crate) struct Sandbox<'a> {
    pub(crate) shared: &'a Shared,
    pub(crate) side: Side,
    pub(crate) namespace: String,
    pub(crate) history: History,
    pub(crate) line: Line,
}

impl<'a> Sandbox<'a> {
    /// Makes the namespace, and starts its history.
    ///
    /// # Errors
    /// The cluster refuses.
    pub(crate) async fn open(shared: &'a Shared, scenario: &Scenario, side: Side) -> Result<Self> {
        let namespace = format!("{}-{}", scenario.name, side.name());
        let history = shared.archive.history(&namespace);
        let api: Api<DynamicObject> = Api::all_with(shared.client.clone(), &Kind::NAMESPACE.resource());
        let object = serde_json::from_value(json!({"metadata": {"name": namespace}}))?;
        api.create(&PostParams::default(), &object).await?;
        let line = shared.receiver.line(&scenario.name, side, scenario.answers.clone());
        Ok(Self { shared, side, namespace, history, line })
    }

    /// Applies everything that the scenario starts with; the Canary last.
    ///
    /// # Errors
    /// The cluster refuses an object.
    pub(crate) async fn set_up(&self, scenario: &Scenario) -> Result<()> {
        self.apply(&scenario.objects).await?;
        for (file, patch) in [("target.yaml", &scenario.target), ("canary.yaml", &scenario.canary)] {
            let file = format!("differential/fixtures/{file}");
            if !patch.is_null() {
                let patch: Value = serde_json::from_str(&self.variables().fill(&patch.to_string())?)?;
                for object in manifest::load(&file, &self.variables())? {
                    let merged = serin_e2e::scene::merged(serde_json::to_value(object)?, patch.clone());
                    manifest::apply(&self.shared.client, &serde_json::from_value(merged)?).await?;
                }
            }
        }
        Ok(())
    }

    /// Applies manifests to the namespace.
    ///
    /// # Errors
    /// They are none, or the cluster refuses one.
    pub(crate) async fn apply(&self, text: &str) -> Result<()> {
        for mut object in manifest::parse(&self.variables().fill(text)?)? {
            object.metadata.namespace = Some(self.namespace.clone());
            manifest::apply(&self.shared.client, &object).await?;
        }
        Ok(())
    }

    fn variables(&self) -> Variables {
        Variables::default().with("NAMESPACE", &self.namespace).with("URL", self.line.url())
    }

    /// The objects of a kind in the namespace.
    ///
    /// # Errors
    /// Tests know no such kind.
    pub(crate) fn api(&self, kind: &str) -> Result<Api<DynamicObject>> {
        let kind = Kind::named(kind).with_context(|| format!("no kind {kind}"))?;
        Ok(Api::namespaced_with(self.shared.client.clone(), &self.namespace, &kind.resource()))
    }

    /// Rewrites what is of this sandbox alone.
    ///
    /// # Errors
    /// As [`Normal::new`].
    pub(crate) fn normal(&self) -> Result<Normal> {
        Normal::new(&[(&self.line.url(), "URL"), (&self.namespace, "NAMESPACE")])
    }

    /// Waits until nothing changes any more, for a limited time.
    pub(crate) async fn at_rest(&self) {
        let waiting = async {
            loop {
                let before = self.history.look(writes);
                let more = |versions: &Versions| (writes(versions) != before).then_some(());
                if self.history.until("a write", STILL, more).await.is_err() {
                    return;
                }
            }
        };
        // What never rests is compared as it is.
        let _ = tokio::time::timeout(RESTLESS, waiting).await;
    }
}

/// How often something was written that an operator may write.
fn writes(versions: &Versions) -> usize {
    let passive = [Kind::POD, Kind::SLICE];
    versions.after(0).iter().filter(|version| !passive.contains(&version.kind)).count()
}
