//! Alerts against real sockets on loopback.

#![expect(clippy::unwrap_used, reason = "a failing helper fails its test")]

mod bad_input;
mod faults;

use std::{collections::BTreeMap, time::Duration};

use rstest::rstest;
use serin_api::AlertProviderSpec;
use serin_core::plan::Severity;
use serin_notify::{
    AlertClient, AlertError, Message, Receiver,
    alert::{Credentials, Field},
};
use wiremock::{Mock, MockServer, Request, ResponseTemplate, matchers::any};

/// Every kind of receiver.
const KINDS: [&str; 6] = ["slack", "discord", "rocket", "msteams", "gchat", "webhook"];

async fn server(answer: ResponseTemplate) -> MockServer {
    let server = MockServer::start().await;
    Mock::given(any()).respond_with(answer).mount(&server).await;
    server
}

fn provider(type_: &str, address: &str) -> AlertProviderSpec {
    AlertProviderSpec { type_: type_.into(), address: Some(address.into()), ..AlertProviderSpec::default() }
}

fn credentials(pairs: &[(&str, &str)]) -> Result<Credentials, AlertError> {
    let data: BTreeMap<&str, &str> = pairs.iter().copied().collect();
    Credentials::read(|key| data.get(key).map(|value| value.as_bytes()))
}

/// A client that does not wait long between attempts.
fn client() -> AlertClient {
    AlertClient::new().unwrap().with_pause(Duration::from_millis(1))
}

fn message(severity: Severity) -> Message {
    let field = |name: &str, value: &str| Field { name: name.into(), value: value.into() };
    Message {
        id: String::new(),
        canary: "podinfo.test".into(),
        text: "0 < 1 & all".into(),
        severity,
        fields: vec![field("Cluster", "eu"), field("Target", "Deployment/podinfo.test")],
    }
}

/// The only request to a server that agrees with everything.
async fn sent(spec: &AlertProviderSpec, path: &str, message: &Message) -> Request {
    let server = server(ResponseTemplate::new(204)).await;
    let mut spec = spec.clone();
    spec.address = Some(format!("{}{path}", server.uri()));
    client().send(&Receiver::new(&spec, None).unwrap(), message).await.unwrap();
    server.received_requests().await.unwrap().remove(0)
}

#[rstest]
#[case::slack("slack", "/hook", "good", "danger")]
#[case::discord("discord", "/hook/slack", "good", "danger")]
#[case::rocket("rocket", "/hook", "#0076D7", "#FF0000")]
#[tokio::test]
async fn shape_of_slack(#[case] kind: &str, #[case] path: &str, #[case] good: &str, #[case] bad: &str) {
    for (severity, color) in [(Severity::Info, good), (Severity::Warn, good), (Severity::Error, bad)] {
        let request = sent(&provider(kind, ""), "/hook", &message(severity)).await;
        assert_eq!(request.url.path(), path);
        assert_eq!(request.headers["content-type"], "application/json");
        assert!(!request.headers.contains_key("authorization"));
        let expected = concat!(
            r#"{"channel":"general","username":"flagger","icon_url":"","icon_emoji":":rocket:","attachments":["#,
            r#"{"color":"COLOR","author_name":"podinfo.test","text":"0 \u003c 1 \u0026 all","mrkdwn_in":["text"],"#,
            r#""fields":[{"title":"Cluster","value":"eu","short":false},"#,
            r#"{"title":"Target","value":"Deployment/podinfo.test","short":false}]}]}"#
        );
        assert_eq!(String::from_utf8(request.body).unwrap(), expected.replace("COLOR", color));
    }
}

#[tokio::test]
async fn slack_without_fields_as_somebody() {
    let spec = AlertProviderSpec {
        channel: Some("on-call".into()),
        username: Some("serin".into()),
        ..provider("slack", "")
    };
    let message = Message { fields: Vec::new(), ..message(Severity::Info) };
    assert_eq!(
        String::from_utf8(sent(&spec, "/", &message).await.body).unwrap(),
        concat!(
            r#"{"channel":"on-call","username":"serin","icon_url":"","icon_emoji":":rocket:","attachments":["#,
            r#"{"color":"good","author_name":"podinfo.test","text":"0 \u003c 1 \u0026 all","mrkdwn_in":["text"],"#,
            r#""fields":[]}]}"#
        )
    );
}

