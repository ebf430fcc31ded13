//! The cookies that keep a user on the side that answered first (`analysis.sessionAffinity`).
//!
//! | cookie | status field | lives |
//! |---|---|---|
//! | of the canary | `sessionAffinityCookie` | from the first share of traffic to the last, the same for the whole run |
//! | of the primary | `primarySessionAffinityCookie` | for one step: with every larger share the primary's users are drawn anew |
//! | of the last run | `previousSessionAffinityCookie` | until the next run ends; the route takes it back from browsers |

use std::fmt;

use serin_api::CanaryStatus;

use crate::{
    Rollout, Timestamp, hash,
    state::{CookieTexts, State, codec},
};

/// A cookie of which only this operator knows the value.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Cookie {
    /// Its name; not empty.
    pub name: String,
    /// Its value; not empty.
    pub value: String,
}

impl Cookie {
    /// From `name=value`, as the status has it. `None` for anything else: Flagger writes cookies without a
    /// name.
    pub fn parse(text: &str) -> Option<Self> {
        let (name, value) = text.split_once('=')?;
        let some = !name.is_empty() && !value.is_empty();
        some.then(|| Self { name: name.to_owned(), value: value.to_owned() })
    }

    /// The regular expression for the `Cookie` header of a request that has this cookie.
    pub fn pattern(&self) -> String {
        format!(".*{}.*{}.*", literal(&self.name), literal(&self.value))
    }
}

impl fmt::Display for Cookie {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}={}", self.name, self.value)
    }
}

/// `text` as a regular expression. A dot stays as it is, as in Flagger: it meets itself.
fn literal(text: &str) -> String {
    let special = |c: char| matches!(c, '^' | '$' | '*' | '+' | '?' | '|' | '\\' | '(' | ')' | '[' | '{');
    text.chars().flat_map(|c| special(c).then_some('\\').into_iter().chain([c])).collect()
}

/// The cookies that a status remembers.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Cookies {
    /// Keeps a user on the canary.
    pub canary: Option<Cookie>,
    /// Keeps a user on the primary.
    pub primary: Option<Cookie>,
    /// Kept users on the canary of the run before.
    pub previous: Option<Cookie>,
}

impl Cookies {
    /// The cookies of a status.
    pub fn of(status: &CanaryStatus) -> Self {
        Self::parse(&codec::cookies(status))
    }

    fn parse(texts: &CookieTexts) -> Self {
        let cookie = |text: &Option<String>| text.as_deref().and_then(Cookie::parse);
        Self {
            canary: cookie(&texts.canary),
            primary: cookie(&texts.primary),
            previous: cookie(&texts.previous),
        }
    }

    /// Returns the cookies that a route names while `canary` percent of the traffic go to the
    /// canary.
    #[must_use]
    pub fn on_route(&self, canary: u8) -> Self {
        let Self { canary: of_canary, primary, previous } = self.clone();
        if canary > 0 {
            Self { canary: of_canary, primary, previous: None }
        } else {
            Self { previous, ..Self::default() }
        }
    }

    /// Iterates over the cookies that are set.
    pub fn all(&self) -> impl Iterator<Item = &Cookie> {
        [&self.canary, &self.primary, &self.previous].into_iter().flatten()
    }
}

/// Makes the cookies that a canary with a share of the traffic needs.
///
/// `before` are the cookies and the canary's weight that were observed, `next` is the state to be written. Once written,
/// a value stays. What came before and the time of the decision are part of it, so that no two runs have the same.
pub fn give(rollout: &Rollout, before: (&CookieTexts, u8), next: &mut State, now: Timestamp) {
    let Some(affinity) = rollout.affinity() else { return };
    let (before, weight) = before;
    let last = [&before.previous, &before.primary];
    let last = last.map(|cookie| cookie.clone().unwrap_or_default()).concat();
    let made = |name: &str| {
        let value = hash::cookie_value(&rollout.uid, name, &last, now);
        Some(Cookie { name: name.to_owned(), value }.to_string())
    };
    let known = Cookies::parse(&next.cookies);
    if known.canary.is_none() {
        next.cookies.canary = made(&affinity.cookie_name);
    }
    let name = affinity.primary_cookie_name.as_deref().filter(|name| !name.is_empty());
    let new_step = next.stage.weight() > weight;
    let stays = !new_step && known.primary.is_some_and(|cookie| Some(cookie.name.as_str()) == name);
    if !stays {
        next.cookies.primary = name.and_then(made);
    }
}

/// The canary has lost its share for good: its cookie is to be taken back.
pub fn retire(rollout: &Rollout, cookies: &mut CookieTexts) {
    if rollout.affinity().is_none() {
        return;
    }
    if let Some(cookie) = cookies.canary.take() {
        cookies.previous = Some(cookie);
    }
    cookies.primary = None;
}

#[cfg(test)]
mod tests;
