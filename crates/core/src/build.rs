//! The objects that Serin generates, built from the Canary and the objects it names.
//!
//! Nothing here talks to a cluster; every builder returns the body of one write:
//!
//! | object | absent | present |
//! |---|---|---|
//! | [`services`], routes ([`crate::router`]) | server-side apply | server-side apply; a Service with a `metadata.resourceVersion` is replaced |
//! | [`primary`], [`configs`], [`scaler`] | create | replace: the body has the `metadata.resourceVersion` that was read |
//!
//! Services and routes may carry fields of others, so that only Serin's own fields are sent. What is made
//! for the primary alone is replaced as a whole; being refused (409) tells that somebody else was faster.

use serin_api::canary::CanaryService;
use thiserror::Error;

use crate::Rollout;

pub mod claims;
pub mod configs;
pub mod managed;
pub mod metadata;
pub mod owner;
pub mod primary;
pub mod scaler;
pub mod selector;
pub mod service_target;
pub mod services;
pub mod target;
pub mod template;

/// The reason of the condition `Stalled` for what Serin cannot serve.
pub const NOT_SUPPORTED: &str = "NotSupported";

/// The reason of the condition `Stalled` for a port that pods do not have.
pub const PORT_NOT_FOUND: &str = "PortNotFound";

/// Reason of `Stalled`: an object that would be made is somebody else's.
pub const NAME_TAKEN: &str = "NameTaken";

/// Why an object cannot be built.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum BuildError {
    /// Flagger's text: the target's pods cannot be told from the primary's.
    #[error(
        "getSelectorLabel failed: {kind} {target}.{namespace} spec.selector.matchLabels must contain \
         one of [{candidates}]{}",
        // The quote at the end is Flagger's.
        if *kind == "daemonset" { "'" } else { "" }
    )]
    Selector {
        /// The target's kind in lower case.
        kind: &'static str,
        /// The target's name.
        target: String,
        /// The target's namespace.
        namespace: String,
        /// The operator's `-selector-labels`, separated by spaces.
        candidates: String,
    },
    /// Flagger's text: pods of such a DaemonSet are replaced only when somebody deletes them.
    #[error(
        "createPrimaryDaemonSet failed: daemonset {target} must have RollingUpdate strategy but have {strategy}"
    )]
    UpdateStrategy {
        /// `<name>.<namespace>`.
        target: String,
        /// Its `spec.updateStrategy.type`.
        strategy: String,
    },
    /// A field that Serin cannot serve.
    #[error("{object}: {field} {value:?} is not supported: {remedy}")]
    NotSupported {
        /// The object, `<kind> <name>.<namespace>`.
        object: String,
        /// The field's path.
        field: &'static str,
        /// Its value.
        value: String,
        /// What the user can do.
        remedy: &'static str,
    },
    /// Objects that are not ours have the names that ours would have.
    #[error("{}", .0.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "))]
    Taken(Vec<claims::Conflict>),
    /// A name that is made of one of the target's does not fit.
    #[error(
        "{object}: {field} would be {name} for the primary, {} characters where {most} are allowed: {remedy}",
        name.len()
    )]
    TooLong {
        /// The target, `<kind> <name>.<namespace>`.
        object: String,
        /// What of it the name is made of.
        field: String,
        /// The name that does not fit.
        name: String,
        /// Most characters.
        most: usize,
        /// What the user can do.
        remedy: String,
    },
    /// A port of the user's Service beside which no other can be.
    #[error(
        "Service {service}: port {port} has no name, and beside spec.service.port {ours} Kubernetes wants one of every \
         port: give it a name in the Service's manifest, set spec.service.port to {port}, or set spec.service.name to \
         another name"
    )]
    UnnamedPort {
        /// The Service, `<name>.<namespace>`.
        service: String,
        /// The number of its port.
        port: i64,
        /// `spec.service.port`.
        ours: i64,
    },
    /// A Canary without `spec.service`; validation lets none through.
    #[error("Canary {canary}: spec.service is missing: name at least its port")]
    NoService {
        /// `<name>.<namespace>`.
        canary: String,
    },
    /// A port that none of the application's pods have.
    #[error(
        "spec.service.targetPort {name:?} is no port of {target}, which declares {has}: give one of these, or declare the \
         port in its containers"
    )]
    NoSuchPort {
        /// The target, `<kind> <name>.<namespace>`.
        target: String,
        /// The name or number that the Canary asks for.
        name: String,
        /// The ports that there are.
        has: String,
    },
    /// What the route is made of is not there, or does not fit.
    #[error("{message}")]
    Route {
        /// The reason of the condition `Stalled`.
        reason: &'static str,
        /// Which object or field, what is wrong with it, and the remedy.
        message: String,
    },
}

impl BuildError {
    /// The reason of the condition `Stalled`.
    pub fn reason(&self) -> &'static str {
        match self {
            Self::Taken(_) => NAME_TAKEN,
            Self::TooLong { .. } => "NameTooLong",
            Self::UnnamedPort { .. } => "PortWithoutName",
            Self::NoSuchPort { .. } => PORT_NOT_FOUND,
            Self::Route { reason, .. } => reason,
            _ => NOT_SUPPORTED,
        }
    }
}

pub(crate) fn service(rollout: &Rollout) -> Result<&CanaryService, BuildError> {
    let missing = || BuildError::NoService { canary: rollout.full_name() };
    rollout.spec.service.as_ref().ok_or_else(missing)
}
