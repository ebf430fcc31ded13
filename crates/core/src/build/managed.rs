//! Who set which field of an object, as the API server records it in `metadata.managedFields`.
//!
//! What Serin set and does not want any more has to go, and so has what Flagger set before it. What others set
//! stays.

use std::collections::{BTreeMap, BTreeSet};

use chrono::DateTime;
use serde_json::{Map, Value, json};

use crate::{
    Timestamp,
    json::{entry, items, set, text},
};

/// The field manager of everything that Serin writes.
pub const SERIN: &str = "serin";

/// The field manager of everything that Flagger writes: the name of its program.
pub const FLAGGER: &str = "flagger";

/// Where the entries are in an object.
const ENTRIES: &str = "/metadata/managedFields";

/// Where an entry says that it sets a pod template.
const TEMPLATE: &str = "/f:spec/f:template";

/// Where an entry says which ports of a Service it sets.
const PORTS: &str = "/f:spec/f:ports";

/// What only who made an object sets, by kind: a workload, a Service, an Ingress, an autoscaler, a config.
const MADE: [&str; 7] = [
    "/f:spec/f:selector",
    "/f:spec/f:type",
    "/f:spec/f:rules",
    "/f:spec/f:scaleTargetRef",
    "/f:data",
    "/f:binaryData",
    "/f:type",
];

/// Maps of which single keys may have to go.
const KEYED: [&str; 3] = ["/f:metadata/f:labels", "/f:metadata/f:annotations", PORTS];

/// Leaves of the entries only what the functions here look at: they are the largest part of many objects.
pub fn trim(object: &mut Value) {
    let mut kept: Vec<Value> = items(object, ENTRIES).filter_map(trimmed).collect();
    if kept.is_empty() {
        // Who made it is told when it stands in the way.
        kept.extend(items(object, ENTRIES).next().map(|entry| short(entry, Value::Object(Map::new()))));
    }
    let metadata = entry(object, "metadata");
    set(metadata, "managedFields", (!kept.is_empty()).then(|| kept.into()));
}

fn trimmed(entry: &Value) -> Option<Value> {
    let fields = &entry["fieldsV1"];
    let mut kept = Value::Object(Map::new());
    let looked_at: &[&str] = if ours(entry) { &KEYED } else { &[PORTS] };
    for pointer in looked_at {
        let keys = fields.pointer(pointer).and_then(Value::as_object);
        let keys: Map<String, Value> =
            keys.into_iter().flatten().map(|(key, _)| (key.clone(), json!({}))).collect();
        if !keys.is_empty() {
            put(&mut kept, pointer, keys);
        }
    }
    let marks: &[&str] = if ours(entry) { &MADE } else { &[] };
    for pointer in marks.iter().chain([&TEMPLATE]).filter(|pointer| fields.pointer(pointer).is_some()) {
        put(&mut kept, pointer, Map::new());
    }
    let nothing = kept.as_object().is_some_and(Map::is_empty);
    (ours(entry) || !nothing).then(|| short(entry, kept))
}

fn short(entry: &Value, fields: Value) -> Value {
    let mut short = entry.clone();
    short["fieldsV1"] = fields;
    short
}

/// Puts the keys at a pointer of one or two steps.
fn put(fields: &mut Value, pointer: &str, keys: Map<String, Value>) {
    let mut steps = pointer.split('/').skip(1);
    match (steps.next(), steps.next()) {
        (Some(outer), Some(inner)) => set(self::entry(fields, outer), inner, Some(keys.into())),
        (Some(only), None) => set(fields, only, Some(keys.into())),
        _ => {}
    }
}

/// An entry about the object itself, by Serin or Flagger.
fn ours(entry: &Value) -> bool {
    let whole = text(entry, "/subresource").is_none_or(str::is_empty);
    whole && text(entry, "/manager").is_some_and(|manager| [SERIN, FLAGGER].contains(&manager))
}

/// Fields that were not applied are not taken away by an apply that does not name them.
fn updated(entry: &Value) -> bool {
    ours(entry) && text(entry, "/operation") == Some("Update")
}

/// The keys of `labels` or `annotations` that Serin or Flagger set.
pub fn keys(object: &Value, map: &str) -> BTreeSet<String> {
    let pointer = format!("/f:metadata/f:{map}");
    fields(object, &pointer).filter_map(|key| key.strip_prefix("f:")).map(ToOwned::to_owned).collect()
}

/// Whether Serin or Flagger set a port of a Service that is not among these.
pub fn stray_port(object: &Value, wanted: &Value) -> bool {
    let slots = fields(object, "/f:spec/f:ports").filter_map(|key| key.strip_prefix("k:"));
    let slots = slots.filter_map(|slot| serde_json::from_str::<Value>(slot).ok());
    slots.into_iter().any(|slot| {
        let same = |port: &Value| {
            let protocol = port.get("protocol").and_then(Value::as_str).unwrap_or("TCP");
            port.get("port") == slot.get("port") && Some(protocol) == text(&slot, "/protocol")
        };
        !wanted.as_array().into_iter().flatten().any(same)
    })
}

