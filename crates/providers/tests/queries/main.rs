//! Metric providers against stub servers.

#![expect(clippy::unwrap_used, reason = "helpers of tests may panic as tests do")]

mod bad_input;
mod cloudwatch;
mod datadog;
mod dynatrace;
mod externalmetrics;
mod graphite;
mod influxdb;
mod keptn;
mod newrelic;
mod prometheus;
mod splunk;
mod stackdriver;
mod stub;
mod tls;
