//! What the receiver answers.

use std::collections::{BTreeMap, VecDeque};

use axum::{Json, http::StatusCode};
use serde::Deserialize;
use serde_json::{Value, json};

/// What is answered one time after the other; the last one again and again.
#[derive(Clone, Debug, Deserialize)]
#[serde(from = "OneOrMore<T>")]
pub(crate) struct Turns<T>(VecDeque<T>);

#[derive(Deserialize)]
#[serde(untagged)]
enum OneOrMore<T> {
    More(VecDeque<T>),
    One(T),
}

impl<T> From<OneOrMore<T>> for Turns<T> {
    fn from(turns: OneOrMore<T>) -> Self {
        match turns {
            OneOrMore::More(turns) => Self(turns),
            OneOrMore::One(turn) => Self(VecDeque::from([turn])),
        }
    }
}

impl<T: Clone> Turns<T> {
    fn next(&mut self) -> Option<T> {
        if self.0.len() > 1 { self.0.pop_front() } else { self.0.front().cloned() }
    }
}

/// The answer to a call of a webhook.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(untagged)]
pub(crate) enum Reply {
    /// An HTTP status.
    Status(u16),
    /// Whatever the story says next of this webhook. Until then the caller waits.
    Later(Later),
    /// The same for a body that contains the text; all others are answered well.
    Holding { hold: String },
}

/// The word for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Later {
    Hold,
}

/// What the queries that contain a text yield.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Measured {
    /// The text; the first of a list that fits counts.
    query: String,
    /// A number, or nothing for no series at all.
    value: Turns<Option<f64>>,
}

/// What is answered in a scenario. What is not said is answered well.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Answers {
    /// By name of the webhook.
    hooks: BTreeMap<String, Turns<Reply>>,
    metrics: Vec<Measured>,
}

impl Answers {
    /// Sets what a webhook is answered, and those of its callers that wait.
    pub(crate) fn set_hook(&mut self, name: &str, with: Turns<Reply>) {
        self.hooks.insert(name.to_owned(), with);
    }

    /// The answer to a webhook with this body; none as long as its caller is to wait.
    pub(super) fn hook(&mut self, name: &str, body: &Value) -> Option<(StatusCode, String)> {
        let status = match self.hooks.get_mut(name).and_then(Turns::next) {
            Some(Reply::Later(Later::Hold)) => return None,
            Some(Reply::Holding { hold }) if body.to_string().contains(&hold) => return None,
            Some(Reply::Status(status)) => StatusCode::from_u16(status).unwrap_or(StatusCode::OK),
            Some(Reply::Holding { .. }) | None => StatusCode::OK,
        };
        Some((status, format!("{name} says {}", status.as_u16())))
    }

    /// The answer of a Prometheus: a success rate is 100 %, everything else 1, unless the scenario says otherwise.
    pub(super) fn query(&mut self, query: &str) -> Json<Value> {
        let usual = if query.contains("!~\"5") { 100.0 } else { 1.0 };
        let value = if query == "vector(1)" { Some(1.0) } else { self.measured(query, usual) };
        let series = value.map(|value| json!({"metric": {}, "value": [0, value.to_string()]}));
        let result: Vec<Value> = series.into_iter().collect();
        Json(json!({"status": "success", "data": {"resultType": "vector", "result": result}}))
    }

    fn measured(&mut self, query: &str, usual: f64) -> Option<f64> {
        let said = self.metrics.iter_mut().find(|measured| query.contains(&measured.query));
        said.map_or(Some(usual), |said| said.value.next().flatten())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answers(text: &str) -> Answers {
        serde_saphyr::from_str(text).unwrap()
    }

    #[test]
    fn what_is_not_said_is_answered_well() {
        let mut answers = Answers::default();
        assert_eq!(answers.hook("gate", &Value::Null).unwrap().0, StatusCode::OK);
        let mut value = |query: &str| answers.query(query).0["data"]["result"][0]["value"][1].clone();
        assert_eq!(value("rate(x{status!~\"5.*\"})"), "100");
        assert_eq!(value("vector(1)"), "1");
    }

    #[test]
    fn each_turn_comes_once_and_the_last_one_stays() {
        let mut answers =
            answers("{hooks: {gate: [403, 200]}, metrics: [{query: errors, value: [3, null, 4]}]}");
        let statuses = [(); 3].map(|()| answers.hook("gate", &Value::Null).unwrap().0.as_u16());
        assert_eq!(statuses, [403, 200, 200]);
        let values = [(); 4].map(|()| answers.measured("sum(errors)", 0.0));
        assert_eq!(values, [Some(3.0), None, Some(4.0), Some(4.0)]);
        assert_eq!(answers.measured("other", 7.0), Some(7.0));
    }

    #[test]
    fn who_is_held_gets_what_the_story_says_next() {
        let mut answers = answers("{hooks: {load: [200, hold]}}");
        assert!(answers.hook("load", &Value::Null).is_some());
        assert!(answers.hook("load", &Value::Null).is_none());
        answers.set_hook("load", serde_saphyr::from_str("[500, hold]").unwrap());
        assert_eq!(answers.hook("load", &Value::Null).unwrap().0.as_u16(), 500);
        assert!(answers.hook("load", &Value::Null).is_none());
    }

    #[test]
    fn a_text_is_held_and_the_others_pass() {
        let mut answers = answers("{hooks: {chat: {hold: iteration 1/2}}}");
        let mut said = |text: &str| answers.hook("chat", &json!({"metadata": {"eventMessage": text}}));
        assert!(said("Starting canary analysis").is_some());
        assert!(said("Advance canary iteration 1/2").is_none());
        assert!(said("Advance canary iteration 2/2").is_some());
    }
}
