//! Reading `metadata.managedFields` no deeper than somebody looks: they are the largest part of many objects.

use std::{collections::BTreeMap, fmt, marker::PhantomData};

use serde::{
    Deserialize, Deserializer, Serialize, Serializer,
    de::{Error, IgnoredAny, MapAccess, Visitor},
};
use serde_json::{Map, Value};

/// Reads an object.
///
/// # Errors
/// It is none.
pub(super) fn object<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Value, D::Error> {
    deserializer.deserialize_map(With::<Metadata>::of("metadata"))
}

/// The metadata of an object.
struct Metadata(Value);

impl<'de> Deserialize<'de> for Metadata {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(With::<Managers>::of("managedFields")).map(Self)
    }
}

/// The managers of its fields.
struct Managers(Value);

impl<'de> Deserialize<'de> for Managers {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let managers = Vec::<Entry>::deserialize(deserializer)?;
        serde_json::to_value(managers).map(Self).map_err(D::Error::custom)
    }
}

/// An entry, as Kubernetes defines it (`ManagedFieldsEntry`).
#[derive(Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
struct Entry {
    #[serde(skip_serializing_if = "Option::is_none")]
    manager: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    operation: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    api_version: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    time: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    fields_type: Option<String>,
    #[serde(rename = "fieldsV1", skip_serializing_if = "Option::is_none")]
    fields: Option<Fields<Fields<Fields<Below>>>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    subresource: Option<String>,
}

/// Fields by name; `None` is not written by anybody, and harms nobody.
type Fields<T> = BTreeMap<String, Option<T>>;

/// What is below the three levels that are kept.
struct Below;

impl<'de> Deserialize<'de> for Below {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        IgnoredAny::deserialize(deserializer).map(|_| Self)
    }
}

impl Serialize for Below {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(std::iter::empty::<((), ())>())
    }
}

/// Reads an object whose field of this name is a `T`.
struct With<T> {
    field: &'static str,
    of: PhantomData<T>,
}

impl<T> With<T> {
    fn of(field: &'static str) -> Self {
        Self { field, of: PhantomData }
    }
}

impl<'de, T: Deserialize<'de> + Into<Value>> Visitor<'de> for With<T> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Value, A::Error> {
        let mut fields = Map::new();
        while let Some(name) = map.next_key::<String>()? {
            let value = if name == self.field {
                map.next_value::<Option<T>>()?.map_or(Value::Null, Into::into)
            } else {
                map.next_value()?
            };
            fields.insert(name, value);
        }
        Ok(Value::Object(fields))
    }
}

impl From<Metadata> for Value {
    fn from(Metadata(value): Metadata) -> Self {
        value
    }
}

impl From<Managers> for Value {
    fn from(Managers(value): Managers) -> Self {
        value
    }
}
