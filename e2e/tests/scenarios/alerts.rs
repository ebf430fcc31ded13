//! Alerts, events and webhooks, received by a server of the test's own. Each test has a control plane of its own.

mod bad_input;
mod channels;
mod crashes;
mod failover;
mod global;
mod texts;

use anyhow::Result;
use serde_json::{Value, json};
use serin_e2e::{Scene, manifest};

/// A change to a Canary: one step of one second, one failed check allowed, these alerts and hooks, no metrics.
fn quick(alerts: &[Value], hooks: &[Value]) -> Value {
    json!({"spec": {"analysis": {
        "interval": "1s", "threshold": 1, "maxWeight": 50, "stepWeight": 50, "metrics": null,
        "alerts": alerts, "webhooks": hooks,
    }}})
}

/// Applies an object of the API group `flagger.app`, or a Secret.
async fn apply(scene: &Scene, kind: &str, namespace: &str, name: &str, content: Value) -> Result<()> {
    let version = if kind == "Secret" { "v1" } else { "flagger.app/v1beta1" };
    let field = if kind == "Secret" { "stringData" } else { "spec" };
    let object = json!({
        "apiVersion": version, "kind": kind, "metadata": {"name": name, "namespace": namespace}, field: content,
    });
    manifest::apply(&scene.cluster.client, &serde_json::from_value(object)?).await.map(drop)
}
