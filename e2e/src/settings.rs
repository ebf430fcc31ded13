//! What the environment says about the cluster.

use std::{
    env,
    path::{Path, PathBuf},
    time::Duration,
};

/// How long a step may take. Far more than it should: the limit tells a hang from a busy machine.
pub const LIMIT: Duration = Duration::from_secs(300);

/// Where things are in the cluster under test. Every value has a default that suits the local cluster.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Namespace of the shared Gateway (`SERIN_GATEWAY_NAMESPACE`).
    pub gateway_namespace: String,
    /// Name of the shared Gateway (`SERIN_GATEWAY_NAME`).
    pub gateway_name: String,
    /// How the test reaches the Gateway (`SERIN_GATEWAY_URL`); from the Gateway's status when unset.
    pub gateway_url: Option<String>,
    /// How the operator reaches Prometheus (`SERIN_PROMETHEUS`).
    pub prometheus: String,
    /// The namespace of the operator.
    pub operator_namespace: String,
    /// Whether the cluster is somebody else's (`SERIN_CLUSTER=existing`).
    pub existing: bool,
}

impl Settings {
    /// From the process environment.
    pub fn from_env() -> Self {
        Self {
            gateway_namespace: text("SERIN_GATEWAY_NAMESPACE", "gateway-system"),
            gateway_name: text("SERIN_GATEWAY_NAME", "gateway"),
            gateway_url: env::var("SERIN_GATEWAY_URL").ok().filter(|url| !url.is_empty()),
            prometheus: text("SERIN_PROMETHEUS", "http://prometheus.monitoring:9090"),
            operator_namespace: "serin-system".to_owned(),
            existing: env::var("SERIN_CLUSTER").is_ok_and(|value| value == "existing"),
        }
    }
}

/// The variable, or the default when it is unset or empty.
pub(crate) fn text(name: &str, default: &str) -> String {
    env::var(name).ok().filter(|value| !value.is_empty()).unwrap_or_else(|| default.to_owned())
}

/// Where cargo builds.
pub fn target() -> PathBuf {
    let default = || Path::new(env!("CARGO_MANIFEST_DIR")).join("../target");
    env::var_os("CARGO_TARGET_DIR").map_or_else(default, PathBuf::from)
}
