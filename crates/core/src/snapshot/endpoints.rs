//! How many pods a Service can send requests to.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::build::json::{items, text};

/// Ready endpoints in a Service's EndpointSlices; an address in several slices counts once.
pub fn ready_endpoints<'a>(slices: impl IntoIterator<Item = &'a Value>) -> u32 {
    let endpoints = slices.into_iter().flat_map(|slice| items(slice, "/endpoints"));
    let ready =
        endpoints.filter(|endpoint| endpoint.pointer("/conditions/ready") != Some(&Value::Bool(false)));
    let addresses: BTreeSet<&str> = ready.filter_map(|endpoint| text(endpoint, "/addresses/0")).collect();
    u32::try_from(addresses.len()).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn only_ready_addresses_count_and_each_once() {
        let slices = [
            json!({"endpoints": [
                {"addresses": ["10.0.0.1"], "conditions": {"ready": true}},
                {"addresses": ["10.0.0.2"], "conditions": {"ready": false}},
                {"addresses": ["10.0.0.3"]},
            ]}),
            json!({"endpoints": [{"addresses": ["10.0.0.1"], "conditions": {"ready": true}}]}),
            json!({"endpoints": null}),
        ];
        assert_eq!(ready_endpoints(&slices), 2);
        assert_eq!(ready_endpoints([]), 0);
    }
}
