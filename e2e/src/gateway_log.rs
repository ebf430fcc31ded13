//! What the gateway says of requests that failed: its access log, as Envoy Gateway writes it.

use anyhow::Result;
use k8s_openapi::api::core::v1::Pod;
use kube::{
    Api, ResourceExt,
    api::{ListParams, LogParams},
};
use serde_json::Value;

use crate::Cluster;

/// How far back to look, in seconds.
const SPAN: i64 = 600;

/// Lines of each proxy that are looked at.
const LINES: i64 = 100_000;

/// Lines that are told.
const TOLD: usize = 100;

/// What is told of a request.
const FIELDS: [&str; 8] = [
    "start_time",
    "duration",
    "response_code",
    "response_flags",
    "response_code_details",
    "upstream_transport_failure_reason",
    "upstream_host",
    "route_name",
];

/// The newest requests to a host that were not answered well, a line each. Empty where the gateway keeps no such log.
///
/// # Errors
/// The cluster refuses.
pub async fn failures(cluster: &Cluster, host: &str) -> Result<String> {
    let settings = &cluster.settings;
    let label = |field: &str, value: &str| format!("gateway.envoyproxy.io/owning-gateway-{field}={value}");
    let (name, namespace) =
        (label("name", &settings.gateway_name), label("namespace", &settings.gateway_namespace));
    let proxies = ListParams::default().labels(&format!("{name},{namespace}"));
    let mut found = Vec::new();
    for pod in Api::<Pod>::all(cluster.client.clone()).list(&proxies).await? {
        let log = log(cluster, &pod).await?;
        found.extend(log.lines().filter_map(|line| failure(line, host)));
    }
    let newest = found.split_off(found.len().saturating_sub(TOLD));
    Ok(newest.concat())
}

async fn log(cluster: &Cluster, pod: &Pod) -> Result<String> {
    let api: Api<Pod> = Api::namespaced(cluster.client.clone(), &pod.namespace().unwrap_or_default());
    let params = LogParams {
        container: Some("envoy".to_owned()),
        since_seconds: Some(SPAN),
        tail_lines: Some(LINES),
        ..LogParams::default()
    };
    Ok(api.logs(&pod.name_any(), &params).await?)
}

/// The line about a request to this host that failed.
fn failure(line: &str, host: &str) -> Option<String> {
    if !line.contains(host) {
        return None;
    }
    let entry: Value = serde_json::from_str(line).ok()?;
    let well = entry["response_flags"] == "-" && entry["response_code"].as_u64() < Some(400);
    if entry[":authority"] != host || well {
        return None;
    }
    let told = FIELDS.iter().filter(|field| !entry[**field].is_null());
    let told: Vec<String> = told.map(|field| format!("{field}={}", plain(&entry[*field]))).collect();
    Some(format!("{}\n", told.join(" ")))
}

fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::failure;

    #[test]
    fn only_failures_of_the_host_are_told() {
        let entry = |host: &str, code: u16, flags: &str| {
            let entry = json!({
                ":authority": host, "response_code": code, "response_flags": flags, "duration": 7,
                "upstream_host": null, "start_time": "2026-01-02T03:04:05.678Z",
            });
            failure(&entry.to_string(), "a.example.com")
        };
        let told = "start_time=2026-01-02T03:04:05.678Z duration=7 response_code=503 response_flags=UF\n";
        assert_eq!(entry("a.example.com", 503, "UF").as_deref(), Some(told));
        assert!(entry("a.example.com", 500, "-").is_some_and(|line| line.contains("response_code=500")));
        assert!(entry("a.example.com", 0, "DC").is_some(), "the client went away");
        assert_eq!(entry("a.example.com", 200, "-"), None);
        assert_eq!(entry("b.a.example.com", 503, "UF"), None);
        assert_eq!(failure("a.example.com is not JSON", "a.example.com"), None);
    }
}
