//! What the route does to requests and responses.

use std::collections::BTreeMap;

use serin_api::{
    CanarySpec,
    canary::{CanaryService, HeaderOperations, HttpRewrite},
};

use crate::{
    names::is_header_name,
    router::gateway_api::{
        filters,
        limits::hosts::{improved, is_host},
        matches,
    },
    spec_error::SpecError,
};

/// Most filters of a rule, and most headers of one list.
const MOST: usize = 16;

/// Most characters of a header's value.
const HEADER: usize = 4096;

/// Most characters of a path.
const PATH: usize = 1024;

/// Everything wrong with `service.headers`, `service.rewrite` and `service.mirror`.
pub(super) fn check(spec: &CanarySpec, service: &CanaryService) -> Vec<SpecError> {
    let sticky = spec.analysis.session_affinity.is_some();
    let headers = service.headers.clone().unwrap_or_default();
    let mut errors = Vec::new();
    errors
        .extend(headers.request.iter().flat_map(|all| operations("spec.service.headers.request", all, MOST)));
    // The cookie of session affinity may be taken back by one more.
    let most = MOST - usize::from(sticky);
    errors.extend(
        headers.response.iter().flat_map(|all| operations("spec.service.headers.response", all, most)),
    );
    errors.extend(service.rewrite.iter().flat_map(|rewrite| rewritten(spec, service, rewrite)));
    let cookie = sticky && headers.response.is_none();
    let all = filters(service).len() + usize::from(spec.analysis.mirror) + usize::from(cookie);
    if all > MOST {
        let problem = format!("that makes {all} filters of a rule, {MOST} are allowed");
        let mirrors = service.mirror.len().to_string();
        errors.push(SpecError::new("spec.service.mirror", mirrors, problem, "name fewer receivers"));
    }
    errors
}

fn operations(field: &'static str, operations: &HeaderOperations, most: usize) -> Vec<SpecError> {
    let none = BTreeMap::new();
    let (add, set) = (operations.add.as_ref().unwrap_or(&none), operations.set.as_ref().unwrap_or(&none));
    let mut errors = Vec::new();
    for (name, value) in add.iter().chain(set) {
        errors.extend(header(field, name, value));
    }
    for (what, found, most) in
        [("add", add.len(), most), ("set", set.len(), MOST), ("remove", operations.remove.len(), MOST)]
    {
        if found > most {
            let problem = format!("{what} can name {most} headers");
            errors.push(SpecError::new(field, found.to_string(), problem, "name fewer headers"));
        }
    }
    let twice = operations
        .remove
        .iter()
        .enumerate()
        .find(|(i, name)| operations.remove.iter().take(*i).any(|other| other == *name));
    errors.extend(
        twice.map(|(_, name)| SpecError::new(field, name, "remove names this header twice", "name it once")),
    );
    errors
}

fn header(field: &'static str, name: &str, value: &str) -> Option<SpecError> {
    let error = |problem: String, remedy: &str| Some(SpecError::new(field, name, problem, remedy));
    if !is_header_name(name) {
        return error(
            "this is no name of a header".to_owned(),
            "use letters, digits, '-' and '_', without blanks and colons",
        );
    }
    match value.chars().count() {
        0 => error("a route cannot set an empty header".to_owned(), "give it a value, or remove the header"),
        found if found > HEADER => {
            error(format!("its value has {found} characters, {HEADER} are allowed"), "shorten the value")
        }
        _ => None,
    }
}

fn rewritten(spec: &CanarySpec, service: &CanaryService, rewrite: &HttpRewrite) -> Vec<SpecError> {
    let set = |text: &Option<String>| text.clone().filter(|text| !text.is_empty());
    let authority = set(&rewrite.authority).filter(|host| !is_host(host)).map(|host| {
        let better = improved(&host).filter(|better| is_host(better));
        let remedy = better.map_or_else(
            || "use lower-case letters, digits, '-' and '.', without a port".to_owned(),
            |better| format!("write {better}"),
        );
        SpecError::new("spec.service.rewrite.authority", host, "this is no host name", remedy)
    });
    let uri = set(&rewrite.uri);
    let long = uri.as_ref().filter(|uri| uri.chars().count() > PATH).map(|uri| {
        let problem = format!("it has {} characters, {PATH} are allowed", uri.chars().count());
        SpecError::new("spec.service.rewrite.uri", "", problem, "shorten it")
    });
    let relative = uri.as_ref().filter(|uri| !uri.starts_with('/')).map(|uri| {
        let remedy = format!("write /{uri}");
        SpecError::new(
            "spec.service.rewrite.uri",
            uri,
            "a path begins with '/', servers refuse others",
            remedy,
        )
    });
    let prefix = rewrite.type_.as_deref() == Some("ReplacePrefixMatch") && uri.is_some();
    let several = prefix.then(|| one_prefix(spec, service)).flatten();
    authority.into_iter().chain(long).chain(relative).chain(several).collect()
}

/// A prefix can only be replaced where exactly one is matched.
fn one_prefix(spec: &CanarySpec, service: &CanaryService) -> Option<SpecError> {
    let all = matches::service(&service.match_).ok()?;
    let chosen = matches::analysis(&spec.analysis.match_).ok()?;
    let is_prefix = |path: &serin_api::gateway::HttpPathMatch| path.type_.as_deref() == Some("PathPrefix");
    let sound = all.len() == 1 && all.iter().all(|c| c.path.as_ref().is_none_or(is_prefix));
    if sound && chosen.len() < 2 {
        return None;
    }
    let (problem, remedy) = if sound {
        (
            "exactly one PathPrefix match is needed to replace a prefix, and spec.analysis.match has several entries",
            "put the conditions of spec.analysis.match into one entry, or use ReplaceFullPath",
        )
    } else {
        (
            "exactly one PathPrefix match is needed to replace a prefix: spec.service.match is to have one entry, with \
         uri.prefix",
            "match by one uri.prefix, or use ReplaceFullPath",
        )
    };
    Some(SpecError::new("spec.service.rewrite.type", "ReplacePrefixMatch", problem, remedy))
}
