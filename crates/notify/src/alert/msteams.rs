//! Microsoft Teams by a connector: a message card, as Flagger sends it.

use serde::Serialize;

use super::{Field, Message};
use crate::go_json;

#[derive(Serialize)]
struct Card<'a> {
    #[serde(rename = "@type")]
    type_: &'a str,
    #[serde(rename = "@context")]
    context: &'a str,
    #[serde(rename = "themeColor")]
    theme_color: &'a str,
    summary: &'a str,
    sections: [Section<'a>; 1],
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Section<'a> {
    activity_title: &'a str,
    activity_subtitle: &'a str,
    facts: &'a [Field],
}

pub(super) fn body(message: &Message) -> Result<String, serde_json::Error> {
    let section =
        Section { activity_title: &message.text, activity_subtitle: &message.canary, facts: &message.fields };
    go_json::to_string(&Card {
        type_: "MessageCard",
        context: "http://schema.org/extensions",
        theme_color: if message.is_bad() { "FF0000" } else { "0076D7" },
        summary: &message.canary,
        sections: [section],
    })
}