#[rstest]
#[case(Severity::Warn, "0076D7")]
#[case(Severity::Error, "FF0000")]
#[tokio::test]
async fn ms_teams(#[case] severity: Severity, #[case] color: &str) {
    let expected = concat!(
        r#"{"@type":"MessageCard","@context":"http://schema.org/extensions","themeColor":"COLOR","#,
        r#""summary":"podinfo.test","sections":[{"activityTitle":"0 \u003c 1 \u0026 all","#,
        r#""activitySubtitle":"podinfo.test","facts":[{"name":"Cluster","value":"eu"},"#,
        r#"{"name":"Target","value":"Deployment/podinfo.test"}]}]}"#
    );
    let request = sent(&provider("msteams", ""), "/", &message(severity)).await;
    assert_eq!(String::from_utf8(request.body).unwrap(), expected.replace("COLOR", color));
}

/// The request that a workflow of Teams is sent; its host exists only for the proxy.
#[rstest]
#[case(Severity::Info, "accent")]
#[case(Severity::Warn, "warning")]
#[case(Severity::Error, "attention")]
#[tokio::test]
async fn ms_teams_workflow_takes_an_adaptive_card(#[case] severity: Severity, #[case] color: &str) {
    let proxy = server(ResponseTemplate::new(202)).await;
    let address =
        "http://prod-1.westeurope.logic.azure.com/workflows/1/triggers/manual/paths/invoke?sig=S3cretSig";
    let spec = AlertProviderSpec { proxy: Some(proxy.uri()), ..provider("msteams", address) };
    client().send(&Receiver::new(&spec, None).unwrap(), &message(severity)).await.unwrap();
    let request = proxy.received_requests().await.unwrap().remove(0);
    assert_eq!(request.headers["host"], "prod-1.westeurope.logic.azure.com");
    let expected = concat!(
        r#"{"type":"message","attachments":[{"contentType":"application/vnd.microsoft.card.adaptive","#,
        r#""contentUrl":null,"content":{"$schema":"http://adaptivecards.io/schemas/adaptive-card.json","#,
        r#""type":"AdaptiveCard","version":"1.4","body":["#,
        r#"{"type":"TextBlock","text":"0 \u003c 1 \u0026 all","wrap":true,"size":"medium","weight":"bolder","color":"COLOR"},"#,
        r#"{"type":"TextBlock","text":"podinfo.test","wrap":true,"isSubtle":true,"spacing":"none"},"#,
        r#"{"type":"FactSet","facts":[{"title":"Cluster","value":"eu"},"#,
        r#"{"title":"Target","value":"Deployment/podinfo.test"}]}]}}]}"#
    );
    assert_eq!(String::from_utf8(request.body).unwrap(), expected.replace("COLOR", color));
}

#[rstest]
#[case(Severity::Info, "info")]
#[case(Severity::Warn, "warn")]
#[case(Severity::Error, "error")]
#[tokio::test]
async fn generic_webhook(#[case] severity: Severity, #[case] name: &str) {
    let server = server(ResponseTemplate::new(202)).await;
    let credentials = credentials(&[("address", &server.uri()), ("token", "T0k3nT0k3n")]).unwrap();
    let receiver = Receiver::new(&provider("webhook", ""), Some(credentials)).unwrap();
    let message = Message { id: "u-1".into(), ..message(severity) };
    client().send(&receiver, &message).await.unwrap();
    let request = server.received_requests().await.unwrap().remove(0);
    assert_eq!(request.headers["authorization"], "Bearer T0k3nT0k3n");
    let expected = concat!(
        r#"{"id":"u-1","canary":"podinfo.test","severity":"NAME","message":"0 \u003c 1 \u0026 all","#,
        r#""channel":"general","username":"flagger","fields":[{"name":"Cluster","value":"eu"},"#,
        r#"{"name":"Target","value":"Deployment/podinfo.test"}]}"#
    );
    assert_eq!(String::from_utf8(request.body).unwrap(), expected.replace("NAME", name));
}

#[rstest]
#[case("u-1", Some("u-1"))]
#[case("", None)]
#[tokio::test]
async fn an_alert_names_itself_so_that_receivers_can_tell_repetitions_apart(
    #[case] id: &str,
    #[case] header: Option<&str>,
) {
    for kind in KINDS {
        let message = Message { id: id.into(), ..message(Severity::Info) };
        let request = sent(&provider(kind, ""), "/", &message).await;
        let sent = request.headers.get("idempotency-key").map(|value| value.to_str().unwrap());
        assert_eq!(sent, header, "{kind}");
    }
}

