//! The safety invariants, checked against every version of the route, the workloads and their endpoints.
//!
//! The versions are replayed in the order in which the cluster made them, so what is checked does not depend on
//! when a watch delivered them.

mod endpoints;
mod foreign;
mod owned;
mod readiness;
mod route;
mod stranded;

use std::fmt;

use serde_json::Value;

use crate::{
    Kind,
    history::{Version, Versions},
};

pub use endpoints::Slices;
pub use foreign::MARK;
pub use route::{knows_cookie, split, warms_up};
pub use stranded::PATIENCE;

/// The objects of one release, by their names.
#[derive(Clone, Debug)]
pub struct App {
    /// The Canary.
    pub canary: String,
    /// The target Deployment.
    pub target: String,
    /// The apex Service and the route.
    pub apex: String,
}

impl App {
    /// An app whose Canary, target and apex have one name.
    pub fn named(name: &str) -> Self {
        Self { canary: name.to_owned(), target: name.to_owned(), apex: name.to_owned() }
    }

    /// The Deployment that takes the traffic between rollouts.
    pub fn primary(&self) -> String {
        format!("{}-primary", self.target)
    }
}

/// A side of the route.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Side {
    /// Stable.
    Primary,
    /// Under analysis.
    Canary,
}

impl Side {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Primary, Self::Canary];

    /// The name of the side's Service.
    pub fn service(self, apex: &str) -> String {
        match self {
            Self::Primary => format!("{apex}-primary"),
            Self::Canary => format!("{apex}-canary"),
        }
    }
}

/// A moment at which an invariant did not hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// Such as `S2`.
    pub invariant: &'static str,
    /// The resource version at which it happened.
    pub revision: u64,
    /// What was wrong.
    pub what: String,
}

impl fmt::Display for Violation {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} at revision {}: {}", self.invariant, self.revision, self.what)
    }
}

/// One invariant, fed with one version after the other.
trait Check {
    /// The version is part of the past from here on. What is wrong with it, if anything?
    fn see(&mut self, version: &Version, app: &App) -> Option<String>;
    /// Its name.
    fn name(&self) -> &'static str;
}

/// Every violation of S1, S2, S3, S7, S13 and S15 in the history of the app.
pub fn violations(versions: &Versions, app: &App) -> Vec<Violation> {
    let mut checks: [Box<dyn Check>; 6] = [
        Box::new(route::Weights),
        Box::<endpoints::Ready>::default(),
        Box::<readiness::Copies>::default(),
        Box::<foreign::Marks>::default(),
        Box::<stranded::Stranded>::default(),
        Box::<owned::Users>::default(),
    ];
    let mut found = Vec::new();
    let mut served = true;
    for version in versions.in_order() {
        served &= !ends_service(version, app);
        for check in checks.iter_mut().filter(|check| served || ["S1", "S15"].contains(&check.name())) {
            found.extend(check.see(version, app).map(|what| Violation {
                invariant: check.name(),
                revision: version.revision,
                what,
            }));
        }
    }
    found
}

/// Deleting a Canary that does not ask to be reverted takes the primary away with it: the user wants that.
fn ends_service(version: &Version, app: &App) -> bool {
    version.kind == Kind::CANARY
        && version.name == app.canary
        && version.gone
        && version.object.pointer("/spec/revertOnDeletion") != Some(&Value::Bool(true))
}

#[cfg(test)]
mod tests;
