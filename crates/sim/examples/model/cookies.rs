//! The cookies of session affinity. Of their values it matters only which are the same.

use serin_core::affinity::{Cookie, Cookies};

/// The cookies that the status remembers, and those that the route was written with.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct Jar {
    pub(crate) given: Cookies,
    pub(crate) on_route: Cookies,
}

impl Jar {
    /// The same with values that are counted from 0, so that states which differ in nothing else are one state.
    pub(crate) fn counted(mut self) -> Self {
        let mut known: Vec<Cookie> = Vec::new();
        for cookie in self.given.all().chain(self.on_route.all()) {
            if !known.contains(cookie) {
                known.push(cookie.clone());
            }
        }
        for cookie in slots(&mut self.given).into_iter().chain(slots(&mut self.on_route)).flatten() {
            let place = known.iter().position(|known| known == cookie).unwrap_or_default();
            cookie.value = place.to_string();
        }
        self
    }
}

fn slots(cookies: &mut Cookies) -> [&mut Option<Cookie>; 3] {
    [&mut cookies.canary, &mut cookies.primary, &mut cookies.previous]
}

/// What the cookies of a status became wrong in by a decision that raised the canary's share, or did not.
pub(crate) fn broken(before: &Cookies, after: &Cookies, raised: bool) -> Option<&'static str> {
    let given = before.canary.as_ref().zip(after.canary.as_ref());
    if given.is_some_and(|(before, after)| before != after) {
        return Some("C1");
    }
    if before.canary.is_some() && after.canary.is_none() && after.previous != before.canary {
        return Some("C2");
    }
    let drawn = before.primary.as_ref().zip(after.primary.as_ref());
    drawn.is_some_and(|(before, after)| (before != after) != raised).then_some("C3")
}
