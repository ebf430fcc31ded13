use chrono::{DateTime, TimeDelta};
use proptest::prelude::*;
use rstest::rstest;
use serde_json::{Value, json};
use serin_testkit::canary;

use super::*;
use crate::{settings::Settings, state::Stage, validate::validate};

fn rollout(analysis: &Value) -> Rollout {
    let mut with =
        json!({"stepWeight": 10, "sessionAffinity": {"cookieName": "ck", "primaryCookieName": "pk"}});
    for (key, value) in analysis.as_object().unwrap() {
        with[key] = value.clone();
    }
    validate(&canary(with, json!({})).unwrap(), &Settings::default()).unwrap()
}

fn at(seconds: i64) -> Timestamp {
    DateTime::UNIX_EPOCH + TimeDelta::seconds(seconds)
}

/// The state after one more decision.
fn after(rollout: &Rollout, before: &State, weight: u8, second: i64) -> State {
    let mut next = State { stage: Stage::failed(weight), ..before.clone() };
    if weight > 0 {
        give(rollout, (&before.cookies, before.stage.weight()), &mut next, at(second));
    } else {
        retire(rollout, &mut next.cookies);
    }
    next
}

#[test]
fn a_run_has_one_canary_cookie_and_each_step_a_primary_cookie() {
    let rollout = rollout(&json!({}));
    let first = after(&rollout, &State::default(), 10, 1);
    let again = after(&rollout, &first, 10, 2);
    assert_eq!(again, first, "nothing changes within a step");
    let second = after(&rollout, &first, 20, 3);
    assert_eq!(second.cookies.canary, first.cookies.canary);
    assert_ne!(second.cookies.primary, first.cookies.primary);
    let back = after(&rollout, &second, 10, 4);
    assert_eq!(back.cookies.primary, second.cookies.primary);
    let end = after(&rollout, &back, 0, 5);
    assert_eq!(end.cookies.canary, None);
    assert_eq!(end.cookies.primary, None);
    assert_eq!(end.cookies.previous, first.cookies.canary);
    let next = after(&rollout, &end, 10, 6);
    assert_ne!(next.cookies.canary, first.cookies.canary, "each run has its own");
    assert_eq!(next.cookies.previous, first.cookies.canary);
}

#[test]
fn values_are_ten_letters() {
    let status = after(&rollout(&json!({})), &State::default(), 10, 1);
    let cookies = Cookies::parse(&status.cookies);
    for cookie in cookies.all() {
        assert_eq!(cookie.value.len(), 10);
        assert!(cookie.value.chars().all(|c| c.is_ascii_alphabetic()), "{cookie}");
    }
    assert_eq!(cookies.all().map(|c| c.name.as_str()).collect::<Vec<_>>(), ["ck", "pk"]);
}

#[test]
fn what_flagger_wrote_is_kept_and_its_unused_primary_cookie_goes() {
    let only_canary = rollout(&json!({"sessionAffinity": {"cookieName": "ck"}}));
    let cookies = CookieTexts {
        canary: Some("ck=wVflRVyION".to_owned()),
        primary: Some("=XiswsqLSUD".to_owned()),
        previous: None,
    };
    let flaggers = State { stage: Stage::failed(10), cookies, ..State::default() };
    let ours = after(&only_canary, &flaggers, 10, 1);
    assert_eq!(ours.cookies.canary, flaggers.cookies.canary);
    assert_eq!(ours.cookies.primary, None);
}

#[test]
fn a_cookie_that_was_lost_is_made_again() {
    let lost = State { stage: Stage::failed(10), ..State::default() };
    let status = after(&rollout(&json!({})), &lost, 10, 1);
    assert!(status.cookies.canary.is_some() && status.cookies.primary.is_some());
}

#[rstest]
#[case::ab_test(json!({"stepWeight": null, "iterations": 2, "match": [{"headers": {"x": {"exact": "y"}}}]}))]
#[case::not_asked_for(json!({"sessionAffinity": null}))]
fn no_cookies(#[case] analysis: Value) {
    let before = State::default();
    let next = after(&rollout(&analysis), &before, 10, 1);
    assert_eq!(Cookies::parse(&next.cookies), Cookies::default());
}

#[rstest]
#[case::flaggers("ck", ".*ck.*abc.*")]
#[case::dots_and_dashes("__Host-my.cookie", ".*__Host-my.cookie.*abc.*")]
#[case::special("a$b+c", r".*a\$b\+c.*abc.*")]
fn patterns(#[case] name: &str, #[case] expected: &str) {
    let cookie = Cookie { name: name.to_owned(), value: "abc".to_owned() };
    assert_eq!(cookie.pattern(), expected);
}

proptest! {
    #[test]
    fn names_and_values_are_read_back(name in "[!#$%&'*+.^_`|~0-9a-zA-Z-]{1,20}", value in "[a-zA-Z]{10}") {
        let cookie = Cookie { name, value };
        prop_assert_eq!(Cookie::parse(&cookie.to_string()), Some(cookie.clone()));
        let of_ours = regex::Regex::new(&format!("^{}$", cookie.pattern())).unwrap();
        let header = format!("a=b; {cookie}; c=d");
        prop_assert!(of_ours.is_match(&header));
        prop_assert!(!of_ours.is_match("a=b; c=d"));
    }
}
