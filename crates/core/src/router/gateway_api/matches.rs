//! From Istio's way of saying which requests are meant, which Flagger took over, to Gateway API's.

use std::collections::BTreeMap;

use serin_api::{
    canary::{HttpMatch, StringMatch},
    gateway::{HttpHeaderMatch, HttpPathMatch, HttpQueryParamMatch, HttpRouteMatch},
};
use thiserror::Error;

use crate::build::{BuildError, NOT_SUPPORTED};

mod go;

/// A condition that an HTTPRoute cannot say; the texts are Flagger's.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum MatchError {
    /// A path that is compared in another way than `regex`, `exact` or `prefix`.
    #[error("Gateway API doesn't support the specified path matching selector: {0}")]
    Path(String),
    /// A header that is compared in another way than `exact` or `regex`, or a method that is not `exact`.
    #[error("Gateway API doesn't support the specified header matching selector: {0}")]
    Header(String),
    /// A parameter of the query that is compared in another way than `exact` or `regex`.
    #[error("Gateway API doesn't support the specified query matching selector: {0}")]
    Query(String),
    /// `analysis.match` chooses by something that a route cannot see.
    #[error(
        "analysis.match chooses no requests by headers or queryParams, so that all of them would be meant"
    )]
    Everything,
}

impl From<MatchError> for BuildError {
    /// Flagger's text.
    fn from(error: MatchError) -> Self {
        let message = format!("Invalid request matching selectors: {error}");
        Self::Route { reason: NOT_SUPPORTED, message }
    }
}

/// How a string is compared: Gateway API's type, and the value.
type Comparison<'a> = (&'static str, &'a str);

/// `service.match`: the requests that the route takes; every request when empty.
///
/// Conditions that a route cannot say (`scheme`, `authority`, `port`, `sourceLabels`, …) are left out, as in
/// Flagger, and entries that say nothing else with them.
///
/// # Errors
/// A path, header, method or parameter that is compared in a way which the Gateway API does not
/// have.
pub fn service(entries: &[HttpMatch]) -> Result<Vec<HttpRouteMatch>, MatchError> {
    let mut matches = Vec::new();
    for entry in entries {
        let condition = condition(entry)?;
        if condition != HttpRouteMatch::default() {
            matches.push(condition);
        }
    }
    if matches.is_empty() {
        let path = Some(HttpPathMatch::new("PathPrefix", "/"));
        matches.push(HttpRouteMatch { path, ..HttpRouteMatch::default() });
    }
    Ok(matches)
}

/// `analysis.match`: the requests of an A/B test, by headers and parameters of the query.
///
/// Beginnings and ends of values, for which Flagger would send every request to the canary, become regular
/// expressions. Entries without headers and parameters are left out.
///
/// # Errors
/// As [`service`], and [`MatchError::Everything`] when no entry chooses by header or parameter.
pub fn analysis(entries: &[HttpMatch]) -> Result<Vec<HttpRouteMatch>, MatchError> {
    let mut matches = Vec::new();
    for entry in entries {
        let headers = go::as_regexes(entry.headers.as_ref());
        let query_params = go::as_regexes(entry.query_params.as_ref());
        let entry = HttpMatch { headers, query_params, ..HttpMatch::default() };
        matches.push(condition(&entry)?);
    }
    matches.retain(|condition| *condition != HttpRouteMatch::default());
    if matches.is_empty() && !entries.is_empty() { Err(MatchError::Everything) } else { Ok(matches) }
}

/// Requests that meet a condition of `chosen` and one of `all`; headers and parameters of the former stand
/// in for those of the latter, as in Flagger.
pub fn merge(chosen: &[HttpRouteMatch], all: &[HttpRouteMatch]) -> Vec<HttpRouteMatch> {
    let pairs = chosen.iter().flat_map(|c| all.iter().map(move |a| (c, a)));
    pairs
        .map(|(chosen, all)| {
            let mut merged = all.clone();
            if !chosen.headers.is_empty() {
                merged.headers.clone_from(&chosen.headers);
            }
            if !chosen.query_params.is_empty() {
                merged.query_params.clone_from(&chosen.query_params);
            }
            merged
        })
        .collect()
}

fn condition(entry: &HttpMatch) -> Result<HttpRouteMatch, MatchError> {
    let none = BTreeMap::new();
    let headers = entry.headers.as_ref().unwrap_or(&none);
    let params = entry.query_params.as_ref().unwrap_or(&none);
    Ok(HttpRouteMatch {
        path: entry.uri.as_ref().map(path).transpose()?,
        method: entry.method.as_ref().map(|method| exact_method(method, headers)).transpose()?,
        headers: named(headers, HttpHeaderMatch::new).ok_or_else(|| MatchError::Header(go::map(headers)))?,
        query_params: named(params, HttpQueryParamMatch::new)
            .ok_or_else(|| MatchError::Query(go::map(params)))?,
        ..HttpRouteMatch::default()
    })
}

/// The conditions on headers or parameters, unless one is compared in a way that Gateway API does not have.
fn named<T>(
    values: &BTreeMap<String, StringMatch>,
    condition: impl Fn(&'static str, String, String) -> T,
) -> Option<Vec<T>> {
    let one = |(name, value): (&String, &StringMatch)| {
        let (type_, text) = first(&[("Exact", &value.exact), ("RegularExpression", &value.regex)])?;
        Some(condition(type_, name.clone(), text.to_owned()))
    };
    values.iter().map(one).collect()
}

fn path(uri: &StringMatch) -> Result<HttpPathMatch, MatchError> {
    let ways = [("RegularExpression", &uri.regex), ("Exact", &uri.exact), ("PathPrefix", &uri.prefix)];
    let (type_, value) = first(&ways).ok_or_else(|| MatchError::Path(format!("&{}", go::string(uri))))?;
    Ok(HttpPathMatch::new(type_, value))
}

/// Flagger's text for a method speaks of the headers.
fn exact_method(method: &StringMatch, headers: &BTreeMap<String, StringMatch>) -> Result<String, MatchError> {
    let exact = method.exact.clone().filter(|exact| !exact.is_empty());
    exact.ok_or_else(|| MatchError::Header(go::map(headers)))
}

fn first<'a>(ways: &[(&'static str, &'a Option<String>)]) -> Option<Comparison<'a>> {
    ways.iter().find_map(|(type_, value)| Some((*type_, value.as_deref().filter(|v| !v.is_empty())?)))
}

#[cfg(test)]
mod tests;
