//! What people read of each fault, all in one place.

use std::fmt::Write;

use serin_testkit::{net::ClosedPort, tls::SelfSigned};
use wiremock::ResponseTemplate;

use super::faults::unknown_host;
use crate::stub::{Stub, answering, credentials};

/// The faults that all providers have in common, told by each.
#[tokio::test]
async fn of_all_providers() {
    let stubs = [
        ("prometheus", crate::prometheus::stub()),
        ("datadog", crate::datadog::stub()),
        ("cloudwatch", crate::cloudwatch::stub()),
        ("newrelic", crate::newrelic::stub()),
        ("graphite", crate::graphite::stub()),
        ("influxdb", crate::influxdb::stub()),
        ("influxdb, version 1", crate::influxdb::stub_v1()),
        ("dynatrace", crate::dynatrace::stub()),
        ("splunk", crate::splunk::stub()),
        ("stackdriver", crate::stackdriver::stub()),
        ("keptn", crate::keptn::stub()),
        ("externalmetrics", crate::externalmetrics::stub()),
    ];
    let mut told = String::new();
    for (name, stub) in stubs {
        let _ = write!(told, "# {name}\n{}\n", of(&stub).await.unwrap());
    }
    insta::with_settings!({filters => vec![
        (r"127\.0\.0\.1:\d+", "HOST"), (r"\(os error \d+\)", "(os error)"), ("a{64}", "unknown-host"),
    ]}, { insta::assert_snapshot!(told) });
}

async fn of(stub: &Stub) -> Result<String, std::fmt::Error> {
    let mut told = String::new();
    for required in stub.required {
        let rest: Vec<_> = stub.secret.iter().copied().filter(|(key, _)| key != required).collect();
        let error = stub.with("http://host", &credentials(&rest)).unwrap_err();
        writeln!(told, "without the key {required}: {error}")?;
    }
    let port = ClosedPort::take().unwrap();
    let free = port.address().unwrap();
    writeln!(told, "closed port: {}", failure(stub, &format!("http://{free}")).await)?;
    writeln!(told, "unknown host: {}", failure(stub, &unknown_host()).await)?;
    for status in [302, 400, 401, 403, 404, 429, 500, 503] {
        let server = answering(ResponseTemplate::new(status).set_body_string("in its own\nwords")).await;
        writeln!(told, "{status}: {}", failure(stub, &server.uri()).await)?;
    }
    let server = answering(ResponseTemplate::new(200).set_body_string("<html>Log in</html>")).await;
    writeln!(told, "a page: {}", failure(stub, &server.uri()).await)?;
    if stub.kind != "keptn" {
        let server = SelfSigned::listen().await.unwrap();
        let address = server.url().unwrap();
        let serving = tokio::spawn(async move { server.serve("").await });
        writeln!(told, "unknown certificate: {}", failure(stub, &address).await)?;
        serving.abort();
    }
    if let Some(empty) = stub.empty.first() {
        let server = answering(ResponseTemplate::new(200).set_body_string(*empty)).await;
        writeln!(told, "empty: {}", failure(stub, &server.uri()).await)?;
    }
    Ok(told)
}

async fn failure(stub: &Stub, address: &str) -> String {
    stub.at(address).query(stub.query).await.unwrap_err().to_string()
}
