//! What was computed from objects at an earlier look, and holds as long as they are the same versions.
//!
//! Most looks follow a change of one object, or none: a status that was written, an answer of a metric. Revision hash,
//! comparison of templates and desired Services are most of the work of a look, and depend on few objects.

use std::{
    collections::BTreeMap,
    convert::Infallible,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use serde_json::Value;
use serin_api::Canary;

use crate::{Seen, build::BuildError, observe::Services};

/// Results by the versions of what they were computed from. Losing it does no harm.
#[derive(Debug, Default)]
pub struct Derived {
    revision: Slot<Versions, String>,
    matches: Slot<(Versions, Configs), bool>,
    services: Slot<(Versions, Vec<i64>), Services>,
}

/// Checksums of tracked configs by key.
pub(super) type Configs = BTreeMap<String, String>;

/// The objects that a result depends on; `None` in the place of one that does not exist.
pub(super) type Versions = Vec<Option<Version>>;

/// An object at a time. A version of another object is never equal, also one that was made anew.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Version {
    uid: String,
    version: String,
}

#[derive(Debug)]
struct Slot<K, V>(Mutex<Option<(K, V)>>);

impl<K, V> Default for Slot<K, V> {
    fn default() -> Self {
        Self(Mutex::new(None))
    }
}

impl<K: PartialEq, V: Clone> Slot<K, V> {
    /// The result for these inputs. Inputs without a version are computed each time.
    fn get<E>(&self, inputs: Option<K>, compute: impl FnOnce() -> Result<V, E>) -> Result<V, E> {
        let Some(inputs) = inputs else { return compute() };
        if let Some((known, result)) = &*self.lock()
            && *known == inputs
        {
            return Ok(result.clone());
        }
        let result = compute()?;
        *self.lock() = Some((inputs, result.clone()));
        Ok(result)
    }

    fn lock(&self) -> MutexGuard<'_, Option<(K, V)>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Derived {
    pub(super) fn revision(&self, target: &Value, compute: impl FnOnce() -> String) -> String {
        let inputs = version(target).map(|version| vec![Some(version)]);
        let Ok(revision) = self.revision.get(inputs, || Ok::<_, Infallible>(compute()));
        revision
    }

    pub(super) fn matches(
        &self,
        inputs: Option<Versions>,
        configs: &Configs,
        compute: impl FnOnce() -> Result<bool, BuildError>,
    ) -> Result<bool, BuildError> {
        self.matches.get(inputs.map(|inputs| (inputs, configs.clone())), compute)
    }

    pub(super) fn services(
        &self,
        inputs: Option<Versions>,
        in_use: &[i64],
        compute: impl FnOnce() -> Result<Services, BuildError>,
    ) -> Result<Services, BuildError> {
        self.services.get(inputs.map(|inputs| (inputs, in_use.to_vec())), compute)
    }
}

/// The versions of a Canary and objects; `None` if one is unknown, or does not tell its version.
pub(super) fn versions<'a>(
    canary: &Canary,
    objects: impl IntoIterator<Item = &'a Seen<Arc<Value>>>,
) -> Option<Versions> {
    let of = |object: &Seen<Arc<Value>>| match object {
        Seen::Unknown(_) => None,
        Seen::Absent => Some(None),
        Seen::Present(object) => version(object).map(Some),
    };
    let canary = canary_version(canary).map(Some);
    std::iter::once(canary).chain(objects.into_iter().map(of)).collect()
}

fn version(object: &Value) -> Option<Version> {
    let text = |field: &str| object["metadata"][field].as_str().map(ToOwned::to_owned);
    Some(Version { uid: text("uid")?, version: text("resourceVersion")? })
}

/// What objects that are built depend on of the Canary: the spec, its deletion, and whether its Service was taken.
fn canary_version(canary: &Canary) -> Option<Version> {
    let metadata = &canary.metadata;
    let deleting = metadata.deletion_timestamp.is_some();
    let service = canary.status.as_ref().and_then(|status| status.service_name.clone());
    Some(Version {
        uid: metadata.uid.clone()?,
        version: format!("{} {deleting} {}", metadata.generation?, service.unwrap_or_default()),
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn target(uid: &str, version: &str) -> Value {
        json!({"metadata": {"uid": uid, "resourceVersion": version}})
    }

    #[test]
    fn a_result_is_that_of_the_version() {
        let derived = Derived::default();
        let revision = |target: &Value, now: &str| derived.revision(target, || now.to_owned());
        assert_eq!(revision(&target("a", "1"), "one"), "one");
        assert_eq!(revision(&target("a", "1"), "not asked"), "one");
        assert_eq!(revision(&target("a", "2"), "two"), "two");
        assert_eq!(revision(&target("b", "2"), "made anew"), "made anew");
    }

    #[test]
    fn an_object_without_a_version_is_looked_at_each_time() {
        let derived = Derived::default();
        let unversioned = json!({"metadata": {"name": "app"}});
        for now in ["one", "two"] {
            assert_eq!(derived.revision(&unversioned, || now.to_owned()), now);
        }
        let canary = Canary::new("app", serin_api::CanarySpec::default());
        assert_eq!(versions(&canary, []), None);
    }

    #[test]
    fn an_error_is_not_kept() {
        let derived = Derived::default();
        let inputs = || Some(vec![None]);
        let failed = || Err(BuildError::UpdateStrategy { target: "app".into(), strategy: String::new() });
        assert!(derived.matches(inputs(), &Configs::new(), failed).is_err());
        assert!(derived.matches(inputs(), &Configs::new(), || Ok(true)).unwrap());
    }
}
