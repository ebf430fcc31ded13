//! The `MetricTemplate` kind: a query that canaries share.

use std::{collections::BTreeMap, fmt};

use kube::CustomResource;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::redact::{Keys, Origin};

/// A query and where to send it (`MetricTemplate.spec`).
#[derive(CustomResource, Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[kube(
    group = "flagger.app",
    version = "v1beta1",
    kind = "MetricTemplate",
    plural = "metrictemplates",
    singular = "metrictemplate",
    category = "all",
    namespaced,
    derive = "Default",
    derive = "PartialEq",
    doc = "MetricTemplate is a query that canaries share, and where it is sent.",
    annotation("helm.sh/resource-policy", "keep"),
    printcolumn(name = "Provider", type_ = "string", json_path = ".spec.provider.type")
)]
#[serde(rename_all = "camelCase")]
pub struct MetricTemplateSpec {
    /// Where the query is sent.
    pub provider: MetricTemplateProvider,
    /// The query, with `{{ }}` for what differs from canary to canary.
    pub query: String,
}

/// The server of the query (`MetricTemplate.spec.provider`).
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct MetricTemplateProvider {
    /// Kind of the server, such as `prometheus`.
    #[schemars(extend("enum" = [
        "prometheus", "influxdb", "datadog", "externalmetrics", "stackdriver", "cloudwatch", "newrelic", "graphite",
        "dynatrace", "keptn", "splunk",
    ]))]
    #[serde(rename = "type")]
    pub type_: String,
    /// Base URL of the server.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address: Option<String>,
    /// More headers of the requests; for prometheus.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub headers: Option<BTreeMap<String, Vec<String>>>,
    /// The Secret with the credentials, in the template's namespace.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub secret_ref: Option<SecretRef>,
    /// Region of the service; for cloudwatch.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub region: Option<String>,
    /// Do not verify the server's certificate; for prometheus, graphite and externalmetrics.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub insecure_skip_verify: bool,
}

impl fmt::Debug for MetricTemplateProvider {
    /// The address may hold a password and headers a token: the server and the names of the headers are shown.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { type_, address, headers, secret_ref, region, insecure_skip_verify } = self;
        formatter
            .debug_struct("MetricTemplateProvider")
            .field("type", type_)
            .field("address", &Origin(address.as_deref()))
            .field("headers", &Keys(headers.as_ref()))
            .field("secret_ref", secret_ref)
            .field("region", region)
            .field("insecure_skip_verify", insecure_skip_verify)
            .finish()
    }
}

/// A Secret in the namespace of the object that names it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct SecretRef {
    /// Name of the Secret.
    pub name: String,
}
