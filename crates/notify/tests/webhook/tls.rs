use serin_testkit::tls::SelfSigned;

use crate::{call, hook};

#[tokio::test]
async fn bad_certificates_are_refused_and_not_tried_again() {
    let server = SelfSigned::listen().await.unwrap();
    let url = format!("{}/", server.url().unwrap());
    let mut hook = hook(&url);
    hook.retries = Some(3);
    let (outcome, handshake) = tokio::join!(call(&hook), server.serve_once(""));
    assert!(handshake.is_err(), "the client did not hang up during the handshake");
    let error = outcome.unwrap_err().to_string();
    let begin = format!(
        "POST {url} giving up after 1 attempt(s): Post \"{url}\": tls: failed to verify certificate: "
    );
    assert!(error.starts_with(&begin), "{error}");
}

#[tokio::test]
async fn disable_tls_skips_the_verification() {
    let server = SelfSigned::listen().await.unwrap();
    let mut hook = hook(server.url().unwrap());
    hook.disable_tls = true;
    let (outcome, handshake) = tokio::join!(call(&hook), server.serve_once(""));
    handshake.unwrap();
    outcome.unwrap();
}
