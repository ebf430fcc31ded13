//! Cross-origin requests.

use serin_api::{canary::CorsPolicy, duration};

use super::conditions::METHODS;
use crate::{names::is_header_name, spec_error::SpecError};

/// Most entries of a list.
const MOST: usize = 64;

/// Everything wrong with `service.corsPolicy`.
pub(super) fn check(policy: &CorsPolicy) -> Vec<SpecError> {
    let origins = List { field: "spec.service.corsPolicy.allowOrigin", all: &policy.allow_origin };
    let methods = List { field: "spec.service.corsPolicy.allowMethods", all: &policy.allow_methods };
    let headers = List { field: "spec.service.corsPolicy.allowHeaders", all: &policy.allow_headers };
    let exposed = List { field: "spec.service.corsPolicy.exposeHeaders", all: &policy.expose_headers };
    let method = |text: &str| text == "*" || METHODS.contains(&text);
    let mut errors =
        origins.check(is_origin, "write it as https://host or https://host:port, without a path");
    errors.extend(methods.check(method, "write a method of HTTP in capital letters, or '*'"));
    errors.extend(headers.check(is_header_name, "write the name of a header"));
    errors.extend(exposed.check(is_header_name, "write the name of a header"));
    errors.extend([origins, methods, headers].into_iter().filter_map(|list| list.star()));
    errors.extend(max_age(policy));
    errors
}

/// Whether a text is `*`, or a scheme and a host with a port at most.
fn is_origin(text: &str) -> bool {
    let host = |rest: &str| !rest.is_empty() && !rest.contains(['/', '?', '#', ' ', '@']);
    text == "*" || text.len() <= 253 && text.split_once("://").is_some_and(|(_, rest)| host(rest))
}

fn max_age(policy: &CorsPolicy) -> Option<SpecError> {
    let text = policy.max_age.as_deref()?;
    let seconds = duration::parse(text).ok()?.num_seconds();
    (!(1..=i64::from(i32::MAX)).contains(&seconds)).then(|| {
        let problem = "a browser remembers an answer for whole seconds, at least one";
        SpecError::new("spec.service.corsPolicy.maxAge", text, problem, "write 1s or more, or leave it out")
    })
}

/// One list of the policy.
struct List<'a> {
    field: &'static str,
    all: &'a [String],
}

impl List<'_> {
    fn check(&self, sound: impl Fn(&str) -> bool, remedy: &str) -> Vec<SpecError> {
        let error =
            |value: &str, problem: &str, remedy: &str| SpecError::new(self.field, value, problem, remedy);
        let mut errors = Vec::new();
        for (i, text) in self.all.iter().enumerate() {
            if !sound(text) {
                errors.push(error(text, "a route cannot say this", remedy));
            } else if self.all.iter().take(i).any(|other| other == text) {
                errors.push(error(text, "it is named twice", "name it once"));
            }
        }
        if self.all.len() > MOST {
            let problem = format!("{MOST} entries are allowed");
            errors.push(error(&self.all.len().to_string(), &problem, "use fewer, or '*'"));
        }
        errors
    }

    fn star(&self) -> Option<SpecError> {
        let among_others = self.all.len() > 1 && self.all.iter().any(|text| text == "*");
        among_others.then(|| {
            SpecError::new(self.field, "*", "it stands for all others", "leave the other entries out")
        })
    }
}
