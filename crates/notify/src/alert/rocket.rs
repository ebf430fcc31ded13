//! Rocket.Chat, which understands the shape of Slack with colours in hex.

use super::{Message, Receiver, slack};

pub(super) fn body(receiver: &Receiver, message: &Message) -> Result<String, serde_json::Error> {
    slack::coloured(receiver, message, if message.is_bad() { "#FF0000" } else { "#0076D7" })
}
