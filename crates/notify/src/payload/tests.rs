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
