use rstest::rstest;

use super::*;

const LIMIT: Duration = Duration::from_secs(3600);

fn load(metadata: &[(&str, &str)]) -> Result<Load, TemplateError> {
    let metadata = metadata.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
    parse(&Payload { metadata, ..Payload::default() }, LIMIT)
}

fn with(key: &str, value: &str) -> Result<Load, TemplateError> {
    load(&[("url", "http://podinfo.test:9898/"), (key, value)])
}

#[test]
fn only_the_url_is_needed() {
    let load = load(&[("url", "http://podinfo.test:9898/")]).unwrap();
    assert_eq!(load.template.method, "GET");
    assert_eq!(load.template.timeout, Some(Duration::from_secs(10)));
    assert_eq!(load.pace, Pace::Open(Duration::from_millis(100)));
    assert_eq!(load.duration, Duration::from_secs(60));
    assert_eq!((load.count, load.concurrency), (None, 2));
    assert_eq!(load.transport, Transport { keep_alive: true, verify: true, follow: false });
}

#[test]
fn everything_can_be_set() {
    let load = load(&[
        ("url", "https://gateway/"),
        ("host", "www.example.com"),
        ("method", "post"),
        ("body", "hello"),
        ("rate", "0.5"),
        ("duration", "1m30s"),
        ("concurrency", "512"),
        ("timeout", "500ms"),
        ("insecure", "true"),
    ])
    .unwrap();
    assert_eq!(load.template.method, "POST");
    assert_eq!(load.template.headers["host"], "www.example.com");
    assert_eq!(load.template.body, "hello");
    assert_eq!(load.template.timeout, Some(Duration::from_millis(500)));
    assert_eq!(load.pace, Pace::Open(Duration::from_secs(2)));
    assert_eq!(load.duration, Duration::from_secs(90));
    assert_eq!(load.concurrency, 512);
    assert!(!load.transport.verify);
}

#[rstest]
#[case("x-a: 1\n\n x-b : two words \n")]
#[case(r#"{"x-a": "1", "X-B": "two words"}"#)]
fn headers_are_lines_or_json(#[case] text: &str) {
    let headers = with("headers", text).unwrap().template.headers;
    assert_eq!((&headers["x-a"], &headers["x-b"]), (&"1".parse().unwrap(), &"two words".parse().unwrap()));
}

#[rstest]
#[case("url", "podinfo", "relative URL without a base")]
#[case("url", "ftp://podinfo/", "only http and https")]
#[case("method", "G T", "invalid HTTP method")]
#[case("headers", "nothing", "name: value")]
#[case("headers", "a b: c", "invalid HTTP header name")]
#[case("headers", r#"{"a": 1}"#, "expected a string")]
#[case("host", "a\nb", "failed to parse header value")]
#[case("rate", "fast", "from 0.001 to 10000")]
#[case("rate", "10001", "from 0.001 to 10000")]
#[case("rate", "0", "from 0.001 to 10000")]
#[case("rate", "NaN", "from 0.001 to 10000")]
#[case("duration", "61m", "at most 3600s")]
#[case("duration", "-1s", "longer than zero")]
#[case("duration", "10", "missing unit")]
#[case("timeout", "0s", "longer than zero")]
#[case("concurrency", "0", "from 1 to 512")]
#[case("concurrency", "513", "from 1 to 512")]
fn what_cannot_work_is_refused(#[case] key: &str, #[case] value: &str, #[case] message: &str) {
    let error = with(key, value).unwrap_err().to_string();
    assert!(error.contains(message), "{error}");
}

#[test]
fn the_default_duration_keeps_to_a_shorter_limit() {
    let metadata = [("url".to_owned(), "http://podinfo/".to_owned())].into();
    let load = parse(&Payload { metadata, ..Payload::default() }, Duration::from_secs(5)).unwrap();
    assert_eq!(load.duration, Duration::from_secs(5));
}
