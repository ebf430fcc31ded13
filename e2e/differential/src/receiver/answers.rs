//! What the receiver answers.

use std::collections::BTreeMap;

use axum::{Json, http::StatusCode};
use serde::Deserialize;
use serde_json::{Value, json};

/// What the queries that contain a text yield.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Measured {
    /// The text; the first of a list that fits counts.
    pub(crate) query: String,
    /// A number, or nothing for no series at all.
    pub(crate) value: Option<f64>,
}

/// What is answered in a scenario. What is not said is answered well.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Answers {
    /// HTTP status by name of the webhook.
    hooks: BTreeMap<String, u16>,
    metrics: Vec<Measured>,
}

impl Answers {
    /// Sets what a webhook is answered.
    pub(crate) fn set_hook(&mut self, name: &str, status: u16) {
        self.hooks.insert(name.to_owned(), status);
    }

    /// Sets what queries yield, before what was said of them so far.
    pub(crate) fn set_metric(&mut self, measured: Measured) {
        self.metrics.insert(0, measured);
    }

    /// The answer to a webhook.
    pub(super) fn hook(&self, name: &str) -> (StatusCode, String) {
        let status = self.hooks.get(name).and_then(|status| StatusCode::from_u16(*status).ok());
        let status = status.unwrap_or(StatusCode::OK);
        (status, format!("{name} says {}", status.as_u16()))
    }

    /// The answer of a Prometheus: a success rate is 100 %, everything else 1, unless the scenario says otherwise.
    pub(super) fn query(&self, query: &str) -> Json<Value> {
        let said = self.metrics.iter().find(|measured| query.contains(&measured.query));
        let usual = if query.contains("!~\"5") { 100.0 } else { 1.0 };
        let value =
            if query == "vector(1)" { Some(1.0) } else { said.map_or(Some(usual), |said| said.value) };
        let series = value.map(|value| json!({"metric": {}, "value": [0, value.to_string()]}));
        let result: Vec<Value> = series.into_iter().collect();
        Json(json!({"status": "success", "data": {"resultType": "vector", "result": result}}))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_said_is_answered_well() {
        let answers = Answers::default();
        assert_eq!(answers.hook("gate").0, StatusCode::OK);
        let value = |query: &str| answers.query(query).0["data"]["result"][0]["value"][1].clone();
        assert_eq!(value("rate(x{status!~\"5.*\"})"), "100");
        assert_eq!(value("vector(1)"), "1");
    }

    #[test]
    fn what_is_said_later_counts() {
        let mut answers = Answers::default();
        answers.set_hook("gate", 403);
        assert_eq!(answers.hook("gate").0, StatusCode::FORBIDDEN);
        for value in [Some(3.0), None] {
            answers.set_metric(Measured { query: "errors".to_owned(), value });
        }
        assert_eq!(answers.query("sum(errors)").0["data"]["result"], json!([]));
    }
}
