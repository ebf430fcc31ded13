use serin_analysis::Outcome;
use serin_analysis::checks::DEFAULT_INTERVAL;
use serin_api::metric_template::MetricTemplateProvider;

use crate::client::Clients;
use crate::cloudwatch::CloudWatch;
use crate::credentials::Credentials;
use crate::datadog::Datadog;
use crate::dynatrace::Dynatrace;
use crate::error::{ConfigError, ProbeError, QueryError};
use crate::externalmetrics::ExternalMetrics;
use crate::graphite::Graphite;
use crate::influxdb::InfluxDb;
use crate::keptn::Keptn;
use crate::newrelic::NewRelic;
use crate::prometheus::Prometheus;
use crate::setup::Setup;
use crate::splunk::Splunk;
use crate::stackdriver::Stackdriver;

/// A metric provider, ready to be asked. A new type is one variant here and one module.
#[derive(Debug, Clone)]
pub enum Provider {
    /// `type: prometheus`
    Prometheus(Prometheus),
    /// `type: datadog`
    Datadog(Datadog),
    /// `type: cloudwatch`
    CloudWatch(CloudWatch),
    /// `type: newrelic`
    NewRelic(NewRelic),
    /// `type: graphite`
    Graphite(Graphite),
    /// `type: influxdb`
    InfluxDb(InfluxDb),
    /// `type: dynatrace`
    Dynatrace(Dynatrace),
    /// `type: externalmetrics`
    ExternalMetrics(ExternalMetrics),
    /// `type: keptn`
    Keptn(Keptn),
    /// `type: splunk`
    Splunk(Box<Splunk>),
    /// `type: stackdriver`
    Stackdriver(Box<Stackdriver>),
}

impl Provider {
    /// The provider of a MetricTemplate.
    ///
    /// # Errors
    /// What of the provider is unusable, or that its type is not supported.
    pub fn new(setup: &Setup<'_>) -> Result<Self, ConfigError> {
        match setup.kind() {
            "prometheus" => Prometheus::new(setup).map(Self::Prometheus),
            "datadog" => Datadog::new(setup).map(Self::Datadog),
            "cloudwatch" => CloudWatch::new(setup).map(Self::CloudWatch),
            "newrelic" => NewRelic::new(setup).map(Self::NewRelic),
            "graphite" => Graphite::new(setup).map(Self::Graphite),
            "influxdb" => InfluxDb::new(setup).map(Self::InfluxDb),
            "dynatrace" => Dynatrace::new(setup).map(Self::Dynatrace),
            "externalmetrics" => ExternalMetrics::new(setup).map(Self::ExternalMetrics),
            "keptn" => Keptn::new(setup).map(Self::Keptn),
            "splunk" => Splunk::new(setup).map(Box::new).map(Self::Splunk),
            "stackdriver" => Stackdriver::new(setup).map(Box::new).map(Self::Stackdriver),
            other => Err(ConfigError::NotSupported { provider: other.to_owned() }),
        }
    }

    /// The metrics server at `address` (`spec.metricsServer`, or the operator's flag).
    ///
    /// # Errors
    /// The address is no http or https URL.
    pub fn metrics_server(clients: &Clients, address: &str) -> Result<Self, ConfigError> {
        let provider = &MetricTemplateProvider {
            type_: "prometheus".to_owned(),
            address: Some(address.to_owned()),
            ..MetricTemplateProvider::default()
        };
        let credentials = &Credentials::default();
        Self::new(&Setup { clients, provider, credentials, interval: DEFAULT_INTERVAL })
    }

    /// The present value of a query in the provider's language.
    ///
    /// # Errors
    /// [`QueryError::NoValues`] when the query matches nothing; others when it cannot be answered.
    pub async fn query(&self, query: &str) -> Result<f64, QueryError> {
        match self {
            Self::Prometheus(prometheus) => prometheus.query(query).await,
            Self::Datadog(datadog) => datadog.query(query).await,
            Self::CloudWatch(cloudwatch) => cloudwatch.query(query).await,
            Self::NewRelic(newrelic) => newrelic.query(query).await,
            Self::Graphite(graphite) => graphite.query(query).await,
            Self::InfluxDb(influxdb) => influxdb.query(query).await,
            Self::Dynatrace(dynatrace) => dynatrace.query(query).await,
            Self::ExternalMetrics(external) => external.query(query).await,
            Self::Keptn(keptn) => keptn.query(query).await,
            Self::Splunk(splunk) => splunk.query(query).await,
            Self::Stackdriver(stackdriver) => stackdriver.query(query).await,
        }
    }

    /// Whether the provider answers.
    ///
    /// # Errors
    /// Why it does not.
    pub async fn is_online(&self) -> Result<(), ProbeError> {
        match self {
            Self::Prometheus(prometheus) => prometheus.is_online().await,
            Self::Datadog(datadog) => datadog.is_online().await,
            Self::CloudWatch(cloudwatch) => cloudwatch.is_online().await,
            Self::NewRelic(newrelic) => newrelic.is_online().await,
            Self::Graphite(graphite) => graphite.is_online().await,
            Self::InfluxDb(influxdb) => influxdb.is_online().await,
            Self::Dynatrace(dynatrace) => dynatrace.is_online().await,
            Self::ExternalMetrics(external) => external.is_online().await,
            Self::Keptn(keptn) => keptn.is_online().await,
            Self::Splunk(splunk) => splunk.is_online().await,
            Self::Stackdriver(stackdriver) => stackdriver.is_online().await,
        }
    }
}

/// A query's result as the analysis judges it.
pub fn outcome(result: Result<f64, QueryError>) -> Outcome {
    match result {
        Ok(value) => Outcome::sample(value),
        Err(error @ QueryError::NoValues) => Outcome::NoData(error.to_string()),
        Err(error) => Outcome::Error(error.to_string()),
    }
}