#[tokio::test]
async fn google_chat() {
    let expected = concat!(
        r#"{"cards":[{"header":{"title":"Flagger","subtitle":"podinfo.test","#,
        r#""imageUrl":"https://flagger.app/favicon.png"},"sections":["#,
        r#"{"widgets":[{"textParagraph":{"text":"[font color=#848484][strong]0 [ 1 \u0026 all[/strong][/font]"}}]},"#,
        r#"{"widgets":[{"textParagraph":{"text":"Cluster[br][font color=#848484][strong]eu[/strong][/font]"}}]},"#,
        r#"{"widgets":[{"textParagraph":{"text":"Target[br][font color=#848484][strong]Deployment/podinfo.test"#,
        r#"[/strong][/font]"}}]}]}]}"#
    );
    let request = sent(&provider("gchat", ""), "/", &message(Severity::Error)).await;
    let body = String::from_utf8(request.body).unwrap();
    let tags = |text: &str| text.replace("\\u003c", "[").replace("\\u003e", "]");
    assert_eq!(tags(&body), tags(expected));
    assert!(!body.contains(['<', '>', '&']));
}

#[tokio::test]
async fn slack_api_with_a_token_of_the_secret() {
    let server = server(ResponseTemplate::new(200)).await;
    let credentials = credentials(&[("address", &format!("{}/api\n", server.uri())), ("token", "xoxb-1\n")]);
    let receiver = Receiver::new(&provider("slack", "http://ignored"), Some(credentials.unwrap())).unwrap();
    client().send(&receiver, &message(Severity::Info)).await.unwrap();
    let request = server.received_requests().await.unwrap().remove(0);
    assert_eq!(
        (request.url.path(), &request.headers["authorization"]),
        ("/api", &"Bearer xoxb-1".parse().unwrap())
    );
}

#[tokio::test]
async fn through_a_proxy() {
    let proxy = server(ResponseTemplate::new(200)).await;
    let spec = AlertProviderSpec { proxy: Some(proxy.uri()), ..provider("slack", "http://hooks.test/T0") };
    let client = client();
    for _ in 0..2 {
        let receiver = Receiver::new(&spec, None).unwrap();
        client.clone().send(&receiver, &message(Severity::Info)).await.unwrap();
    }
    let requests = proxy.received_requests().await.unwrap();
    assert_eq!(requests.len(), 2);
    assert_eq!(requests[0].headers["host"], "hooks.test");
}

#[rstest]
#[case("slack", "hooks/T0k3n", "invalid Slack hook URL")]
#[case("discord", "", "invalid Discord hook URL")]
#[case("rocket", "ftp://a", "invalid Rocket hook URL")]
#[case("msteams", "/T0k3n", "invalid MS Teams webhook URL")]
#[case("gchat", "http://", "invalid Google Chat webhook URL")]
#[tokio::test]
async fn unusable_addresses(#[case] kind: &str, #[case] address: &str, #[case] text: &str) {
    let receiver = Receiver::new(&provider(kind, address), None).unwrap();
    let error = client().send(&receiver, &message(Severity::Info)).await.unwrap_err();
    assert_eq!(error.to_string(), text);
}

#[tokio::test]
async fn sender_and_room_must_be_named() {
    let client = client();
    let mut receiver = Receiver::new(&provider("rocket", "http://a"), None).unwrap();
    receiver.channel.clear();
    let error = client.send(&receiver, &message(Severity::Info)).await.unwrap_err();
    assert_eq!(error.to_string(), "empty Rocket channel");
    receiver.username.clear();
    let error = client.send(&receiver, &message(Severity::Info)).await.unwrap_err();
    assert_eq!(error.to_string(), "empty Rocket username");
}

#[test]
fn incomplete_providers() {
    let error = Receiver::new(&provider("pager", "http://a"), None).unwrap_err();
    assert!(error.to_string().starts_with("provider pager not supported"), "{error}");
    let error = credentials(&[("token", "a")]).unwrap_err();
    assert_eq!(error.to_string(), "secret does not contain an address");
    assert!(error.remedy().contains("key address"), "{}", error.remedy());
    let spec = AlertProviderSpec {
        secret_ref: Some(serde_json::from_str(r#"{"name":"a"}"#).unwrap()),
        ..provider("slack", "http://a")
    };
    assert_eq!(Receiver::new(&spec, None), Err(AlertError::NoAddress));
}

#[test]
fn debug_output_holds_no_secrets() {
    let credentials = credentials(&[("address", "https://hooks/S3cret"), ("token", "S3cret")]).unwrap();
    let spec = AlertProviderSpec { proxy: Some("http://a:S3cret@proxy".into()), ..provider("slack", "") };
    assert!(!format!("{credentials:?}").contains("S3cret"));
    let receiver = Receiver::new(&spec, Some(credentials)).unwrap();
    assert!(!format!("{receiver:?}").contains("S3cret"));
}
