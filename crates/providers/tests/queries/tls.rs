//! Certificates that no authority has signed.

use serin_api::metric_template::MetricTemplateProvider;
use serin_providers::{Limits, QueryError};
use serin_testkit::tls::SelfSigned;

use crate::stub::{self, Stub, credentials};

async fn value(stub: &Stub, insecure_skip_verify: bool) -> Result<f64, QueryError> {
    let server = SelfSigned::listen().await.unwrap();
    let address = server.url().unwrap();
    let body = (stub.answer)("1.5");
    let server = tokio::spawn(async move { server.serve(&body).await });
    let spec = MetricTemplateProvider { insecure_skip_verify, ..stub.spec(&address) };
    let clients = (stub.clients)(Limits::default(), &address);
    let provider = stub::provider(&clients, &spec, &credentials(stub.secret)).unwrap();
    let result = provider.query(stub.query).await;
    server.abort();
    result
}

#[rstest::rstest]
#[case(crate::prometheus::stub())]
#[case(crate::graphite::stub())]
#[case(crate::externalmetrics::stub())]
#[tokio::test]
async fn some_take_them_when_told_to(#[case] stub: Stub) {
    assert_eq!(value(&stub, true).await, Ok(1.5));
    let error = value(&stub, false).await.unwrap_err();
    assert!(
        matches!(&error, QueryError::Unreachable { cause, .. } if cause.contains("certificate")),
        "{error}"
    );
}

#[rstest::rstest]
#[case(crate::datadog::stub())]
#[case(crate::newrelic::stub())]
#[case(crate::influxdb::stub())]
#[case(crate::cloudwatch::stub())]
#[case(crate::dynatrace::stub())]
#[tokio::test]
async fn the_others_never_do(#[case] stub: Stub) {
    let error = value(&stub, true).await.unwrap_err();
    assert!(matches!(error, QueryError::Unreachable { .. }), "{error}");
}
