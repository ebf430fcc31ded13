//! What of a provider is refused before any request, and what is shown of it.

use rstest::rstest;
use serin_api::metric_template::MetricTemplateProvider;
use serin_providers::{ConfigError, Credentials};

use super::{provider, secret, spec, with_headers, with_secret};

const ADDRESS: &str = "http://prometheus:9090";

fn refusal(spec: &MetricTemplateProvider, credentials: &Credentials) -> String {
    provider(spec, credentials).unwrap_err().to_string()
}

#[rstest]
#[case::empty("", "prometheus address  is not a valid URL")]
#[case::no_url("http://[::1", "prometheus address http://[::1 is not a valid URL")]
#[case::hidden("http://u:hush@[::1", "prometheus address http://***@[::1 is not a valid URL")]
#[case::no_scheme(
    "prometheus:9090",
    "prometheus address prometheus:9090 is not a valid URL: it must begin with http:// or https://"
)]
#[case::hidden_scheme(
    "ftp://u:hush@host",
    "prometheus address ftp://***@host is not a valid URL: it must begin with http:// or https://"
)]
fn an_unusable_address_is_shown_without_credentials(#[case] address: &str, #[case] expected: &str) {
    assert_eq!(refusal(&spec(address), &Credentials::default()), expected);
}

#[test]
fn an_absent_address_is_an_empty_one() {
    let spec = MetricTemplateProvider { address: None, ..spec("") };
    assert_eq!(refusal(&spec, &Credentials::default()), "prometheus address  is not a valid URL");
}

#[rstest]
#[case(&[], "prometheus credentials does not contain a username")]
#[case(&[("password", "p")], "prometheus credentials does not contain a username")]
#[case(&[("username", "u")], "prometheus credentials does not contain a password")]
fn an_incomplete_secret_is_refused(#[case] data: &[(&str, &str)], #[case] expected: &str) {
    let text = refusal(&with_secret(ADDRESS), &secret(data));
    assert!(text.starts_with(&format!("{expected}; provider.secretRef must name a Secret with")), "{text}");
}

#[test]
fn a_secret_that_cannot_be_a_header_is_refused_without_being_shown() {
    let text = refusal(&with_secret(ADDRESS), &secret(&[("token", "hu\nsh")]));
    assert!(text.contains("key token") && !text.contains("sh\""), "{text}");
}

#[rstest]
#[case("bad name", "v")]
#[case("X-Bad-Value", "hush\n")]
fn an_unusable_header_is_named(#[case] name: &str, #[case] value: &str) {
    let spec = with_headers(ADDRESS, &[(name, &[value])]);
    let error = provider(&spec, &Credentials::default()).unwrap_err();
    assert_eq!(error, ConfigError::Header { provider: "prometheus".into(), name: name.into() });
    assert!(!error.to_string().contains("hush"), "{error}");
}

#[rstest]
#[case("signoz")]
#[case("")]
fn other_types_are_not_supported(#[case] type_: &str) {
    let spec = MetricTemplateProvider { type_: type_.into(), ..spec(ADDRESS) };
    let error = provider(&spec, &Credentials::default()).unwrap_err();
    assert_eq!(error, ConfigError::NotSupported { provider: type_.into() });
}

#[rstest]
#[case::token(&[("token", "hush")])]
#[case::basic(&[("username", "hush"), ("password", "hush")])]
fn debug_texts_hold_no_secret(#[case] data: &[(&str, &str)]) {
    let credentials = secret(data);
    let spec = MetricTemplateProvider {
        headers: with_headers("", &[("X-Api-Key", &["hush"])]).headers,
        ..with_secret("http://hush:hush@prometheus:9090")
    };
    let text = format!("{credentials:?} {:?}", provider(&spec, &credentials).unwrap());
    assert!(!text.contains("hush") && text.contains("prometheus"), "{text}");
}
