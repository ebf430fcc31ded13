//! Microsoft Teams by a workflow: an adaptive card. Flagger knows only the message cards of the connectors that
//! Microsoft has retired.

use serde::Serialize;
use serin_core::plan::Severity;
use url::Url;

use super::Message;
use crate::go_json;

/// Hosts that workflows are reached at, in all of Microsoft's clouds.
const HOSTS: [&str; 6] = [
    "logic.azure.com",
    "logic.azure.us",
    "logic.azure.cn",
    "powerplatform.com",
    "powerplatform.microsoft.us",
    "powerplatform.partner.microsoftonline.cn",
];

/// Whether a workflow is behind this URL, which takes no message cards.
pub(super) fn is_workflow(url: &Url) -> bool {
    let host = url.host_str().unwrap_or_default();
    HOSTS
        .iter()
        .any(|known| host.strip_suffix(known).is_some_and(|rest| rest.is_empty() || rest.ends_with('.')))
}

#[derive(Serialize)]
struct Post<'a> {
    #[serde(rename = "type")]
    type_: &'a str,
    attachments: [Attachment<'a>; 1],
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Attachment<'a> {
    content_type: &'a str,
    content_url: Option<&'a str>,
    content: Card<'a>,
}

#[derive(Serialize)]
struct Card<'a> {
    #[serde(rename = "$schema")]
    schema: &'a str,
    #[serde(rename = "type")]
    type_: &'a str,
    version: &'a str,
    body: Vec<Part<'a>>,
}

#[derive(Serialize)]
#[serde(tag = "type")]
enum Part<'a> {
    TextBlock {
        text: &'a str,
        wrap: bool,
        #[serde(flatten)]
        look: Look<'a>,
    },
    FactSet {
        facts: Vec<Fact<'a>>,
    },
}

#[derive(Serialize)]
#[serde(untagged, rename_all_fields = "camelCase")]
enum Look<'a> {
    Title { size: &'a str, weight: &'a str, color: &'a str },
    Subtitle { is_subtle: bool, spacing: &'a str },
}

#[derive(Serialize)]
struct Fact<'a> {
    title: &'a str,
    value: &'a str,
}

pub(super) fn body(message: &Message) -> Result<String, serde_json::Error> {
    let color = match message.severity {
        Severity::Info => "accent",
        Severity::Warn => "warning",
        Severity::Error => "attention",
    };
    let title = Look::Title { size: "medium", weight: "bolder", color };
    let subtitle = Look::Subtitle { is_subtle: true, spacing: "none" };
    let mut body = vec![
        Part::TextBlock { text: &message.text, wrap: true, look: title },
        Part::TextBlock { text: &message.canary, wrap: true, look: subtitle },
    ];
    let facts = message.fields.iter().map(|field| Fact { title: &field.name, value: &field.value });
    let facts: Vec<Fact> = facts.collect();
    if !facts.is_empty() {
        body.push(Part::FactSet { facts });
    }
    let schema = "http://adaptivecards.io/schemas/adaptive-card.json";
    let content = Card { schema, type_: "AdaptiveCard", version: "1.4", body };
    let content_type = "application/vnd.microsoft.card.adaptive";
    let attachment = Attachment { content_type, content_url: None, content };
    go_json::to_string(&Post { type_: "message", attachments: [attachment] })
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::is_workflow;

    #[rstest]
    #[case(
        "https://prod-42.westeurope.logic.azure.com:443/workflows/a/triggers/manual/paths/invoke?sig=b",
        true
    )]
    #[case("https://default0.1.environment.api.powerplatform.com/powerautomate/automations/direct/a", true)]
    #[case("https://api.gov.powerplatform.microsoft.us/a", true)]
    #[case("https://acme.webhook.office.com/webhookb2/a/IncomingWebhook/b/c", false)]
    #[case("https://outlook.office.com/webhook/a", false)]
    #[case("https://teams-relay.example.com/logic.azure.com", false)]
    #[case("https://notlogic.azure.com/a", false)]
    fn workflows_are_known_by_their_host(#[case] url: &str, #[case] workflow: bool) {
        assert_eq!(is_workflow(&url.parse().unwrap()), workflow);
    }
}