/// Which managers set a port of a Service.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Setters {
    /// Serin or Flagger.
    pub ours: bool,
    /// Somebody else.
    pub others: bool,
}

/// Returns which managers set the port of this number and protocol, as far as it was recorded.
pub fn port_setters(object: &Value, number: i64, protocol: &str) -> Setters {
    let mut found = Setters::default();
    for entry in items(object, ENTRIES) {
        let ports = entry["fieldsV1"].pointer(PORTS).and_then(Value::as_object);
        let slots = ports.into_iter().flatten().filter_map(|(key, _)| key.strip_prefix("k:"));
        let slots = slots.filter_map(|slot| serde_json::from_str::<Value>(slot).ok());
        let sets = slots
            .into_iter()
            .any(|slot| slot["port"] == number && text(&slot, "/protocol").is_none_or(|own| own == protocol));
        found.ours |= sets && ours(entry);
        found.others |= sets && !ours(entry);
    }
    found
}

/// Whether Serin or Flagger made an object, whoever its owner is now.
pub fn made(object: &Value) -> bool {
    let entries = items(object, ENTRIES).filter(|entry| ours(entry));
    entries.into_iter().any(|entry| MADE.iter().any(|mark| entry["fieldsV1"].pointer(mark).is_some()))
}

/// Returns the manager that made an object, taken from its first entry.
pub fn maker(object: &Value) -> Option<&str> {
    items(object, ENTRIES).find_map(|entry| text(entry, "/manager"))
}

/// Takes `labels` or `annotations` away that Serin or Flagger set on a copy and that its source lost.
pub fn drop_keys(copy: &mut Value, map: &str, wanted: &BTreeMap<String, String>) {
    let stray: Vec<String> = keys(copy, map).into_iter().filter(|key| !wanted.contains_key(key)).collect();
    for key in stray {
        set(entry(entry(copy, "metadata"), map), &key, None);
    }
}

/// Whether Serin or Flagger set a label or an annotation that is not among those of `desired`.
pub fn stray_keys(object: &Value, desired: &Value) -> bool {
    ["labels", "annotations"].into_iter().any(|map| {
        let wanted = &desired["metadata"][map];
        keys(object, map).iter().any(|key| wanted.get(key).is_none())
    })
}

fn fields<'a>(object: &'a Value, pointer: &str) -> impl Iterator<Item = &'a str> {
    let entries = items(object, ENTRIES).filter(|entry| ours(entry));
    let maps: Vec<&Value> = entries.filter_map(|entry| entry["fieldsV1"].pointer(pointer)).collect();
    maps.into_iter().filter_map(Value::as_object).flat_map(Map::keys).map(String::as_str)
}

/// When somebody changed the target's pod template last, as far as it was recorded. What Flagger and Serin write
/// there, to scale a DaemonSet, is no change.
pub fn template_written(object: &Value) -> Option<Timestamp> {
    let others = items(object, ENTRIES).filter(|entry| !ours(entry));
    let writers = others.filter(|entry| entry["fieldsV1"].pointer(TEMPLATE).is_some());
    let times = writers.filter_map(|entry| DateTime::parse_from_rfc3339(text(entry, "/time")?).ok());
    times.map(|time| time.to_utc()).max()
}

/// Whether Flagger, or a replacement by Serin, owns fields that an apply of Serin's would leave.
pub fn outlives(object: &Value) -> bool {
    items(object, ENTRIES).any(updated)
}

/// The entries (untrimmed) with what [`outlives`] handed over to Serin's applies, so that the next one takes
/// away what is not wanted any more. `None` when there is nothing to hand over.
pub fn handed_over(entries: &[Value]) -> Option<Vec<Value>> {
    let (theirs, rest): (Vec<&Value>, Vec<&Value>) = entries.iter().partition(|entry| updated(entry));
    let newest = theirs.last()?;
    let applied = |entry: &Value| ours(entry) && text(entry, "/operation") == Some("Apply");
    let (mine, mut others): (Vec<Value>, Vec<Value>) = rest.into_iter().cloned().partition(applied);
    let mut own = mine.into_iter().next().unwrap_or_else(|| {
        let mut own = (*newest).clone();
        own["manager"] = SERIN.into();
        own["operation"] = "Apply".into();
        own["fieldsV1"] = json!({});
        own
    });
    for entry in theirs {
        union(&mut own["fieldsV1"], &entry["fieldsV1"]);
    }
    others.push(own);
    Some(others)
}

fn union(into: &mut Value, from: &Value) {
    for (key, fields) in from.as_object().into_iter().flatten() {
        union(entry(into, key), fields);
    }
}

#[cfg(test)]
mod tests;
