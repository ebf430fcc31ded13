//! What an operator sent.

use serde_json::Value;

use super::{Aspect, Topic, Transcript};
use crate::{
    normal::Normal,
    receiver::{Channel, Receipt},
};

/// Everything that was received of one operator. The same again, without a pause by another, is no news: how
/// often a gate is asked depends on when it is opened.
pub(crate) fn of(receipts: &[Receipt], normal: &mut Normal) -> Transcript {
    let mut transcript = Transcript::default();
    for receipt in receipts {
        match &receipt.channel {
            Channel::Query => {
                let query = normal.text(&without_spaces(&text(&receipt.body)));
                transcript.add_once(Topic::new(Aspect::Queries, ""), query);
            }
            Channel::Event => told(&receipt.body, normal, &mut transcript),
            Channel::Hook(name) => {
                let line = normal.text(&text(&without_time(&receipt.body)));
                transcript.add_news(Topic::new(Aspect::Hooks, name), line);
            }
            Channel::Alert(name) => {
                transcript.add(Topic::new(Aspect::Alerts, name), normal.text(&text(&receipt.body)));
            }
        }
    }
    transcript
}

fn told(body: &Value, normal: &mut Normal, transcript: &mut Transcript) {
    let field = |path: &str| body.pointer(path).and_then(Value::as_str).unwrap_or("-");
    let [phase, level, message] = ["/phase", "/metadata/eventType", "/metadata/eventMessage"].map(field);
    let line = format!("{phase} {level}: {message}");
    transcript.add_news(Topic::new(Aspect::Told, ""), normal.text(&line));
}

/// Hooks of type `event` say when.
fn without_time(body: &Value) -> Value {
    let mut body = body.clone();
    if let Some(time) = body.pointer_mut("/metadata/timestamp") {
        *time = Value::from("TIME");
    }
    body
}

/// Spaces between the words of a query mean nothing.
fn without_spaces(query: &str) -> String {
    query.split_whitespace().collect()
}

fn text(body: &Value) -> String {
    body.as_str().map_or_else(|| body.to_string(), str::to_owned)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn payloads_are_told_apart_by_hook_and_told_when_they_change() {
        let hook = |name: &str, phase| Receipt {
            channel: Channel::Hook(name.to_owned()),
            body: json!({"checksum": "b7f", "phase": phase, "metadata": {"timestamp": "1"}}),
        };
        let receipts = [hook("gate", "Waiting"), hook("other", "Waiting"), hook("gate", "Waiting")];
        let transcript = of(&receipts, &mut Normal::new(&[]).unwrap());
        let expected = r#"{"checksum":"b7f","metadata":{"timestamp":"TIME"},"phase":"Waiting"}"#;
        assert_eq!(transcript.lines(&Topic::new(Aspect::Hooks, "gate")), [expected]);
        assert_eq!(transcript.lines(&Topic::new(Aspect::Hooks, "other")), [expected]);
    }

    #[test]
    fn every_alert_counts() {
        let alert = || Receipt { channel: Channel::Alert("team".to_owned()), body: json!({"text": "x"}) };
        let transcript = of(&[alert(), alert()], &mut Normal::new(&[]).unwrap());
        assert_eq!(transcript.lines(&Topic::new(Aspect::Alerts, "team")).len(), 2);
    }
}
