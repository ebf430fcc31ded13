//! Rules that know users by their cookies.

use serin_api::{
    canary::{CanaryService, SessionAffinity},
    gateway::{
        HttpBackendRef, HttpHeader, HttpHeaderFilter, HttpHeaderMatch, HttpRouteFilter, HttpRouteMatch,
        HttpRouteRule,
    },
};

use crate::{
    Rollout,
    affinity::{Cookie, Cookies},
};

/// The header of requests.
const COOKIE: &str = "Cookie";
/// The header of responses.
const SET_COOKIE: &str = "Set-Cookie";

/// The rules in Flagger's order: first those for users who have a cookie, last `split` for all others.
///
/// While the canary has no share, users of the run before are told to forget its cookie.
pub(super) fn rules(
    rollout: &Rollout,
    affinity: &SessionAffinity,
    cookies: &Cookies,
    service: &CanaryService,
    mut split: HttpRouteRule,
    canary: u8,
) -> Vec<HttpRouteRule> {
    let cookies = cookies.on_route(canary);
    let mut rules = Vec::new();
    rules.extend(cookies.previous.as_ref().map(|cookie| forget(affinity, cookie, &split)));
    let plain = split.clone();
    let mut stick = |cookie: &Cookie, side: &str, age: i64| {
        rules.push(sticky(rollout, service, &plain, cookie, side));
        let tell = add_header(HttpHeader::new(SET_COOKIE, attributes(affinity, cookie, age)));
        if let Some(backend) = split.backend_refs.iter_mut().find(|backend| backend.name == side) {
            backend.filters.push(tell);
        }
    };
    if let Some(cookie) = &cookies.canary {
        stick(cookie, &rollout.canary_service(), affinity.max_age_or_default());
        if let Some(cookie) = &cookies.primary {
            stick(cookie, &rollout.primary_service(), rollout.interval.num_seconds());
        }
    }
    rules.push(split);
    rules
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
fn sticky(
    rollout: &Rollout,
    service: &CanaryService,
    split: &HttpRouteRule,
    cookie: &Cookie,
    side: &str,
) -> HttpRouteRule {
    let backend = |name: String| {
        let weight = if name == side { 100 } else { 0 };
        HttpBackendRef::service(name, service.port, weight)
    };
    HttpRouteRule {
        matches: with_cookie(&split.matches, cookie),
        backend_refs: vec![backend(rollout.primary_service()), backend(rollout.canary_service())],
        ..split.clone()
    }
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
