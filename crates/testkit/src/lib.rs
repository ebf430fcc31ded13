//! Fixtures for tests.

#[cfg(feature = "logs")]
pub mod logs;
#[cfg(feature = "net")]
pub mod net;
#[cfg(feature = "tls")]
pub mod tls;

use serde_json::{Value, json};
use serin_api::Canary;

/// A Canary of the Deployment `podinfo` behind the Gateway `gateway`, with this `analysis` and, over that,
/// these fields of the spec. An analysis without an interval has 10 s, without a threshold 5.
///
/// # Errors
/// When the fields are not those of a Canary.
pub fn canary(analysis: Value, spec: Value) -> Result<Canary, serde_json::Error> {
    let mut whole = json!({"interval": "10s", "threshold": 5});
    merge(&mut whole, analysis);
    let mut manifest = json!({
        "apiVersion": "flagger.app/v1beta1",
        "kind": "Canary",
        "metadata": {"name": "podinfo", "namespace": "default", "uid": "u-1"},
        "spec": {
            "targetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": "podinfo"},
            "service": {"port": 9898, "gatewayRefs": [{"name": "gateway"}]},
            "analysis": whole,
        }
    });
    merge(&mut manifest["spec"], spec);
    serde_json::from_value(manifest)
}

/// Replaces the fields of `into` that `from` has.
fn merge(into: &mut Value, from: Value) {
    if let (Value::Object(into), Value::Object(from)) = (into, from) {
        into.extend(from);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn given_fields_replace_the_defaults() {
        let canary = canary(json!({"threshold": 1}), json!({"suspend": true})).unwrap();
        assert_eq!(canary.spec.analysis.threshold, Some(1));
        assert_eq!(canary.spec.analysis.interval.as_deref(), Some("10s"));
        assert!(canary.spec.suspend);
    }
}
