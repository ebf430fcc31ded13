//! Session affinity in virtual time: which cookies users get, and when they are taken back.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod scenario;

use rstest::rstest;
use scenario::Scenario;
use serin_core::affinity::{Cookie, Cookies};

const PROGRESSIVE: &str =
    r#"{"stepWeights":[10,50],"sessionAffinity":{"cookieName":"ck","primaryCookieName":"pk"}}"#;

fn status(s: &Scenario) -> Cookies {
    Cookies::of(&s.world.status)
}

/// The cookies that the route speaks of: canary, primary, previous.
fn on_route(s: &Scenario) -> [Option<Cookie>; 3] {
    let Cookies { canary, primary, previous } = s.world.cookies.clone();
    [canary, primary, previous]
}

fn share(s: &Scenario) -> u8 {
    s.world.route.unwrap().canary
}

fn started(analysis: &str) -> Scenario {
    let mut s = Scenario::initialized(analysis);
    assert_eq!(status(&s), Cookies::default());
    s.ship("b");
    assert_eq!(status(&s), Cookies::default(), "no cookie before there is traffic");
    s.pods_ready();
    s
}

#[test]
fn a_run_gives_cookies_with_the_first_share_and_takes_them_back_at_its_end() {
    let mut s = started(PROGRESSIVE);
    let first = status(&s);
    assert_eq!(first.canary.as_ref().unwrap().name, "ck");
    assert_eq!(on_route(&s), [first.canary.clone(), first.primary.clone(), None]);
    s.interval();
    let second = status(&s);
    assert_eq!((share(&s), &second.canary), (50, &first.canary));
    assert_ne!(second.primary, first.primary, "users of the primary are drawn anew with each step");
    s.interval();
    s.pods_ready();
    s.drain();
    let end = Cookies { previous: first.canary.clone(), ..Cookies::default() };
    assert_eq!((s.world.status.phase.to_string().as_str(), &status(&s)), ("Succeeded", &end));
    assert_eq!(on_route(&s), [None, None, first.canary.clone()]);
    s.ship("c");
    s.pods_ready();
    let next = status(&s);
    assert_ne!(next.canary, first.canary, "each run has its own");
    assert_eq!(on_route(&s), [next.canary.clone(), next.primary.clone(), None]);
    s.interval();
    s.interval();
    s.pods_ready();
    s.drain();
    assert_eq!(on_route(&s), [None, None, next.canary]);
}

#[test]
fn the_gateway_has_a_moment_to_forget_the_old_pods_of_the_primary() {
    let mut s = started(PROGRESSIVE);
    s.interval();
    s.interval();
    s.world.pods_ready();
    s.world.settle(&s.script, 30).unwrap();
    assert_eq!(share(&s), 50);
    s.drain();
    assert_eq!(share(&s), 0);
}

#[rstest]
#[case::at_once(r#"{"stepWeights":[10,50],"sessionAffinity":{"cookieName":"ck"}}"#, 0)]
#[case::in_steps(
    r#"{"stepWeights":[10,50],"stepWeightPromotion":20,"sessionAffinity":{"cookieName":"ck"}}"#,
    30
)]
fn users_with_a_cookie_do_not_meet_a_pod_of_the_old_version(#[case] analysis: &str, #[case] next: u8) {
    let mut s = started(analysis);
    s.interval();
    s.interval();
    s.world.leaving = 2;
    s.pods_ready();
    s.take_events();
    for _ in 0..3 {
        s.interval();
        assert_eq!(share(&s), 50, "an old pod of the primary may still answer");
    }
    let left = "podinfo-primary.default waits for pods of the version before to end, 2 left";
    assert_eq!(s.world.status.waiting_for.as_deref(), Some(left));
    assert_eq!(s.take_events(), [left]);
    s.world.leaving = 0;
    s.settle();
    s.drain();
    assert_eq!(share(&s), next);
}

/// The primary is told to be ready before its endpoints are told to end.
#[test]
fn old_pods_that_are_seen_late_are_waited_for_as_well() {
    let mut s = started(PROGRESSIVE);
    s.interval();
    s.interval();
    s.world.pods_ready();
    for _ in 0..4 {
        s.step();
    }
    s.world.leaving = 1;
    s.drain();
    assert_eq!(share(&s), 50);
    s.drain();
    assert_eq!(share(&s), 50);
    s.world.leaving = 0;
    s.step();
    assert_eq!(share(&s), 50, "requests under way are given time from then on");
    s.drain();
    assert_eq!(share(&s), 0);
}

