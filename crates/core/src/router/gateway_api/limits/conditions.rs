//! Which requests are meant: paths, methods, headers and parameters of the query, and how many conditions there are.

use serin_api::{
    CanarySpec,
    canary::CanaryService,
    gateway::{HttpPathMatch, HttpRouteMatch},
};

use crate::{
    names::is_header_name,
    re2::{self, NotRe2},
    router::gateway_api::matches,
    spec_error::SpecError,
};

/// Methods of the Gateway API.
pub(super) const METHODS: [&str; 9] =
    ["GET", "HEAD", "POST", "PUT", "DELETE", "CONNECT", "OPTIONS", "TRACE", "PATCH"];

/// Most conditions of a rule.
const MOST_OF_A_RULE: usize = 64;

/// Most conditions of a route.
const MOST_OF_A_ROUTE: usize = 128;

/// Most headers, and most parameters, of one condition.
const MOST_NAMES: usize = 16;

/// Most characters of a path and of a parameter's value.
const PATH: usize = 1024;

/// Most characters of a header's value.
const HEADER: usize = 4096;

/// Everything wrong with `service.match` and `analysis.match` that a route can say at all.
pub(super) fn check(spec: &CanarySpec, service: &CanaryService) -> Vec<SpecError> {
    let all = matches::service(&service.match_);
    let chosen = matches::analysis(&spec.analysis.match_);
    let sticky = spec.analysis.session_affinity.is_some();
    let mut errors = Vec::new();
    for (field, conditions, sticky) in
        [("spec.service.match", &all, sticky), ("spec.analysis.match", &chosen, false)]
    {
        let conditions = conditions.iter().flatten();
        errors.extend(conditions.flat_map(|condition| Of { field, sticky }.condition(condition)));
    }
    if let (Ok(all), Ok(chosen)) = (all, chosen) {
        errors.extend(too_many(all.len(), chosen.len(), sticky));
    }
    errors
}

/// As many conditions as the route has at most, with the rules that keep both sides warm and those for cookies.
fn too_many(all: usize, chosen: usize, sticky: bool) -> Option<SpecError> {
    let merged = all.saturating_mul(chosen);
    let (rule, route) = match (chosen, sticky) {
        (0, false) => (all, all.saturating_add(2)),
        (0, true) => (all, all.saturating_mul(3).saturating_add(3)),
        _ => (merged.max(all), merged.saturating_add(all).saturating_add(2)),
    };
    let field = if chosen == 0 { "spec.service.match" } else { "spec.analysis.match" };
    (rule > MOST_OF_A_RULE || route > MOST_OF_A_ROUTE).then(|| {
        let entries =
            if chosen == 0 { all.to_string() } else { format!("{chosen} with {all} of spec.service.match") };
        let problem = format!(
            "that makes {rule} conditions of one rule and {route} of the route, {MOST_OF_A_RULE} and \
             {MOST_OF_A_ROUTE} are allowed"
        );
        SpecError::new(field, entries, problem, "use fewer entries: a regular expression can stand for many")
    })
}

/// Conditions of one field of the Canary.
#[derive(Clone, Copy)]
struct Of {
    field: &'static str,
    /// Whether a condition on a cookie may be added.
    sticky: bool,
}

impl Of {
    fn error(self, value: &str, problem: impl Into<String>, remedy: impl Into<String>) -> SpecError {
        SpecError::new(self.field, value, problem, remedy)
    }

    fn condition(self, condition: &HttpRouteMatch) -> Vec<SpecError> {
        let mut errors: Vec<SpecError> = condition.path.iter().filter_map(|path| self.path(path)).collect();
        errors.extend(condition.method.as_deref().and_then(|method| self.method(method)));
        let headers =
            condition.headers.iter().map(|h| (h.name.as_str(), h.value.as_str(), h.type_.as_deref()));
        for (name, value, type_) in headers {
            errors.extend(self.named("header", name, value, type_, HEADER));
        }
        let params = condition.query_params.iter();
        for (name, value, type_) in params.map(|q| (q.name.as_str(), q.value.as_str(), q.type_.as_deref())) {
            errors.extend(self.named("query parameter", name, value, type_, PATH));
        }
        let most = MOST_NAMES - usize::from(self.sticky);
        for (what, found, most) in [
            ("headers", condition.headers.len(), most),
            ("queryParams", condition.query_params.len(), MOST_NAMES),
        ] {
            if found > most {
                let problem = format!("an entry can have {most} {what}");
                errors.push(self.error(&found.to_string(), problem, "use fewer"));
            }
        }
        errors
    }

