//! The one write of a Canary's status, fenced by the version that was decided on.

use serde_json::{Map, Value, json};
use serin_api::CanaryStatus;

mod unstored;

pub(crate) use unstored::Unstored;

use crate::{
    cluster::Cluster,
    error::{ApiError, Category},
    key::Key,
    kind::Kind,
};

/// What came of writing a status.
#[derive(Clone, Debug)]
pub(crate) enum Written {
    /// The cluster has the status that was decided.
    Done {
        /// The version of the Canary now.
        version: Option<String>,
        /// What the API server dropped of it.
        pruned: Option<Box<Unstored>>,
    },
    /// The Canary changed since it was read: the decision has to be made again.
    Outdated,
    /// The Canary is gone.
    Gone,
}

/// Writes what changed between two statuses, if nobody else wrote the Canary since `version`.
///
/// # Errors
/// When the API server refuses it for another reason.
pub(crate) async fn write(
    cluster: &Cluster,
    key: &Key,
    version: &str,
    old: Option<&CanaryStatus>,
    new: &CanaryStatus,
) -> Result<Written, ApiError> {
    let patch = json!({
        "metadata": { "resourceVersion": version },
        "status": difference(&encode(old), &encode(Some(new))),
    });
    match cluster.merge_status(Kind::Canary, key, &patch).await {
        Ok(canary) => {
            let version = canary.pointer("/metadata/resourceVersion").and_then(Value::as_str);
            Ok(Written::Done {
                version: version.map(ToOwned::to_owned),
                pruned: Unstored::pruned(new, &canary),
            })
        }
        Err(error) if error.category() == Category::Conflict => Ok(Written::Outdated),
        Err(error) if error.category() == Category::NotFound => Ok(Written::Gone),
        Err(error) => Err(error),
    }
}

fn encode(status: Option<&CanaryStatus>) -> Value {
    status.and_then(|status| serde_json::to_value(status).ok()).unwrap_or_else(|| json!({}))
}

/// The merge patch that makes `new` of `old`: `null` removes a field, lists are replaced.
fn difference(old: &Value, new: &Value) -> Value {
    let (Value::Object(before), Value::Object(after)) = (old, new) else { return new.clone() };
    let mut patch = Map::new();
    for (key, value) in after {
        match before.get(key) {
            Some(same) if same == value => {}
            Some(other) => drop(patch.insert(key.clone(), difference(other, value))),
            None => drop(patch.insert(key.clone(), value.clone())),
        }
    }
    for key in before.keys().filter(|key| !after.contains_key(*key)) {
        patch.insert(key.clone(), Value::Null);
    }
    Value::Object(patch)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_patch_holds_what_changed_and_nulls_for_what_is_gone() {
        let old = json!({"phase": "Progressing", "canaryWeight": 10, "waitingFor": "x",
            "trackedConfigs": {"configmap/a": "1", "secret/b": "2"}, "checks": [1, 2]});
        let new = json!({"phase": "Progressing", "canaryWeight": 20,
            "trackedConfigs": {"configmap/a": "3"}, "checks": [2]});
        assert_eq!(
            difference(&old, &new),
            json!({"canaryWeight": 20, "waitingFor": null,
                "trackedConfigs": {"configmap/a": "3", "secret/b": null}, "checks": [2]})
        );
        assert_eq!(difference(&new, &new), json!({}));
    }
}
