//! Certificates that no authority has signed.

use std::sync::Arc;

use rcgen::CertifiedKey;
use serin_api::metric_template::MetricTemplateProvider;
use serin_providers::{Limits, QueryError};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio_rustls::{TlsAcceptor, rustls::ServerConfig};

use crate::stub::{self, Stub, credentials};

fn self_signed() -> TlsAcceptor {
    let CertifiedKey { cert, signing_key } =
        rcgen::generate_simple_self_signed(["127.0.0.1".to_owned()]).unwrap();
    let key = signing_key.serialize_der().try_into().unwrap();
    let config = ServerConfig::builder().with_no_client_auth();
    TlsAcceptor::from(Arc::new(config.with_single_cert(vec![cert.into()], key).unwrap()))
}

/// Gives this body to whoever gets through the handshake.
async fn serve(listener: TcpListener, body: String) {
    let acceptor = self_signed();
    while let Ok((connection, _)) = listener.accept().await {
        let Ok(mut connection) = acceptor.accept(connection).await else { continue };
        let mut request = [0; 4096];
        let _ = connection.read(&mut request).await;
        let head = format!("HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: {}\r\n\r\n", body.len());
        let _ = connection.write_all(format!("{head}{body}").as_bytes()).await;
        let _ = connection.shutdown().await;
    }
}

async fn value(stub: &Stub, insecure_skip_verify: bool) -> Result<f64, QueryError> {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("https://{}", listener.local_addr().unwrap());
    let server = tokio::spawn(serve(listener, (stub.answer)("1.5")));
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
