//! S1: weights of each managed rule sum to 100, and each lies in 0..=100.

use serde_json::Value;

use super::{App, Check, Side};
use crate::{Kind, history::Version};

/// S1.
pub(super) struct Weights;

impl Check for Weights {
    fn name(&self) -> &'static str {
        "S1"
    }

    fn see(&mut self, version: &Version, app: &App) -> Option<String> {
        if version.kind != Kind::ROUTE || version.name != app.apex || version.gone {
            return None;
        }
        rules(&version.object).iter().filter(|rule| is_managed(rule, app)).find_map(|rule| {
            let weights: Vec<i64> = backends(rule).iter().map(weight).collect();
            let sum: i64 = weights.iter().sum();
            let fine = sum == 100 && weights.iter().all(|weight| (0..=100).contains(weight));
            (!fine).then(|| format!("weights {weights:?} of a rule of {} sum to {sum}", version.name))
        })
    }
}

/// The header that only the rule asks for which keeps both sides known to the gateway.
const WARM_UP: &str = "x-serin-warm-up";

/// The weight of a side: the highest that any rule gives it which requests can match.
///
/// `known` chooses the rules for users who have a cookie, or those for everybody else.
pub(super) fn side_weight(route: &Value, service: &str, known: bool) -> i64 {
    let of_rule = |rule: &Value| {
        backends(rule).iter().filter(|backend| backend["name"] == service).map(weight).sum::<i64>()
    };
    let of_kind = |rule: &&Value| !warms_up(rule) && knows_cookie(rule) == known;
    rules(route).iter().filter(of_kind).map(of_rule).max().unwrap_or(0)
}

/// The backends of the first rule that splits the traffic of users without a cookie.
pub fn split(route: &Value) -> Option<&[Value]> {
    rules(route).iter().find(|rule| !warms_up(rule) && !knows_cookie(rule)).map(backends)
}

/// Whether a rule is for users whose cookie keeps them on a side.
pub fn knows_cookie(rule: &Value) -> bool {
    headers(rule).any(|header| header["name"] == "Cookie" && header["type"] == "RegularExpression")
}

/// Whether a rule carries no traffic and only keeps both sides known to the gateway.
pub fn warms_up(rule: &Value) -> bool {
    headers(rule).any(|header| header["name"] == WARM_UP)
}

fn headers(rule: &Value) -> impl Iterator<Item = &Value> {
    let matches = rule["matches"].as_array().map_or(&[][..], Vec::as_slice);
    matches.iter().filter_map(|found| found["headers"].as_array()).flatten()
}

fn rules(route: &Value) -> &[Value] {
    route.pointer("/spec/rules").and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

fn backends(rule: &Value) -> &[Value] {
    rule["backendRefs"].as_array().map_or(&[], Vec::as_slice)
}

/// A backend without a weight counts as 1.
fn weight(backend: &Value) -> i64 {
    backend["weight"].as_i64().unwrap_or(1)
}

fn is_managed(rule: &Value, app: &App) -> bool {
    let names = Side::ALL.map(|side| side.service(&app.apex));
    backends(rule).iter().any(|backend| names.iter().any(|name| backend["name"] == name.as_str()))
}
