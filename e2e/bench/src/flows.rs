//! Requests as the API server counts them.
//!
//! Its own request metrics do not tell clients apart, but those of its fair queuing tell flows apart: a flow
//! schema for each verb that matches only the operator counts the operator's requests by verb.

use std::collections::BTreeMap;

use anyhow::{Context, Result};
use k8s_openapi::api::flowcontrol::v1::FlowSchema;
use kube::{
    Api, Client,
    api::PostParams,
    runtime::wait::{Condition, await_condition},
};
use serde_json::json;
use serin_e2e::access::Account;

use crate::exposition;

const VERBS: [&str; 7] = ["get", "list", "watch", "create", "update", "patch", "delete"];
const PREFIX: &str = "serin-bench-";
const METRIC: &str = "apiserver_flowcontrol_dispatched_requests_total";

/// Number of requests by verb.
pub(crate) type ByVerb = BTreeMap<String, u64>;

/// Lets the API server count the operator's requests. They are served as those of every service account.
///
/// # Errors
/// The cluster refuses a flow schema.
pub(crate) async fn install(client: &Client, account: Account<'_>) -> Result<()> {
    let api: Api<FlowSchema> = Api::all(client.clone());
    for verb in VERBS {
        let schema = schema(verb, account)?;
        api.create(&PostParams::default(), &schema).await.context("cannot count the operator's requests")?;
        await_condition(api.clone(), &format!("{PREFIX}{verb}"), in_use()).await?;
    }
    Ok(())
}

fn schema(verb: &str, account: Account<'_>) -> Result<FlowSchema> {
    let rule = json!({
        "verbs": [verb], "apiGroups": ["*"], "resources": ["*"], "namespaces": ["*"], "clusterScope": true,
    });
    let subject = json!({
        "kind": "ServiceAccount", "serviceAccount": {"name": account.name, "namespace": account.namespace},
    });
    Ok(serde_json::from_value(json!({
        "apiVersion": "flowcontrol.apiserver.k8s.io/v1",
        "kind": "FlowSchema",
        "metadata": {"name": format!("{PREFIX}{verb}")},
        "spec": {
            // Before that of all service accounts, 9000, whose level it shares.
            "matchingPrecedence": 8000,
            "priorityLevelConfiguration": {"name": "workload-low"},
            "distinguisherMethod": {"type": "ByUser"},
            "rules": [{"subjects": [subject], "resourceRules": [rule]}],
        },
    }))?)
}

/// The API server has looked at it and found its priority level.
fn in_use() -> impl Condition<FlowSchema> {
    |schema: Option<&FlowSchema>| {
        let status = schema.and_then(|schema| schema.status.as_ref());
        let conditions = status.and_then(|status| status.conditions.as_ref());
        conditions.into_iter().flatten().any(|condition| {
            condition.type_.as_deref() == Some("Dangling") && condition.status.as_deref() == Some("False")
        })
    }
}

/// What was counted so far.
///
/// # Errors
/// The API server does not tell.
pub(crate) async fn counted(client: &Client) -> Result<ByVerb> {
    let request = axum::http::Request::get("/metrics").body(Vec::new())?;
    let text = client.request_text(request).await.context("the API server's metrics")?;
    Ok(by_verb(&text))
}

fn by_verb(text: &str) -> ByVerb {
    let mut counts = ByVerb::new();
    for sample in exposition::samples(text, METRIC) {
        let schema = sample.labels.get("flow_schema").map(String::as_str);
        if let Some(verb) = schema.and_then(|schema| schema.strip_prefix(PREFIX)) {
            *counts.entry(verb.to_owned()).or_default() += sample.count();
        }
    }
    counts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_operators_flows_count() {
        let text = "# TYPE apiserver_flowcontrol_dispatched_requests_total counter\n\
            apiserver_flowcontrol_dispatched_requests_total{flow_schema=\"exempt\",priority_level=\"exempt\"} 812\n\
            apiserver_flowcontrol_dispatched_requests_total{flow_schema=\"serin-bench-patch\",priority_level=\"workload-low\"} 34\n";
        assert_eq!(by_verb(text), ByVerb::from([("patch".to_owned(), 34)]));
    }

    #[test]
    fn schemas_are_of_the_api() {
        let spec = schema("watch", serin_e2e::access::SERIN).unwrap().spec.unwrap();
        let rules = spec.rules.unwrap_or_default();
        assert_eq!(rules[0].resource_rules.as_ref().unwrap()[0].verbs, ["watch"]);
        assert_eq!(rules[0].subjects[0].service_account.as_ref().unwrap().name, "serin");
    }
}
