//! Rules that know users by their cookies.

use serin_api::{
    canary::SessionAffinity,
    gateway::{
        HttpHeader, HttpHeaderFilter, HttpHeaderMatch, HttpRouteFilter, HttpRouteMatch, HttpRouteRule,
    },
};

use super::ours::WARM_UP;
use crate::{
    Rollout,
    affinity::{Cookie, Cookies},
};

/// The header of requests.
const COOKIE: &str = "Cookie";
/// The header of responses.
const SET_COOKIE: &str = "Set-Cookie";

/// The rules in Flagger's order: first those for users who have a cookie, then `split` for all others.
///
/// `cookies` are those [`Cookies::on_route`]. Without a share of the canary's, users of the run before are told
/// to forget its cookie. `warm` keeps both sides known to the gateway.
pub(super) fn rules(
    rollout: &Rollout,
    affinity: &SessionAffinity,
    cookies: &Cookies,
    split: HttpRouteRule,
    warm: Option<HttpRouteRule>,
) -> Vec<HttpRouteRule> {
    match &cookies.canary {
        Some(cookie) => {
            let rules = running(rollout, affinity, cookie, cookies.primary.as_ref(), split);
            rules.into_iter().chain(warm).collect()
        }
        None => resting(rollout, affinity, cookies.previous.as_ref(), split, warm),
    }
}

fn running(
    rollout: &Rollout,
    affinity: &SessionAffinity,
    canary: &Cookie,
    primary: Option<&Cookie>,
    mut split: HttpRouteRule,
) -> Vec<HttpRouteRule> {
    let plain = split.clone();
    let mut stick = |cookie: &Cookie, side: String, age: i64| {
        let tell = HttpHeader::new(SET_COOKIE, attributes(affinity, cookie, age));
        filter_backend(&mut split, &side, add_header(tell));
        sticky(&plain, cookie, &side)
    };
    let mut rules = vec![stick(canary, rollout.canary_service(), affinity.max_age_or_default())];
    let age = rollout.interval.num_seconds();
    rules.extend(primary.map(|cookie| stick(cookie, rollout.primary_service(), age)));
    rules.push(split);
    rules
}

/// While no user has to stay on the canary.
///
/// Gateways know the backends of a rule that changes their answers by the place of the rule: Envoy Gateway does,
/// and the first requests to a place that is new can fail. So there is a rule more that keeps both sides warm,
/// which stands where `split` will be and looks like it.
fn resting(
    rollout: &Rollout,
    affinity: &SessionAffinity,
    previous: Option<&Cookie>,
    split: HttpRouteRule,
    warm: Option<HttpRouteRule>,
) -> Vec<HttpRouteRule> {
    let mut rules: Vec<_> = previous.map(|cookie| forget(affinity, cookie, &split)).into_iter().collect();
    let Some(warm) = warm else {
        rules.push(split);
        return rules;
    };
    let mut alike = warm.clone();
    let header = || add_header(HttpHeader::new(WARM_UP, rollout.uid.as_str()));
    filter_backend(&mut alike, &rollout.canary_service(), header());
    let mut place = 1;
    if affinity.primary_cookie_name.as_ref().is_some_and(|name| !name.is_empty()) {
        filter_backend(&mut alike, &rollout.primary_service(), header());
        place = 2;
    }
    rules.extend([split, warm]);
    rules.insert(place, alike);
    rules
}

fn filter_backend(rule: &mut HttpRouteRule, side: &str, filter: HttpRouteFilter) {
    if let Some(backend) = rule.backend_refs.iter_mut().find(|backend| backend.name == side) {
        backend.filters.push(filter);
    }
}

/// Whether a rule is for users who have a cookie of ours.
pub(super) fn knows_cookie(rollout: &Rollout, cookies: &Cookies, rule: &HttpRouteRule) -> bool {
    let affinity = rollout.affinity();
    let names = affinity.into_iter().flat_map(|a| [Some(&a.cookie_name), a.primary_cookie_name.as_ref()]);
    let names: Vec<&String> = names.flatten().filter(|name| !name.is_empty()).collect();
    let headers = rule.matches.iter().flat_map(|condition| &condition.headers);
    headers.filter(|header| is_cookie(header)).any(|header| {
        names.iter().any(|name| header.value.contains(name.as_str()))
            || cookies.all().any(|cookie| header.value == cookie.pattern())
    })
}

fn is_cookie(header: &HttpHeaderMatch) -> bool {
    header.type_.as_deref() == Some("RegularExpression") && header.name.eq_ignore_ascii_case(COOKIE)
}

/// Sends everybody with the cookie to one side.
fn sticky(split: &HttpRouteRule, cookie: &Cookie, side: &str) -> HttpRouteRule {
    let mut rule = HttpRouteRule { matches: with_cookie(&split.matches, cookie), ..split.clone() };
    for backend in &mut rule.backend_refs {
        backend.weight = Some(if backend.name == side { 100 } else { 0 });
    }
    rule
}

/// Splits as everywhere, and tells browsers to forget the cookie.
fn forget(affinity: &SessionAffinity, cookie: &Cookie, split: &HttpRouteRule) -> HttpRouteRule {
    let mut rule = HttpRouteRule { matches: with_cookie(&split.matches, cookie), ..split.clone() };
    let gone = HttpHeader::new(SET_COOKIE, attributes(affinity, cookie, -1));
    // A rule can have one filter of this kind, and the user's headers may have taken it.
    match rule.filters.iter_mut().find_map(|filter| filter.response_header_modifier.as_mut()) {
        Some(headers) => {
            headers.add.retain(|header| !header.name.eq_ignore_ascii_case(SET_COOKIE));
            headers.add.push(gone);
        }
        None => rule.filters.push(add_header(gone)),
    }
    rule
}

/// The conditions, and the cookie. A condition of the user's on cookies was met when the cookie was given.
fn with_cookie(matches: &[HttpRouteMatch], cookie: &Cookie) -> Vec<HttpRouteMatch> {
    let conditions = matches.iter().cloned().map(|mut condition| {
        condition.headers.retain(|header| !header.name.eq_ignore_ascii_case(COOKIE));
        condition.headers.insert(0, HttpHeaderMatch::new("RegularExpression", COOKIE, cookie.pattern()));
        condition
    });
    conditions.collect()
}

fn add_header(header: HttpHeader) -> HttpRouteFilter {
    HttpRouteFilter::response_header_modifier(HttpHeaderFilter {
        add: vec![header],
        ..HttpHeaderFilter::default()
    })
}

/// The cookie with its attributes, in Flagger's order. `age` is in seconds; browsers drop a cookie of a
/// negative age, if its domain and path are those it was given with.
fn attributes(affinity: &SessionAffinity, cookie: &Cookie, age: i64) -> String {
    let named = |name: &str, value: &Option<String>| {
        let value = value.as_deref().filter(|value| !value.is_empty())?;
        Some(format!("{name}={value}"))
    };
    let flag = |name: &str, set: bool| set.then(|| name.to_owned());
    let parts = [
        Some(cookie.to_string()),
        Some(format!("Max-Age={age}")),
        named("Domain", &affinity.domain),
        flag("HttpOnly", affinity.http_only),
        flag("Partitioned", affinity.partitioned),
        named("Path", &affinity.path),
        named("SameSite", &affinity.same_site),
        flag("Secure", affinity.secure),
    ];
    parts.into_iter().flatten().collect::<Vec<_>>().join("; ")
}