#[test]
fn a_pod_that_never_ends_holds_nothing_up_for_ever() {
    let mut s = started(PROGRESSIVE);
    s.interval();
    s.interval();
    s.world.leaving = 1;
    s.pods_ready();
    // It is told once the reason before it has stood for a while.
    s.seconds(16);
    assert!(s.world.status.waiting_for.as_ref().is_some_and(|why| why.contains("1 left")));
    s.seconds(590);
    assert_eq!(share(&s), 50);
    s.seconds(10);
    s.drain();
    assert_eq!(share(&s), 0);
}

#[test]
fn without_cookies_nobody_waits_for_old_pods() {
    let mut s = started(r#"{"stepWeights":[10,50]}"#);
    s.interval();
    s.interval();
    s.world.leaving = 1;
    s.pods_ready();
    assert_eq!(share(&s), 0);
}

#[test]
fn a_rollback_takes_the_cookie_back_at_once() {
    let analysis = r#"{"threshold":1,"stepWeight":50,"sessionAffinity":{"cookieName":"ck"},
        "webhooks":[{"name":"roll","url":"http://t/"}]}"#;
    let mut s = started(analysis);
    let given = status(&s).canary;
    s.script.closed.insert("roll".into(), "no".into());
    s.interval();
    assert_eq!((share(&s), on_route(&s)), (0, [None, None, given.clone()]));
    s.drain();
    assert_eq!(status(&s), Cookies { previous: given, ..Cookies::default() });
}

#[test]
fn a_newer_revision_gives_a_new_cookie() {
    let mut s = started(PROGRESSIVE);
    let old = status(&s).canary;
    s.ship("c");
    assert_eq!((share(&s), on_route(&s)), (0, [None, None, old.clone()]));
    s.interval();
    s.pods_ready();
    assert!(status(&s).canary.is_some_and(|new| Some(new) != old));
}

#[test]
fn users_find_their_way_back_to_a_canary_that_was_gone_for_a_moment() {
    let mut s = started(PROGRESSIVE);
    let given = status(&s).canary;
    s.canary_unready();
    assert_eq!((share(&s), on_route(&s)), (0, [None, None, None]), "nobody is sent to it");
    assert_eq!(status(&s).canary, given, "and nobody is told to forget it");
    s.pods_ready();
    s.interval();
    assert_eq!((share(&s), &on_route(&s)[0]), (10, &given));
}

#[test]
fn a_stepped_promotion_keeps_users_where_they_are_until_its_end() {
    let mut s = started(
        r#"{"stepWeights":[50],"stepWeightPromotion":20,
            "sessionAffinity":{"cookieName":"ck","primaryCookieName":"pk"}}"#,
    );
    let given = status(&s);
    s.interval();
    s.pods_ready();
    assert_eq!((share(&s), status(&s)), (30, given.clone()));
    s.interval();
    assert_eq!((share(&s), status(&s)), (10, given.clone()));
    s.interval();
    assert_eq!((share(&s), on_route(&s)), (0, [None, None, given.canary]));
}

#[rstest]
#[case::blue_green(r#"{"iterations":1,"sessionAffinity":{"cookieName":"ck"}}"#, 0)]
#[case::mirrored(r#"{"iterations":1,"mirror":true,"sessionAffinity":{"cookieName":"ck"}}"#, 0)]
fn a_blue_green_release_gives_cookies_when_it_switches(#[case] analysis: &str, #[case] before: u8) {
    let mut s = started(analysis);
    assert_eq!((share(&s), status(&s)), (before, Cookies::default()));
    s.interval();
    assert_eq!((share(&s), &on_route(&s)[0]), (100, &status(&s).canary));
    assert!(status(&s).canary.is_some());
}

#[test]
fn an_ab_test_gives_none() {
    let s = started(
        r#"{"iterations":2,"match":[{"headers":{"x":{"exact":"y"}}}],"sessionAffinity":{"cookieName":"ck"}}"#,
    );
    assert_eq!((share(&s), status(&s)), (100, Cookies::default()));
}

/// Flagger loses the cookies of a tick when it has to read the Canary again.
#[test]
fn cookies_that_a_status_lost_are_made_again_and_the_route_follows() {
    let mut s = started(PROGRESSIVE);
    s.world.status.session_affinity_cookie = None;
    s.world.status.primary_session_affinity_cookie = None;
    s.settle();
    let made = status(&s);
    assert!(made.canary.is_some());
    assert_eq!(on_route(&s), [made.canary, made.primary, None]);
}

#[test]
fn a_route_that_was_not_written_before_a_crash_is_written_after_it() {
    let mut s = started(PROGRESSIVE);
    let given = status(&s);
    s.world.cookies = Cookies::default();
    s.settle();
    assert_eq!(on_route(&s), [given.canary, given.primary, None]);
}
