//! The workload of the user.

use serin_core::{
    Timestamp,
    observe::{Readiness, Target},
};

use super::World;

/// How the pods of a workload are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Pods {
    /// Not ready yet, or not any more.
    Starting,
    /// Ready, with endpoints.
    Ready,
    /// Not ready, and the progress deadline is over.
    Failed,
}

/// The workload of the user.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct VirtualTarget {
    /// The revision its template has.
    pub revision: String,
    /// When a client wrote it.
    pub written: Option<Timestamp>,
    /// Its replicas.
    pub replicas: i32,
    /// Its pods.
    pub pods: Pods,
}

impl VirtualTarget {
    /// One that runs, of this revision.
    pub fn running(revision: &str) -> Self {
        Self { revision: revision.to_owned(), written: None, replicas: 1, pods: Pods::Ready }
    }

    /// Pods that run already serve on beside new ones.
    pub(super) fn scale(&mut self, replicas: i32) {
        if self.replicas == 0 || replicas == 0 {
            self.pods = Pods::Starting;
        }
        self.replicas = replicas;
    }
}

impl World {
    pub(super) fn see_target(&self) -> Target {
        let idle = self.target.replicas == 0;
        let pods = if idle { Pods::Ready } else { self.target.pods };
        Target {
            revision: self.target.revision.clone(),
            template_written: self.target.written,
            replicas: self.target.replicas,
            readiness: self.readiness(pods),
        }
    }

    /// The user deletes the target, or makes it anew with the revision and the replicas of its manifest.
    pub fn set_target_gone(&mut self, gone: bool) {
        if self.target_gone && !gone {
            self.target.replicas = 1;
            self.target.pods = Pods::Starting;
        }
        self.target_gone = gone;
    }

    /// Whether the target has a pod that answers.
    pub fn target_serves(&self) -> bool {
        !self.target_gone && self.target.replicas > 0 && self.target.pods == Pods::Ready
    }

    pub(super) fn readiness(&self, pods: Pods) -> Readiness {
        let message =
            "waiting for rollout to finish: 0 of 1 (readyThreshold 100%) updated replicas are available";
        match pods {
            Pods::Ready => Readiness::Ready,
            Pods::Starting => Readiness::NotReady { message: message.to_owned(), fatal_at: None },
            Pods::Failed => Readiness::NotReady {
                message: "deployment exceeded its progress deadline".to_owned(),
                fatal_at: Some(self.now),
            },
        }
    }
}
