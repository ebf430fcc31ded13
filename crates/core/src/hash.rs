//! Identities of what is released: pod templates, tracked configs, promotions.
//!
//! All but [`promotion_id`] are the very values that Flagger 1.44 gives, so that either operator can go on
//! where the other one stopped. Flagger hashes a rendering of the Go types it was built with; Serin has the
//! table of these types, and keeps it whatever it is built with itself.

use std::collections::BTreeMap;

use serde_json::{Map, Value};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use crate::{
    Timestamp,
    json::{entry, set},
    keys::SCALED_TO_ZERO,
};

mod canonical;
mod go_text;
mod quantity;
mod table;

pub use canonical::{canonical, same};

/// The letters of names that Kubernetes makes up: no vowels, nothing easily mistaken.
const ALPHABET: &[u8; 27] = b"bcdfghjklmnpqrstvwxz2456789";

/// Names the promotions of all Canaries; any fixed value does.
const PROMOTIONS: Uuid = Uuid::from_u128(0x5e71_0000_6f6d_4f74_8e5d_70c4_9d1a_b0d1);

/// `text` in letters that are safe in names and labels, one for each character.
pub fn safe_encode(text: &str) -> String {
    let letter = |c: char| ALPHABET.get(c as usize % ALPHABET.len()).copied().map(char::from);
    text.chars().filter_map(letter).collect()
}

/// Up to ten letters that stand for a text.
pub(crate) fn short(text: &str) -> String {
    safe_encode(&fnv1a(text.as_bytes()).to_string())
}

/// Flagger's hash of a pod template, up to ten letters.
///
/// The hash depends only on what the template says: neither on the order of keys nor on unset
/// fields that are spelled out as `null`.
pub fn revision(template: &Value) -> String {
    encode("v1.PodTemplateSpec", template)
}

/// Flagger's hash of a DaemonSet's pod template: the node selector that scales it down does not count.
pub fn daemon_set_revision(template: &Value) -> String {
    let mut template = template.clone();
    let selector = entry(entry(&mut template, "spec"), "nodeSelector");
    set(selector, SCALED_TO_ZERO, None);
    revision(&template)
}

/// Flagger's hash of a Service's spec, for targets that are Services.
pub fn service_revision(spec: &Value) -> String {
    encode("v1.ServiceSpec", spec)
}

fn encode(type_: &'static str, value: &Value) -> String {
    short(&go_text::go_text(type_, value))
}

/// The `checksum` of a webhook's payload: identifies the revision and the configs of a rollout.
///
/// `tracked_configs` and `last_applied_spec` are the fields of the Canary's status.
pub fn checksum(tracked_configs: Option<&BTreeMap<String, String>>, last_applied_spec: &str) -> String {
    let configs = match tracked_configs {
        None => "<nil>".to_owned(),
        Some(configs) => {
            let pairs: Vec<String> = configs.iter().map(|(k, v)| format!("{k}:{v}")).collect();
            format!("map[{}]", pairs.join(" "))
        }
    };
    let text = format!(
        "(struct {{ TrackedConfigs *map[string]string; LastAppliedSpec string }})\
         {{TrackedConfigs:(*map[string]string){configs} LastAppliedSpec:(string){last_applied_spec}}}"
    );
    short(&text)
}

fn fnv1a(bytes: &[u8]) -> u32 {
    bytes.iter().fold(2_166_136_261, |hash, byte| (hash ^ u32::from(*byte)).wrapping_mul(16_777_619))
}

/// Checksum of the content of a ConfigMap or Secret: 16 hexadecimal digits.
///
/// The checksum is Flagger's, which looks at `data` only. `binaryData`, where there is any, adds
/// `-` and 16 digits more.
pub fn config_checksum(config: &Value) -> String {
    let data = json_digest(config.get("data").unwrap_or(&Value::Null));
    match config.get("binaryData").and_then(Value::as_object) {
        Some(binary) if !binary.is_empty() => {
            format!("{data}-{}", json_digest(&Value::Object(binary.clone())))
        }
        _ => data,
    }
}

/// The start of the SHA-256 of the JSON that Go writes.
fn json_digest(value: &Value) -> String {
    let text = escape_like_go(&canonical(value).to_string());
    format!("{:016x}", leading(&Sha256::digest(text)))
}

/// The first eight bytes as a number.
fn leading(digest: &[u8]) -> u64 {
    digest.iter().take(8).fold(0, |number, byte| number << 8 | u64::from(*byte))
}

/// Go escapes these characters as well; in JSON text they can only stand in strings.
fn escape_like_go(json: &str) -> String {
    json.chars()
        .map(|c| match c {
            '<' | '>' | '&' | '\u{2028}' | '\u{2029}' => format!("\\u{:04x}", c as u32),
            c => c.to_string(),
        })
        .collect()
}

/// The annotation `flagger-id` of a primary's pod template: says what was promoted.
///
/// `uid` is the Canary's, `revision` the target's ([`revision`]), `configs` the checksums of its tracked
/// configs. The same promotion gives the same text, so that applying it twice rolls no pods.
pub fn promotion_id(uid: &str, revision: &str, configs: &BTreeMap<String, String>) -> String {
    let mut parts = Map::new();
    parts.insert(
        "configs".to_owned(),
        configs.iter().map(|(k, v)| (k.clone(), Value::from(v.as_str()))).collect(),
    );
    parts.insert("revision".to_owned(), revision.into());
    parts.insert("uid".to_owned(), uid.into());
    Uuid::new_v5(&PROMOTIONS, canonical(&Value::Object(parts)).to_string().as_bytes()).to_string()
}

/// The value of a cookie: ten letters, as Flagger makes up at random.
///
/// Nobody else has the Canary's `uid`, the cookies that were there before (`last`) and the moment `now` of the
/// decision, to the millisecond.
pub fn cookie_value(uid: &str, name: &str, last: &str, now: Timestamp) -> String {
    let seed = [uid, name, last, &now.timestamp_millis().to_string()].join("\n");
    let letter = |byte: &u8| {
        let (case, place) = ((byte / 26) % 2, byte % 26);
        char::from(if case == 0 { b'a' + place } else { b'A' + place })
    };
    Sha256::digest(seed).iter().take(10).map(letter).collect()
}

#[cfg(test)]
mod tests;
