use clap::{Args as _, Command, FromArgMatches as _};
use rstest::rstest;

use super::*;

fn parse(arguments: &[&str]) -> Result<Config, clap::Error> {
    let arguments = std::iter::once(&"loadtester").chain(arguments);
    let matches = Config::augment_args(Command::new("loadtester")).try_get_matches_from(arguments)?;
    Config::from_arg_matches(&matches)
}

#[test]
fn the_defaults_are_flaggers() {
    let config = parse(&[]).unwrap();
    assert_eq!(config.port, 9090);
    assert_eq!(config.command_timeout, Duration::from_secs(3600));
    assert_eq!(config.log_level, LogLevel::Debug);
    assert_eq!(config.zap_encoding, "json");
    assert!(config.namespace_regexp.allow("anything"));
}

#[test]
fn every_flag_of_flagger_is_understood() {
    let flags = [
        "--port=8080",
        "--timeout=1m30s",
        "--namespace-regexp=^team-",
        "--log-level=warn",
        "--zap-replace-globals",
        "--zap-encoding=console",
    ];
    let config = parse(&flags).unwrap();
    assert_eq!(config.port, 8080);
    assert_eq!(config.command_timeout, Duration::from_secs(90));
    assert_eq!(config.log_level, LogLevel::Warning);
    assert_eq!(config.zap_encoding, "console");
    assert!(config.namespace_regexp.allow("team-a"));
    assert!(!config.namespace_regexp.allow("prod"));
}

#[rstest]
#[case("--timeout=1", "missing unit")]
#[case("--timeout=0s", "longer than zero")]
#[case("--timeout=-1m", "longer than zero")]
#[case("--namespace-regexp=(", "regex parse error")]
#[case("--log-level=loud", "invalid value 'loud'")]
fn a_bad_value_is_refused(#[case] flag: &str, #[case] message: &str) {
    let error = parse(&[flag]).unwrap_err().to_string();
    assert!(error.contains(message), "{error}");
}
