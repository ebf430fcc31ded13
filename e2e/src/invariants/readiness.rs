//! S3: the last ready copy of the application is never scaled down or replaced by an unready one.

use std::collections::{BTreeMap, BTreeSet};

use super::{App, Check};
use crate::{Kind, history::Version};

/// S3.
#[derive(Default)]
pub(super) struct Copies {
    /// The targets that the Canary has named beside the app's own.
    targets: BTreeSet<String>,
    workloads: BTreeMap<String, Workload>,
    was_ready: bool,
}

#[derive(Clone, Copy, Default)]
struct Workload {
    wanted: i64,
    ready: i64,
}

impl Check for Copies {
    fn name(&self) -> &'static str {
        "S3"
    }

    fn see(&mut self, version: &Version, app: &App) -> Option<String> {
        if version.kind == Kind::CANARY && version.name == app.canary {
            let target = version.object.pointer("/spec/targetRef/name").and_then(serde_json::Value::as_str);
            self.targets.extend(target.map(str::to_owned));
            return None;
        }
        if ![Kind::DEPLOYMENT, Kind::DAEMON_SET].contains(&version.kind) {
            return None;
        }
        let after = if version.gone { Workload::default() } else { Workload::of(version) };
        let before = self.workloads.insert(version.name.clone(), after).unwrap_or_default();
        let scaled_down = !version.gone && before.wanted > 0 && after.wanted == 0;
        let is_target = self.targets(app).any(|target| target == version.name);
        if scaled_down && is_target && !self.has_primary(app) {
            return Some(format!("{} was scaled to 0 while the primary had no ready copy", version.name));
        }
        self.last_copy(app)
    }
}

impl Copies {
    fn targets<'s>(&'s self, app: &'s App) -> impl Iterator<Item = &'s str> {
        self.targets.iter().map(String::as_str).chain([app.target.as_str()])
    }

    fn is_ready(&self, name: &str) -> bool {
        self.workloads.get(name).is_some_and(|workload| workload.ready > 0)
    }

    fn has_primary(&self, app: &App) -> bool {
        self.targets(app).any(|target| self.is_ready(&format!("{target}-primary")))
    }

    /// Told once each time the last ready copy goes away.
    fn last_copy(&mut self, app: &App) -> Option<String> {
        let ready = self.has_primary(app) || self.targets(app).any(|target| self.is_ready(target));
        let lost = self.was_ready && !ready;
        self.was_ready = ready;
        lost.then(|| format!("no copy of {} was ready", app.target))
    }
}

impl Workload {
    fn of(version: &Version) -> Self {
        let number = |pointer: &str| version.object.pointer(pointer).and_then(serde_json::Value::as_i64);
        if version.kind == Kind::DAEMON_SET {
            let down = "/spec/template/spec/nodeSelector/flagger.app~1scale-to-zero";
            return Self {
                wanted: i64::from(version.object.pointer(down).is_none()),
                ready: number("/status/numberReady").unwrap_or(0),
            };
        }
        Self {
            wanted: number("/spec/replicas").unwrap_or(1),
            ready: number("/status/readyReplicas").unwrap_or(0),
        }
    }
}
