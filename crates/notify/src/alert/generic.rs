//! Any other receiver: the message as plain JSON.

use serde::Serialize;
use serin_core::plan::Severity;

use super::{Field, Message};
use crate::go_json;

#[derive(Serialize)]
struct Payload<'a> {
    /// Identifies the alert; a repetition has the same id.
    id: &'a str,
    canary: &'a str,
    severity: &'a str,
    message: &'a str,
    channel: &'a str,
    username: &'a str,
    fields: &'a [Field],
}

pub(super) fn body(channel: &str, username: &str, message: &Message) -> Result<String, serde_json::Error> {
    let severity = match message.severity {
        Severity::Info => "info",
        Severity::Warn => "warn",
        Severity::Error => "error",
    };
    let Message { id, canary, text, fields, .. } = message;
    go_json::to_string(&Payload { id, canary, severity, message: text, channel, username, fields })
}