    fn path(self, path: &HttpPathMatch) -> Option<SpecError> {
        let value = path.value.as_deref().unwrap_or("/");
        if path.type_.as_deref() == Some("RegularExpression") {
            return self.regex("uri", value).or_else(|| self.long("uri", value, PATH));
        }
        let (problem, remedy) = path_problem(value)?;
        Some(self.error(value, format!("uri: {problem}"), remedy))
    }

    fn method(self, method: &str) -> Option<SpecError> {
        let upper = method.to_ascii_uppercase();
        (!METHODS.contains(&method)).then(|| {
            let remedy = if METHODS.contains(&upper.as_str()) {
                format!("write {upper}")
            } else {
                format!("use one of {}", METHODS.join(", "))
            };
            self.error(method, "method: a route does not know it", remedy)
        })
    }

    fn named(
        self,
        what: &str,
        name: &str,
        value: &str,
        type_: Option<&str>,
        most: usize,
    ) -> Option<SpecError> {
        if !is_header_name(name) {
            let problem = format!("this is no name of a {what}");
            return Some(self.error(
                name,
                problem,
                "use letters, digits, '-' and '_', without blanks and colons",
            ));
        }
        let place = format!("{what} {name}");
        let regex = (type_ == Some("RegularExpression")).then(|| self.regex(&place, value)).flatten();
        regex.or_else(|| self.long(&place, value, most))
    }

    fn long(self, place: &str, value: &str, most: usize) -> Option<SpecError> {
        let found = value.chars().count();
        let shown: String = value.chars().take(40).collect();
        (found > most).then(|| {
            let problem = format!("{place}: it has {found} characters, {most} are allowed");
            self.error(&format!("{shown}…"), problem, "shorten it")
        })
    }

    fn regex(self, place: &str, pattern: &str) -> Option<SpecError> {
        let error = re2::check(pattern).err()?;
        let problem =
            format!("{place}: this is no regular expression of RE2, by which gateways match: {error}");
        Some(self.error(pattern, problem, remedy(&error)))
    }
}

fn remedy(error: &NotRe2) -> &'static str {
    match error {
        NotRe2::LookAround(_) => {
            "leave it out: choose the other requests, or compare another header; what no entry matches goes to the \
             primary"
        }
        NotRe2::Atomic | NotRe2::Repeated(_) => "use a plain group and a plain repetition",
        NotRe2::BackReference(_) => "write the alternatives out",
        NotRe2::NothingToRepeat(_) => "write .* for any text, and \\* for the character itself",
        _ => "write it in the syntax of RE2: https://github.com/google/re2/wiki/Syntax",
    }
}

/// What is wrong with an exact path or a prefix, and the remedy.
pub(super) fn path_problem(path: &str) -> Option<(&'static str, String)> {
    let plain = |remedy: &str| remedy.to_owned();
    let segments: Vec<&str> = path.split('/').collect();
    if !path.starts_with('/') {
        return Some(("a path begins with '/'", format!("write /{path}")));
    }
    if path.contains("//") {
        return Some(("a route cannot match '//'", format!("write {}", single_slashes(path))));
    }
    if segments.contains(&".") || segments.contains(&"..") {
        return Some(("a route cannot match '.' and '..'", plain("write the path that they lead to")));
    }
    if path.to_ascii_lowercase().contains("%2f") {
        return Some(("a route cannot match an encoded '/'", plain("use a regex for this path")));
    }
    if path.len() > PATH {
        return Some(("it has more than 1024 characters", plain("use a shorter prefix")));
    }
    (!path_characters(path)).then(|| {
        let remedy = "use letters, digits and -._~!$&'()*+,;=:@, encode others as %20 is, and leave query and \
                      fragment out";
        ("it has characters that no path has", plain(remedy))
    })
}

fn single_slashes(path: &str) -> String {
    let parts: Vec<&str> = path.split('/').filter(|part| !part.is_empty()).collect();
    format!("/{}{}", parts.join("/"), if path.ends_with('/') && !parts.is_empty() { "/" } else { "" })
}

fn path_characters(path: &str) -> bool {
    let mut rest = path.chars();
    while let Some(c) = rest.next() {
        let sound = match c {
            '%' => [rest.next(), rest.next()].iter().all(|c| c.is_some_and(|c| c.is_ascii_hexdigit())),
            c => c.is_ascii_alphanumeric() || "-/._~!$&'()*+,;=:@".contains(c),
        };
        if !sound {
            return false;
        }
    }
    true
}
