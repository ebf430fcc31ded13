//! Whole objects, as watches and requests deliver them.

use std::{borrow::Cow, fmt};

use kube::{
    Resource,
    core::{ApiResource, DynamicResourceScope, ObjectMeta},
};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value;
use serin_core::json::text;

use super::managers;

/// An object as JSON. Of `metadata.managedFields` there is only what [`serin_core::build::managed`] looks at.
#[derive(Clone)]
pub(crate) struct Object {
    /// What a watch has to know of it.
    head: ObjectMeta,
    /// All of it.
    pub(crate) value: Value,
}

impl Object {
    /// The object in this JSON.
    pub(crate) fn of(value: Value) -> Self {
        Self { head: head(&value), value }
    }
}

/// Its name and version.
pub(crate) fn head(object: &Value) -> ObjectMeta {
    let text = |pointer| text(object, pointer).map(ToOwned::to_owned);
    ObjectMeta {
        name: text("/metadata/name"),
        namespace: text("/metadata/namespace"),
        resource_version: text("/metadata/resourceVersion"),
        ..ObjectMeta::default()
    }
}

impl<'de> Deserialize<'de> for Object {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        managers::object(deserializer).map(Self::of)
    }
}

impl Serialize for Object {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.value.serialize(serializer)
    }
}

impl fmt::Debug for Object {
    /// Its name only: a Secret is an object, too.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Object").field("head", &self.head).finish_non_exhaustive()
    }
}

impl Resource for Object {
    type DynamicType = ApiResource;
    type Scope = DynamicResourceScope;

    fn kind(of: &ApiResource) -> Cow<'_, str> {
        of.kind.as_str().into()
    }

    fn group(of: &ApiResource) -> Cow<'_, str> {
        of.group.as_str().into()
    }

    fn version(of: &ApiResource) -> Cow<'_, str> {
        of.version.as_str().into()
    }

    fn plural(of: &ApiResource) -> Cow<'_, str> {
        of.plural.as_str().into()
    }

    fn meta(&self) -> &ObjectMeta {
        &self.head
    }

    fn meta_mut(&mut self) -> &mut ObjectMeta {
        &mut self.head
    }
}

#[cfg(test)]
mod tests {
    use kube::core::WatchEvent;
    use serde_json::json;
    use serin_core::build::managed;

    use super::*;

    fn deployment() -> Value {
        let fields = json!({
            "f:metadata": {"f:labels": {".": {}, "f:app": {}}, "f:generateName": {}},
            "f:spec": {
                "f:replicas": {},
                "f:ports": {"k:{\"port\":80,\"protocol\":\"TCP\"}": {".": {}, "f:port": {}}},
                "f:template": {"f:spec": {"f:containers": {"k:{\"name\":\"app\"}": {".": {}, "f:image": {}}}}},
            },
        });
        let entry = |manager: &str, fields: &Value| {
            json!({"manager": manager, "operation": "Apply", "apiVersion": "apps/v1", "fieldsType": "FieldsV1",
                "time": "2026-01-01T00:00:00Z", "fieldsV1": fields})
        };
        let status = json!({"f:status": {"f:replicas": {}, "f:conditions": {"k:{}": {".": {}}}}});
        let mut of_status = entry("kube-controller-manager", &status);
        of_status["subresource"] = "status".into();
        let managers = [entry("serin", &fields), entry("kubectl", &fields), of_status];
        json!({
            "apiVersion": "apps/v1",
            "kind": "Deployment",
            "metadata": {"name": "app", "namespace": "test", "resourceVersion": "7", "generation": 2,
                "creationTimestamp": null, "labels": {"app": "app"}, "managedFields": managers},
            "spec": {"replicas": 2, "template": {"spec": {"containers": [{"name": "app", "args": [1.5, true]}]}}},
        })
    }

    #[test]
    fn nothing_is_lost_but_fields_of_managers_that_nobody_looks_at() {
        let sent = deployment();
        let mut read: Object = serde_json::from_str(&sent.to_string()).unwrap();
        let mut trimmed = sent.clone();
        managed::trim(&mut trimmed);
        assert!(read.value.to_string().len() < sent.to_string().len());
        managed::trim(&mut read.value);
        assert_eq!(read.value, trimmed);
        assert_eq!(read.meta().name.as_deref(), Some("app"));
        assert_eq!(read.meta().resource_version.as_deref(), Some("7"));
    }

    #[test]
    fn an_event_of_a_watch_is_read_whatever_comes_first() {
        let object = deployment();
        for text in [
            format!(r#"{{"type":"MODIFIED","object":{object}}}"#),
            format!(r#"{{"object":{object},"type":"MODIFIED"}}"#),
        ] {
            let event: WatchEvent<Object> = serde_json::from_str(&text).unwrap();
            let WatchEvent::Modified(read) = event else { panic!("{text}") };
            assert_eq!(read.value["spec"], object["spec"]);
        }
    }

    #[test]
    fn odd_objects_are_read() {
        for odd in [
            json!({}),
            json!({"metadata": null}),
            json!({"metadata": {"managedFields": null}}),
            json!({"metadata": {"managedFields": [{"fieldsV1": null}, {"fieldsV1": {"f:spec": null}}]}}),
        ] {
            let read: Object = serde_json::from_str(&odd.to_string()).unwrap();
            assert_eq!(read.value.get("metadata").is_some(), odd.get("metadata").is_some());
        }
    }

    #[test]
    fn debug_tells_no_content() {
        let secret = Object::of(json!({"metadata": {"name": "token"}, "data": {"key": "confidential"}}));
        let text = format!("{secret:?}");
        assert!(text.contains("token") && !text.contains("confidential"), "{text}");
    }
}
