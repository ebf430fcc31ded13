//! The objects that routers look at and write.

use std::{collections::BTreeMap, fmt, sync::Arc};

use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;
use serde_json::Value;

use crate::Seen;

/// The rights on what is only looked at.
pub const READS: &[&str] = &["get", "list", "watch"];

/// The rights on what is written, and deleted when it is not in use any more.
pub const WRITES: &[&str] = &["get", "list", "watch", "create", "update", "patch", "delete"];

/// A kind of object.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ObjectKind {
    /// The API group.
    pub group: &'static str,
    /// The version of it.
    pub version: &'static str,
    /// The kind as in manifests.
    pub name: &'static str,
    /// The resource.
    pub plural: &'static str,
    /// What the user can do where the API server does not serve it.
    pub remedy: &'static str,
    /// What is still known where it may not be read; `None` for a kind that is needed.
    pub spared: Option<&'static str>,
    /// The rights that are needed.
    pub verbs: &'static [&'static str],
}

impl ObjectKind {
    /// An object of this kind.
    pub fn named(&'static self, namespace: impl Into<String>, name: impl Into<String>) -> ObjectRef {
        ObjectRef { kind: self, namespace: namespace.into(), name: name.into() }
    }

    /// `apiVersion`.
    pub fn api_version(&self) -> String {
        format!("{}/{}", self.group, self.version)
    }
}

impl fmt::Debug for ObjectKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name)
    }
}

/// An object that a router looks at or writes.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ObjectRef {
    /// Its kind.
    pub kind: &'static ObjectKind,
    /// Its namespace.
    pub namespace: String,
    /// Its name.
    pub name: String,
}

/// Objects as the shell read them. What could not be read is [`Seen::Unknown`].
pub type Objects = BTreeMap<ObjectRef, Seen<Arc<Value>>>;

/// A Service that a route sends requests to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Backend {
    /// The Service's name.
    pub service: String,
    /// Its port, by number or by name.
    pub port: IntOrString,
}
