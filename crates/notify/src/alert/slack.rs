//! Slack, and the shape that other channels share with it.

use serde::Serialize;

use super::{Message, Receiver};
use crate::go_json;

#[derive(Serialize)]
struct Payload<'a> {
    channel: &'a str,
    username: &'a str,
    icon_url: &'a str,
    icon_emoji: &'a str,
    attachments: [Attachment<'a>; 1],
}

#[derive(Serialize)]
struct Attachment<'a> {
    color: &'a str,
    author_name: &'a str,
    text: &'a str,
    mrkdwn_in: [&'a str; 1],
    fields: Vec<Field<'a>>,
}

#[derive(Serialize)]
struct Field<'a> {
    title: &'a str,
    value: &'a str,
    short: bool,
}

pub(super) fn body(receiver: &Receiver, message: &Message) -> Result<String, serde_json::Error> {
    coloured(receiver, message, if message.is_bad() { "danger" } else { "good" })
}

/// The body with the colour of the channel's own choice.
pub(super) fn coloured(
    receiver: &Receiver,
    message: &Message,
    color: &str,
) -> Result<String, serde_json::Error> {
    let fields = message.fields.iter();
    let attachment = Attachment {
        color,
        author_name: &message.canary,
        text: &message.text,
        mrkdwn_in: ["text"],
        fields: fields.map(|field| Field { title: &field.name, value: &field.value, short: false }).collect(),
    };
    go_json::to_string(&Payload {
        channel: &receiver.channel,
        username: &receiver.username,
        icon_url: "",
        icon_emoji: ":rocket:",
        attachments: [attachment],
    })
}
