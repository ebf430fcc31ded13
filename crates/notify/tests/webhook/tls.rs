use std::sync::Arc;

use rcgen::CertifiedKey;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
};
use tokio_rustls::{TlsAcceptor, rustls::ServerConfig};

use crate::{call, hook, socket};

/// A server whose certificate no authority has signed.
fn self_signed() -> TlsAcceptor {
    let CertifiedKey { cert, signing_key } =
        rcgen::generate_simple_self_signed(["127.0.0.1".to_owned()]).unwrap();
    let key = signing_key.serialize_der().try_into().unwrap();
    let config = ServerConfig::builder().with_no_client_auth();
    TlsAcceptor::from(Arc::new(config.with_single_cert(vec![cert.into()], key).unwrap()))
}

/// Answers every request with 200; returns when a client hangs up during the handshake.
async fn serve(listener: &TcpListener, acceptor: &TlsAcceptor) {
    loop {
        let (connection, _) = listener.accept().await.unwrap();
        let Ok(mut connection) = acceptor.accept(connection).await else { return };
        let mut request = [0; 1024];
        assert!(connection.read(&mut request).await.unwrap() > 0);
        connection.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n").await.unwrap();
    }
}

#[tokio::test]
async fn bad_certificates_are_refused_and_not_tried_again() {
    let (listener, address) = socket().await;
    let url = format!("https://{address}/");
    let mut hook = hook(&url);
    hook.retries = Some(3);
    let acceptor = self_signed();
    let (outcome, ()) = tokio::join!(call(&hook), serve(&listener, &acceptor));
    let error = outcome.unwrap_err().to_string();
    let begin = format!(
        "POST {url} giving up after 1 attempt(s): Post \"{url}\": tls: failed to verify certificate: "
    );
    assert!(error.starts_with(&begin), "{error}");
}

#[tokio::test]
async fn disable_tls_skips_the_verification() {
    let (listener, address) = socket().await;
    let mut hook = hook(format!("https://{address}/"));
    hook.disable_tls = true;
    let acceptor = self_signed();
    tokio::select! {
        outcome = call(&hook) => outcome.unwrap(),
        () = serve(&listener, &acceptor) => panic!("the client hung up during the handshake"),
    }
}
