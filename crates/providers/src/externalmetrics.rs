//! The external metrics API of Kubernetes: of the operator's cluster, or of a server of its own.

mod quantity;

use serde::Deserialize;
use url::Url;

use crate::answer::{Fault, json, list};
use crate::auth::Auth;
use crate::cluster::{ClusterApi, Target, is_name};
use crate::error::{ConfigError, ProbeError, QueryError};
use crate::http::Server;
use crate::setup::Setup;

const FORM: &str = "expected <namespace>/<metricName>?labelSelector=<urlencoded label selectors>";

/// The API `external.metrics.k8s.io`.
#[derive(Debug, Clone)]
pub struct ExternalMetrics {
    provider: String,
    api: Api,
}

#[derive(Debug, Clone)]
enum Api {
    /// Without an address: with the operator's own account.
    Cluster(ClusterApi),
    /// At `provider.address`: with the `token` of the Secret, or nobody's. The operator's own account is nothing for
    /// an address that anybody may write into a template.
    Address(Box<Server>),
}

impl ExternalMetrics {
    pub(crate) fn new(setup: &Setup<'_>) -> Result<Self, ConfigError> {
        let provider = setup.kind().to_owned();
        if setup.address("").is_empty() {
            return Ok(Self { provider, api: Api::Cluster(ClusterApi::new(setup)?) });
        }
        let token = setup.optional("token")?.map(Auth::Bearer);
        let server = Server::new(setup, "", token)?.with_insecure(setup);
        Ok(Self { provider, api: Api::Address(Box::new(server)) })
    }

    /// The first value of `<namespace>/<metric>?labelSelector=<selector>`; the namespace is `default` when left out.
    ///
    /// # Errors
    /// [`QueryError::Query`] for another form; [`QueryError::NoValues`] when there is none; others when the query cannot
    /// be answered.
    pub async fn query(&self, query: &str) -> Result<f64, QueryError> {
        let wrong = |cause| QueryError::Query { provider: self.provider.clone(), cause };
        let metric = Metric::parse(query).map_err(wrong)?;
        self.list(&metric, value).await
    }

    /// Whether the API answers a question for a metric that nobody has.
    ///
    /// # Errors
    /// Why it does not.
    pub async fn is_online(&self) -> Result<(), ProbeError> {
        let nobodys = Metric {
            namespace: "kube-system".to_owned(),
            name: "dummy-metric".to_owned(),
            selector: String::new(),
        };
        self.list(&nobodys, |_| Ok(0.0)).await.map(drop).map_err(ProbeError::Request)
    }

    async fn list(&self, metric: &Metric, read: fn(&[u8]) -> Result<f64, Fault>) -> Result<f64, QueryError> {
        let base = match &self.api {
            Api::Cluster(_) => Url::parse("http://cluster/").map_err(|_| QueryError::NoValues)?,
            Api::Address(server) => server.at(""),
        };
        let target = metric.target(base);
        match &self.api {
            Api::Cluster(cluster) => cluster.ask(&target, read).await,
            Api::Address(server) => server.ask(server.get(target.url()), read).await,
        }
    }
}

/// What is asked for.
#[derive(Debug, PartialEq, Eq)]
struct Metric {
    namespace: String,
    name: String,
    selector: String,
}

impl Metric {
    fn parse(query: &str) -> Result<Self, String> {
        let query = query.trim();
        let malformed = |cause: &str| format!("malformed query string{cause}, {FORM}, got {query:?}");
        let (path, parameters) = query.split_once('?').unwrap_or((query, ""));
        let path = decoded(path.trim_start_matches('/'));
        let (namespace, name) = match path.split('/').collect::<Vec<_>>()[..] {
            [name] => ("default", name),
            [namespace, name] => (namespace, name),
            _ => return Err(malformed(", too many slashes")),
        };
        if name.is_empty() {
            return Err("metric name cannot be empty".to_owned());
        }
        if !is_name(namespace) || !is_name(name) {
            return Err(malformed(""));
        }
        let selector =
            url::form_urlencoded::parse(parameters.as_bytes()).find(|(key, _)| key == "labelSelector");
        let selector = selector.map(|(_, value)| value.into_owned()).unwrap_or_default();
        Ok(Self { namespace: namespace.to_owned(), name: name.to_owned(), selector })
    }

    fn target(&self, base: Url) -> Target {
        let path = ["apis", "external.metrics.k8s.io", "v1beta1", "namespaces", &self.namespace, &self.name];
        let target = Target::below(base, &path);
        if self.selector.is_empty() { target } else { target.with("labelSelector", &self.selector) }
    }
}

/// Percent-decoding, by the decoder of URL queries; a plus sign stands for itself here.
fn decoded(path: &str) -> String {
    let pair = format!("={}", path.replace('+', "%2B").replace('&', "%26"));
    url::form_urlencoded::parse(pair.as_bytes()).map(|(_, value)| value.into_owned()).collect()
}

#[derive(Deserialize)]
struct List {
    #[serde(default, deserialize_with = "list")]
    items: Vec<Item>,
}

#[derive(Deserialize)]
struct Item {
    value: String,
}

fn value(body: &[u8]) -> Result<f64, Fault> {
    let list: List = json(body)?;
    let first = list.items.first().ok_or(Fault::NoValues)?;
    quantity::parse(&first.value)
        .ok_or_else(|| Fault::Malformed(format!("{:?} is not a quantity", first.value)))
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case::whole("web/job-rate?labelSelector=env%3Dprod", ("web", "job-rate", "env=prod"))]
    #[case::line_break("web/job-rate\n", ("web", "job-rate", ""))]
    #[case::no_namespace("job-rate", ("default", "job-rate", ""))]
    #[case::empty_namespace("/job-rate", ("default", "job-rate", ""))]
    #[case::datadog("shop/datadogmetric@istio:rate", ("shop", "datadogmetric@istio:rate", ""))]
    #[case::set("web/r?labelSelector=a%20in%20(b%2Cc)%2Cd%21%3De", ("web", "r", "a in (b,c),d!=e"))]
    #[case::encoded("web/a%20b+c", ("web", "a b+c", ""))]
    #[case::other_parameters("web/r?x=1&labelSelector=a%3Db", ("web", "r", "a=b"))]
    fn reads_a_query(#[case] query: &str, #[case] (namespace, name, selector): (&str, &str, &str)) {
        let expected = Metric { namespace: namespace.into(), name: name.into(), selector: selector.into() };
        assert_eq!(Metric::parse(query), Ok(expected));
    }

    #[rstest]
    #[case("", "metric name cannot be empty")]
    #[case("web/", "metric name cannot be empty")]
    #[case("a/b/c", "too many slashes")]
    #[case("a/b%2Fc", "too many slashes")]
    #[case("%2E%2E/secrets", "malformed query string")]
    #[case("a/b%00", "malformed query string")]
    fn refuses_another_form(#[case] query: &str, #[case] expected: &str) {
        let error = Metric::parse(query).unwrap_err();
        assert!(error.contains(expected), "{error}");
    }
}
