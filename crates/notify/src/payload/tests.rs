use rstest::rstest;

use super::*;

fn podinfo() -> Subject {
    Subject { name: "podinfo".into(), namespace: "test".into(), checksum: "5f66847b4b".into() }
}

fn hook(metadata: &[(&str, &str)]) -> CanaryWebhook {
    let metadata = metadata.iter().map(|(key, value)| ((*key).into(), (*value).into())).collect();
    CanaryWebhook { metadata: Some(metadata), ..CanaryWebhook::default() }
}

#[rstest]
#[case::without_metadata(
    CanaryWebhook::default(),
    r#"{"name":"podinfo","namespace":"test","phase":"Progressing","checksum":"5f66847b4b"}"#
)]
#[case::with_empty_metadata(
    hook(&[]),
    r#"{"name":"podinfo","namespace":"test","phase":"Progressing","checksum":"5f66847b4b"}"#
)]
#[case::with_metadata(
    hook(&[("type", "cmd"), ("cmd", "hey -z 1m 'http://a/?b=1&c=2' >/dev/null <x")]),
    concat!(
        r#"{"name":"podinfo","namespace":"test","phase":"Progressing","checksum":"5f66847b4b","#,
        r#""metadata":{"cmd":"hey -z 1m 'http://a/?b=1\u0026c=2' \u003e/dev/null \u003cx","type":"cmd"}}"#
    )
)]
fn hook_payload_on_the_wire(#[case] hook: CanaryWebhook, #[case] json: &str) {
    assert_eq!(Payload::for_hook(&podinfo(), Phase::Progressing, &hook).to_json().unwrap(), json);
}

fn event(level: Level, message: &str) -> Event {
    Event { level, message: message.into(), phase: Phase::Progressing }
}

#[rstest]
#[case::flaggers_example(
    CanaryWebhook::default(),
    event(Level::Normal, "New revision detected! Scaling up podinfo.test"),
    concat!(
        r#"{"name":"podinfo","namespace":"test","phase":"Progressing","checksum":"5f66847b4b","metadata":{"#,
        r#""eventMessage":"New revision detected! Scaling up podinfo.test","#,
        r#""eventType":"Normal","timestamp":"1578607635167"}}"#
    )
)]
#[case::own_metadata_cannot_lie(
    hook(&[("eventType", "Normal"), ("eventMessage", "fine"), ("timestamp", "0"), ("cluster", "a&b")]),
    event(Level::Warning, "Halt podinfo.test advancement success rate 95.00% < 99%"),
    concat!(
        r#"{"name":"podinfo","namespace":"test","phase":"Progressing","checksum":"5f66847b4b","metadata":{"#,
        r#""cluster":"a\u0026b","eventMessage":"Halt podinfo.test advancement success rate 95.00% \u003c 99%","#,
        r#""eventType":"Warning","timestamp":"1578607635167"}}"#
    )
)]
#[case::errors_are_warnings(
    CanaryWebhook::default(),
    event(Level::Error, ""),
    concat!(
        r#"{"name":"podinfo","namespace":"test","phase":"Progressing","checksum":"5f66847b4b","metadata":{"#,
        r#""eventMessage":"","eventType":"Warning","timestamp":"1578607635167"}}"#
    )
)]
fn event_payload_on_the_wire(#[case] hook: CanaryWebhook, #[case] event: Event, #[case] json: &str) {
    let at = DateTime::from_timestamp_micros(1_578_607_635_167_999).unwrap();
    assert_eq!(Payload::for_event(&podinfo(), &event, &hook, at).to_json().unwrap(), json);
}
