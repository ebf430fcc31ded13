//! The load tester's gates.

use anyhow::{Context, Result};
use serde_json::{Value, json};

use super::Scene;
use crate::install::LOADTESTER_NAMESPACE;

impl Scene {
    /// The URL of a path of the load tester, as webhooks call it.
    pub fn hook(&self, path: &str) -> String {
        format!("http://flagger-loadtester.{LOADTESTER_NAMESPACE}{path}")
    }

    /// A change to a Canary: a rollout stays at its first weight until `gate/open` is turned, however long that takes.
    pub fn held_at_first_weight(&self) -> Value {
        let hook = json!({"name": "hold", "type": "rollout", "url": self.hook("/gate/check")});
        json!({"spec": {"analysis": {"threshold": 1000, "webhooks": [hook]}}})
    }

    /// Opens or closes a gate of this Canary: `gate/open`, `gate/close`, `rollback/open` or `rollback/close`.
    ///
    /// # Errors
    /// The load tester does not answer.
    pub async fn turn(&self, gate: &str) -> Result<()> {
        let service = "flagger-loadtester:80";
        let url = format!("/api/v1/namespaces/{LOADTESTER_NAMESPACE}/services/{service}/proxy/{gate}");
        let body = json!({"name": self.app.canary, "namespace": self.namespace});
        let request = http::Request::post(url).header("content-type", "application/json");
        let request = request.body(serde_json::to_vec(&body)?)?;
        let answer = self.cluster.client.request_text(request).await;
        answer.with_context(|| format!("turning {gate}")).map(drop)
    }
}
