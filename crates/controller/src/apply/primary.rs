//! The primary: its configs first, then the workload that uses them.

use std::{collections::BTreeMap, sync::Arc};

use futures::{StreamExt, TryStreamExt, stream};
use serde_json::Value;
use serin_core::{
    build::{
        BuildError,
        configs::{ConfigKind, ConfigRef, config_copy, config_refs, copy_name, in_sync, made_anew},
        primary::primary,
    },
    snapshot::{TrackedConfig, config_conflict},
};

use super::{ActionError, Executor};
use crate::{
    error::ApiError,
    kind::Kind,
    observe::{self, AT_ONCE},
};

impl Executor<'_> {
    /// Copies the target, as it was decided on, to the primary.
    pub(super) async fn apply_primary(&self) -> Result<(), ActionError> {
        let target = self.target()?;
        let tracked = self.copy_configs(target).await?;
        let live = self.seen.primary.object();
        let body = primary(self.rollout, self.settings, target, live, &tracked)?;
        let key = self.key.sibling(self.rollout.primary());
        let kind = self.rollout.target_kind;
        let answer = self.cluster.put(Kind::of_target(kind), &key, &body).await;
        let name = self.rollout.primary_name();
        answer.map(drop).map_err(|source| {
            let part = if kind.has_pods() { "template spec" } else { "spec" };
            let kind = kind.lower();
            let making = self.rollout.target_kind.making_primary();
            let text = |said: &str| match live {
                Some(_) => format!("updating {kind} {name} {part} failed: {said}"),
                None if self.rollout.target_kind.has_pods() => {
                    format!("{making}: creating {kind} {name} failed: {said}")
                }
                // Flagger names the Canary here.
                None => {
                    format!("{making}: creating service {} query error: {said}", self.rollout.full_name())
                }
            };
            ActionError::api(text, source)
        })
    }

    /// Makes the primary's copies of the tracked configs. Returns their checksums by key.
    async fn copy_configs(&self, target: &Value) -> Result<BTreeMap<String, String>, ActionError> {
        let mut tracked = BTreeMap::new();
        if !self.rollout.config_tracking {
            return Ok(tracked);
        }
        let mut copies = Vec::new();
        for reference in config_refs(target) {
            let key = reference.key();
            let Some(seen) = self.seen.configs.get(&key).and_then(|seen| seen.present()) else { continue };
            if !seen.ignored {
                copies.push(self.copy_config(reference, seen));
                tracked.insert(key, seen.checksum.clone());
            }
        }
        stream::iter(copies).buffer_unordered(AT_ONCE).try_collect::<()>().await?;
        Ok(tracked)
    }

    async fn copy_config(&self, reference: ConfigRef, seen: &TrackedConfig) -> Result<(), ActionError> {
        let ConfigRef { kind, name, .. } = &reference;
        let source = self.read(*kind, name).await?;
        let source = source.filter(|source| TrackedConfig::of(*kind, source) == *seen);
        let Some(source) = source else {
            return Err(ActionError::Outdated(format!("{} {name}.{}", kind.name(), self.rollout.namespace)));
        };
        let copy = copy_name(name);
        let live = self.read(*kind, &copy).await?;
        // It may have come after the look that was decided on.
        let conflict = live.as_deref().and_then(|live| config_conflict(self.rollout, *kind, name, live));
        if let Some(conflict) = conflict {
            return Err(BuildError::Taken(vec![conflict]).into());
        }
        let body = config_copy(self.rollout, self.settings, *kind, &source, live.as_deref());
        if live.as_ref().is_some_and(|live| in_sync(&body, live)) {
            return Ok(());
        }
        let (key, resource) = (self.key.sibling(copy.as_str()), observe::kind(*kind));
        let anew = live.as_deref().and_then(|live| Some((live, made_anew(&body, live)?)));
        let answer = match anew {
            Some((live, anew)) => match self.cluster.delete(resource, &key, live).await {
                Ok(()) => self.cluster.put(resource, &key, &anew).await,
                Err(error) => Err(error),
            },
            None => self.cluster.put(resource, &key, &body).await,
        };
        let doing = if live.is_some() { "updating" } else { "creating" };
        let text = format!("{doing} {} {copy}.{} failed", kind.lower(), self.rollout.namespace);
        self.config_result(answer.map(drop), &text)
    }

    async fn read(&self, kind: ConfigKind, name: &str) -> Result<Option<Arc<Value>>, ActionError> {
        let answer = self.cluster.get(observe::kind(kind), &self.key.sibling(name)).await;
        // The space before the colon is Flagger's.
        let text = format!("{} {name}.{} get query failed ", kind.lower(), self.rollout.namespace);
        self.config_result(answer, &text)
    }

    fn config_result<T>(&self, answer: Result<T, ApiError>, text: &str) -> Result<T, ActionError> {
        let kind = self.rollout.target_kind;
        let part = match self.seen.primary.present() {
            None => kind.making_primary().to_owned(),
            Some(_) => {
                format!("updating {} {} template spec failed", kind.lower(), self.rollout.primary_name())
            }
        };
        let text = |said: &str| format!("{part}: CreatePrimaryConfigs failed: {text}: {said}");
        answer.map_err(|source| ActionError::api(text, source))
    }
}
