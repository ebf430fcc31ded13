//! Host names of the route (`spec.service.hosts`).

use std::net::IpAddr;

use serin_api::canary::CanaryService;

use crate::{
    names::{SUBDOMAIN, is_label},
    router::gateway_api::hostnames,
    spec_error::SpecError,
};

const FIELD: &str = "spec.service.hosts";

/// Most host names of a route, by the Gateway API.
const MOST: usize = 16;

/// Everything wrong with the hosts. `*` stands for any host, also among others.
pub(in crate::router::gateway_api) fn check(service: &CanaryService) -> Vec<SpecError> {
    let hosts = hostnames(service);
    let mut errors: Vec<SpecError> = hosts.iter().filter_map(|host| wrong(host)).collect();
    if hosts.len() > MOST {
        let problem = format!("a route can have {MOST} hosts");
        let remedy = "use a host with a wildcard such as *.example.com, or '*' for any host";
        errors.push(SpecError::new(FIELD, hosts.len().to_string(), problem, remedy));
    }
    errors
}

/// What is wrong with a host name.
fn wrong(host: &str) -> Option<SpecError> {
    let error = |problem: &str, remedy: String| Some(SpecError::new(FIELD, host, problem, remedy));
    let bare = host.strip_prefix("*.").unwrap_or(host);
    if host.is_empty() {
        return error("a host is empty", "leave the entry out, or write '*' for any host".to_owned());
    }
    if is_host(bare) {
        return None;
    }
    if host.parse::<IpAddr>().is_ok() {
        return error("an address is no host name", "write a host name, or '*' for any host".to_owned());
    }
    match improved(host) {
        Some(better) if better != host => error("this is no host name", format!("write {better}")),
        _ => error(
            "this is no host name",
            format!(
                "use at most {SUBDOMAIN} lower-case letters, digits, '-' and '.', with '*.' before it for every host \
                 below it"
            ),
        ),
    }
}

/// Whether this is a host name (RFC 1123) and no address.
pub(in crate::router::gateway_api) fn is_host(text: &str) -> bool {
    text.len() <= SUBDOMAIN && text.parse::<IpAddr>().is_err() && text.split('.').all(is_label)
}

/// The host name that was meant, if it can be told: without scheme, path, port and final dot, in lower case.
pub(in crate::router::gateway_api) fn improved(text: &str) -> Option<String> {
    let rest = text.split_once("://").map_or(text, |(_, rest)| rest);
    let rest = rest.split('/').next().unwrap_or(rest);
    let rest = match rest.rsplit_once(':') {
        Some((host, port)) if port.chars().all(|c| c.is_ascii_digit()) => host,
        _ => rest,
    };
    let host = rest.trim().trim_end_matches('.').to_lowercase();
    let bare = host.strip_prefix("*.").unwrap_or(&host);
    (is_host(bare) || host == "*").then_some(host)
}
