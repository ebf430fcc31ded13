//! Keptn's metrics and analyses: objects of `metrics.keptn.sh/v1beta1` in the operator's cluster.

use std::collections::BTreeMap;
use std::time::Duration;

use http::Method;
use serde::Deserialize;
use serde_json::json;

use crate::answer::{self, Fault, number};
use crate::cluster::{ClusterApi, Target, is_name};
use crate::error::{ConfigError, ProbeError, QueryError};
use crate::setup::Setup;

const FORM: &str =
    "query must be in the format <keptnmetric|analysis>/<namespace>/<resourceName>/<duration>/<arguments>";

/// An analysis may take ten seconds, twice as long as a query.
const PATIENCE: u32 = 2;

/// How many times an analysis is looked at: once in a second.
const LOOKS: u32 = 10;

/// The objects of Keptn, with the operator's own account.
#[derive(Debug, Clone)]
pub struct Keptn {
    provider: String,
    api: ClusterApi,
}

impl Keptn {
    pub(crate) fn new(setup: &Setup<'_>) -> Result<Self, ConfigError> {
        Ok(Self { provider: setup.kind().to_owned(), api: ClusterApi::new(setup)? })
    }

    /// The value of a `KeptnMetric`; or whether an `Analysis`, which is made for it, passes: 1 or 0.
    ///
    /// # Errors
    /// [`QueryError::Query`] for another form; [`QueryError::NoValues`] when the metric has none;
    /// [`QueryError::Timeout`] when the analysis does not end; others when the API server says no.
    pub async fn query(&self, query: &str) -> Result<f64, QueryError> {
        let wrong = |cause| QueryError::Query { provider: self.provider.clone(), cause };
        match Query::parse(query).map_err(wrong)? {
            Query::Metric { namespace, name } => {
                let target = target(&["namespaces", &namespace, "keptnmetrics", &name])?;
                self.api.ask(&target, metric_value).await
            }
            Query::Analysis(analysis) => self.analyse(&analysis).await,
        }
    }

    /// Whether the cluster has Keptn's API.
    ///
    /// # Errors
    /// Why it cannot be told, or that it has not.
    pub async fn is_online(&self) -> Result<(), ProbeError> {
        let target = target(&[]).map_err(ProbeError::Request)?;
        self.api.send(Method::GET, &target, Vec::new()).await.map(drop).map_err(ProbeError::Request)
    }

    async fn analyse(&self, analysis: &Analysis) -> Result<f64, QueryError> {
        let name = format!("{}-{:06x}", analysis.definition, rand::random::<u32>() & 0x00ff_ffff);
        let all = target(&["namespaces", &analysis.namespace, "analyses"])?;
        let one = target(&["namespaces", &analysis.namespace, "analyses", &name])?;
        self.api.send(Method::POST, &all, analysis.object(&name).to_string().into_bytes()).await?;
        let result = self.until_complete(&one).await;
        if let Err(error) = self.api.send(Method::DELETE, &one, Vec::new()).await {
            tracing::warn!(%error, namespace = analysis.namespace, name, "cannot delete a Keptn Analysis");
        }
        result
    }

    /// Looks until the analysis is complete.
    async fn until_complete(&self, analysis: &Target) -> Result<f64, QueryError> {
        let limit = self.api.timeout.saturating_mul(PATIENCE);
        match tokio::time::timeout(limit, self.look(analysis, limit / LOOKS)).await {
            Ok(result) => result,
            Err(_) => Err(self.api.late(limit)),
        }
    }

    async fn look(&self, analysis: &Target, every: Duration) -> Result<f64, QueryError> {
        loop {
            tokio::time::sleep(every).await;
            let body = self.api.send(Method::GET, analysis, Vec::new()).await?;
            let verdict = verdict(&body).map_err(|fault| self.api.unusable(fault, &body))?;
            if let Some(passed) = verdict {
                return Ok(f64::from(u8::from(passed)));
            }
        }
    }
}

fn target(parts: &[&str]) -> Result<Target, QueryError> {
    let path: Vec<_> = ["apis", "metrics.keptn.sh", "v1beta1"].iter().chain(parts).copied().collect();
    Target::of_cluster(&path).ok_or(QueryError::NoValues)
}

/// What is asked for.
#[derive(Debug, PartialEq, Eq)]
enum Query {
    Metric { namespace: String, name: String },
    Analysis(Analysis),
}

#[derive(Debug, PartialEq, Eq)]
struct Analysis {
    namespace: String,
    /// Name of the `AnalysisDefinition`.
    definition: String,
    /// How far it looks back, in Go's notation.
    recent: String,
    arguments: BTreeMap<String, String>,
}

