//! Google Chat: a card with one section for the message and one for each field.

use serde::Serialize;

use super::Message;
use crate::go_json;

#[derive(Serialize)]
struct Payload<'a> {
    cards: [Card<'a>; 1],
}

#[derive(Serialize)]
struct Card<'a> {
    header: Header<'a>,
    sections: Vec<Section>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Header<'a> {
    title: &'a str,
    subtitle: &'a str,
    image_url: &'a str,
}

#[derive(Serialize)]
struct Section {
    widgets: [Widget; 1],
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Widget {
    text_paragraph: Text,
}

#[derive(Serialize)]
struct Text {
    text: String,
}

impl Section {
    fn new(text: String) -> Self {
        Self { widgets: [Widget { text_paragraph: Text { text } }] }
    }
}

pub(super) fn body(message: &Message) -> Result<String, serde_json::Error> {
    let fields = message.fields.iter().map(|field| format!("{}<br>{}", field.name, strong(&field.value)));
    let texts = std::iter::once(strong(&message.text)).chain(fields);
    let header =
        Header { title: "Flagger", subtitle: &message.canary, image_url: "https://flagger.app/favicon.png" };
    go_json::to_string(&Payload { cards: [Card { header, sections: texts.map(Section::new).collect() }] })
}

fn strong(text: &str) -> String {
    format!("<font color=#848484><strong>{text}</strong></font>")
}
