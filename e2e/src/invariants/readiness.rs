//! S3: the last ready copy of the application is never scaled down or replaced by an unready one.

use std::collections::BTreeMap;

use super::{App, Check};
use crate::{Kind, history::Version};

/// S3.
#[derive(Default)]
pub(super) struct Copies {
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
        let workload = [Kind::DEPLOYMENT, Kind::DAEMON_SET].contains(&version.kind);
        if !workload || (version.name != app.target && version.name != app.primary()) {
            return None;
        }
        let after = if version.gone { Workload::default() } else { Workload::of(version) };
        let before = self.workloads.insert(version.name.clone(), after).unwrap_or_default();
        let primary = self.workloads.get(&app.primary()).copied().unwrap_or_default();
        let scaled_down =
            version.name == app.target && !version.gone && before.wanted > 0 && after.wanted == 0;
        if scaled_down && primary.ready == 0 {
            return Some(format!("{} was scaled to 0 while the primary had no ready copy", app.target));
        }
        self.last_copy(app)
    }
}

impl Copies {
    /// Told once each time the last ready copy goes away.
    fn last_copy(&mut self, app: &App) -> Option<String> {
        let ready = self.workloads.values().any(|workload| workload.ready > 0);
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
