//! Kinds of target.

/// What can be released (`spec.targetRef`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum TargetKind {
    /// `apps/v1` Deployment.
    Deployment,
    /// `apps/v1` DaemonSet: scaled to zero by a node selector that no node has.
    DaemonSet,
    /// `v1` Service of workloads that are nobody's concern here: never scaled, always ready.
    Service,
}

impl TargetKind {
    /// The kind as in manifests.
    pub fn name(self) -> &'static str {
        match self {
            Self::Deployment => "Deployment",
            Self::DaemonSet => "DaemonSet",
            Self::Service => "Service",
        }
    }

    /// The kind as in Flagger's texts.
    pub fn lower(self) -> &'static str {
        match self {
            Self::Deployment => "deployment",
            Self::DaemonSet => "daemonset",
            Self::Service => "service",
        }
    }

    /// `<plural>.<group>`, as the API server's errors name it.
    pub fn qualified(self) -> &'static str {
        match self {
            Self::Deployment => "deployments.apps",
            Self::DaemonSet => "daemonsets.apps",
            Self::Service => "services",
        }
    }

    /// How Flagger's texts begin when the primary cannot be made.
    pub fn making_primary(self) -> &'static str {
        match self {
            Self::Deployment => "createPrimaryDeployment failed",
            Self::DaemonSet => "createPrimaryDaemonSet failed",
            Self::Service => "reconcilePrimaryService failed",
        }
    }

    /// Whether it has pods of its own: they are scaled, awaited, and use configs.
    pub fn has_pods(self) -> bool {
        self != Self::Service
    }

    /// Whether a pod, of whose name `maker` is the beginning, is one of this workload's. One of
    /// which nothing is known counts as its own.
    pub fn made(self, workload: &str, maker: &str) -> bool {
        match self {
            _ if maker.is_empty() => true,
            Self::Service => true,
            Self::DaemonSet => maker == workload,
            Self::Deployment => maker.rsplit_once('-').is_some_and(|(deployment, _)| deployment == workload),
        }
    }
}
