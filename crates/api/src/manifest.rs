//! Manifests that did not come through an API server, such as files.

use serde::de::DeserializeOwned;
use serde_json::Value;

/// Decodes a manifest as the API server would have handed it out: fields that are null count as absent.
///
/// # Errors
///
/// The message of serde, which names the field that is missing or has the wrong type.
pub fn decode<T: DeserializeOwned>(mut manifest: Value) -> Result<T, serde_json::Error> {
    drop_nulls(&mut manifest);
    serde_json::from_value(manifest)
}

fn drop_nulls(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            fields.retain(|_, field| !field.is_null());
            fields.values_mut().for_each(drop_nulls);
        }
        Value::Array(items) => items.iter_mut().for_each(drop_nulls),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::canary::CanaryAnalysis;

    #[test]
    fn null_is_absent() {
        let analysis = json!({ "mirror": null, "metrics": null, "webhooks": [{ "name": "a", "url": "b", "muteAlert": null }] });
        let analysis: CanaryAnalysis = super::decode(analysis).unwrap();
        assert!(!analysis.mirror && analysis.metrics.is_empty() && !analysis.webhooks[0].mute_alert);
    }
}