impl Query {
    /// Case and the white space around it do not count.
    fn parse(query: &str) -> Result<Self, String> {
        let query = query.trim().to_lowercase();
        let parts: Vec<_> = query.split('/').collect();
        let [kind, namespace, name, rest @ ..] = parts.as_slice() else {
            return Err(format!("unexpected query format. {FORM}"));
        };
        if !is_name(namespace) || !is_name(name) {
            return Err(format!("{namespace:?} or {name:?} is no name. {FORM}"));
        }
        let (namespace, name) = ((*namespace).to_owned(), (*name).to_owned());
        match *kind {
            "keptnmetric" | "keptnmetrics" => Ok(Self::Metric { namespace, name }),
            "analysis" | "analyses" => {
                let recent = (*rest.first().unwrap_or(&"1m")).to_owned();
                let arguments = rest.get(1).map(|text| arguments(text)).unwrap_or_default();
                Ok(Self::Analysis(Analysis { namespace, definition: name, recent, arguments }))
            }
            _ => Err(
                "unexpected resource kind provided in the query. must be one of: ['keptnmetric', 'analysis']"
                    .to_owned(),
            ),
        }
    }
}

/// `a=b;c=d`; what is no pair does not count.
fn arguments(text: &str) -> BTreeMap<String, String> {
    let pairs = text.split(';').filter_map(|pair| pair.split_once('='));
    pairs
        .filter(|(_, value)| !value.contains('='))
        .map(|(key, value)| (key.to_owned(), value.to_owned()))
        .collect()
}

impl Analysis {
    fn object(&self, name: &str) -> serde_json::Value {
        json!({
            "apiVersion": "metrics.keptn.sh/v1beta1",
            "kind": "Analysis",
            "metadata": { "name": name, "namespace": self.namespace },
            "spec": {
                "analysisDefinition": { "name": self.definition },
                "timeframe": { "recent": self.recent },
                "args": self.arguments,
            },
        })
    }
}

#[derive(Deserialize)]
struct Object<S> {
    status: Option<S>,
}

#[derive(Deserialize)]
struct MetricStatus {
    value: Option<String>,
}

#[derive(Deserialize)]
struct AnalysisStatus {
    state: Option<String>,
    /// Left out when the analysis did not pass.
    #[serde(default)]
    pass: bool,
}

fn metric_value(body: &[u8]) -> Result<f64, Fault> {
    let metric: Object<MetricStatus> = answer::json(body)?;
    match metric.status.and_then(|status| status.value).filter(|value| !value.is_empty()) {
        Some(value) => number(&value),
        None => Err(Fault::NoValues),
    }
}

/// Whether it passed, once it is complete.
fn verdict(body: &[u8]) -> Result<Option<bool>, Fault> {
    let analysis: Object<AnalysisStatus> = answer::json(body)?;
    let status = analysis.status.filter(|status| status.state.as_deref() == Some("Completed"));
    Ok(status.map(|status| status.pass))
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    fn analysis(recent: &str, arguments: &[(&str, &str)]) -> Query {
        let arguments =
            arguments.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
        Query::Analysis(Analysis {
            namespace: "web".into(),
            definition: "rollout".into(),
            recent: recent.into(),
            arguments,
        })
    }

    #[rstest]
    #[case("keptnmetric/web/response-time/2m/reporter=destination\n")]
    #[case("  KeptnMetric/Web/Response-Time ")]
    #[case("keptnmetrics/web/response-time")]
    fn reads_a_metric(#[case] query: &str) {
        let expected = Query::Metric { namespace: "web".into(), name: "response-time".into() };
        assert_eq!(Query::parse(query), Ok(expected));
    }

    #[rstest]
    #[case::short("analysis/web/rollout", analysis("1m", &[]))]
    #[case::duration("analyses/web/rollout/30s", analysis("30s", &[]))]
    #[case::arguments("analysis/web/rollout/2m/a=b;c=D", analysis("2m", &[("a", "b"), ("c", "d")]))]
    #[case::no_pairs("analysis/web/rollout/2m/a;b=c=d;;e=", analysis("2m", &[("e", "")]))]
    fn reads_an_analysis(#[case] query: &str, #[case] expected: Query) {
        assert_eq!(Query::parse(query), Ok(expected));
    }

    #[rstest]
    #[case("", "unexpected query format")]
    #[case("keptnmetric/web", "unexpected query format")]
    #[case("metric/web/a", "unexpected resource kind")]
    #[case("keptnmetric/../a", "is no name")]
    #[case("keptnmetric//a", "is no name")]
    fn refuses_another_form(#[case] query: &str, #[case] expected: &str) {
        let error = Query::parse(query).unwrap_err();
        assert!(error.contains(expected), "{error}");
    }
}
