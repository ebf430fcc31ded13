//! The operator's own credentials, as pods get them. They come from the environment of the process, so each case is a
//! process of its own: this test program again, asked for `child` alone.

use std::process::Command;

use serde_json::json;
use wiremock::matchers::{any, body_string_contains, header, method, path};
use wiremock::{Mock, MockServer, ResponseTemplate};

use super::QUERY;
use crate::stub::{Stub, answering};

/// Where the process that is asked for `child` finds CloudWatch; without it, `child` has nothing to do.
const ENDPOINT: &str = "AWS_ENDPOINT_URL_CLOUDWATCH";

/// What it prints.
const RESULT: &str = "result of the child:";

#[tokio::test]
async fn child() {
    if std::env::var_os(ENDPOINT).is_none() {
        return;
    }
    let stub = Stub { secret: &[], clients: |limits, _| crate::stub::clients(limits), ..super::stub() };
    let provider = stub.at("");
    let results = (provider.query(QUERY).await, provider.query(QUERY).await);
    println!("{RESULT} {results:?}");
}

/// Asks CloudWatch twice in a process with this environment; its results, and the requests of CloudWatch.
async fn ask(environment: &[(&str, &str)]) -> (String, Vec<wiremock::Request>) {
    let cloudwatch =
        answering(ResponseTemplate::new(200).set_body_string((super::stub().answer)("0.5"))).await;
    let mut child = Command::new(std::env::current_exe().unwrap());
    child.args(["--exact", "cloudwatch::own_credentials::child", "--nocapture"]);
    let endpoint = cloudwatch.uri().replace("127.0.0.1", "localhost");
    child.env_clear().env(ENDPOINT, endpoint).env("AWS_EC2_METADATA_DISABLED", "true");
    child.env("HOME", "/nowhere").env("RUST_LOG", "trace").envs(environment.iter().copied());
    let output = tokio::task::spawn_blocking(move || child.output()).await.unwrap().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    let result = text.lines().find_map(|line| line.split_once(RESULT)).unwrap();
    assert!(!text.contains("hush"), "{text}");
    (result.1.trim().to_owned(), cloudwatch.received_requests().await.unwrap())
}

fn assert_signed_by(key: &str, (result, requests): &(String, Vec<wiremock::Request>)) {
    assert_eq!(result, "(Ok(0.5), Ok(0.5))");
    for request in requests {
        let signature = crate::stub::header(request, "authorization")[0];
        assert!(signature.contains(&format!("Credential={key}/")), "{signature}");
        assert_eq!(crate::stub::header(request, "x-amz-security-token"), ["hush-session"]);
    }
}

#[tokio::test]
async fn keys_of_the_environment() {
    let environment = [
        ("AWS_ACCESS_KEY_ID", "AKIDSTATIC"),
        ("AWS_SECRET_ACCESS_KEY", "hush-secret"),
        ("AWS_SESSION_TOKEN", "hush-session"),
    ];
    assert_signed_by("AKIDSTATIC", &ask(&environment).await);
}

/// A file with a token, which is gone when this is.
fn token(name: &str) -> tempfile::NamedTempFile {
    let file = tempfile::NamedTempFile::with_prefix(name).unwrap();
    std::fs::write(file.path(), "hush-token").unwrap();
    file
}

#[tokio::test]
async fn a_web_identity_as_of_irsa_is_exchanged_once() {
    let sts = MockServer::start().await;
    let answer = "<AssumeRoleWithWebIdentityResponse><AssumeRoleWithWebIdentityResult><Credentials>\
        <AccessKeyId>AKIDIRSA</AccessKeyId><SecretAccessKey>hush-secret</SecretAccessKey>\
        <SessionToken>hush-session</SessionToken><Expiration>2099-01-01T00:00:00Z</Expiration></Credentials>\
        <AssumedRoleUser><AssumedRoleId>a:b</AssumedRoleId><Arn>arn:aws:sts::1:assumed-role/serin/b</Arn>\
        </AssumedRoleUser></AssumeRoleWithWebIdentityResult></AssumeRoleWithWebIdentityResponse>";
    Mock::given(method("POST"))
        .and(body_string_contains("Action=AssumeRoleWithWebIdentity"))
        .and(body_string_contains("WebIdentityToken=hush-token"))
        .respond_with(ResponseTemplate::new(200).set_body_string(answer))
        .expect(1)
        .mount(&sts)
        .await;
    let file = token("irsa");
    let environment = [
        ("AWS_ROLE_ARN", "arn:aws:iam::1:role/serin"),
        ("AWS_WEB_IDENTITY_TOKEN_FILE", file.path().to_str().unwrap()),
        ("AWS_ENDPOINT_URL_STS", &sts.uri()),
    ];
    assert_signed_by("AKIDIRSA", &ask(&environment).await);
}

fn keys(id: &str) -> ResponseTemplate {
    ResponseTemplate::new(200).set_body_json(json!({
        "AccessKeyId": id, "SecretAccessKey": "hush-secret", "Token": "hush-session", "Code": "Success",
        "Expiration": "2099-01-01T00:00:00Z", "LastUpdated": "2026-11-21T15:00:00Z", "Type": "AWS-HMAC",
    }))
}

#[tokio::test]
async fn a_pod_identity_of_eks_is_fetched_once_and_past_any_proxy() {
    let agent = MockServer::start().await;
    Mock::given(method("GET"))
        .and(path("/v1/credentials"))
        .and(header("authorization", "hush-token"))
        .respond_with(keys("AKIDPOD"))
        .expect(1)
        .mount(&agent)
        .await;
    let file = token("pod-identity");
    let environment = [
        ("AWS_CONTAINER_CREDENTIALS_FULL_URI", format!("{}/v1/credentials", agent.uri())),
        ("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE", file.path().to_str().unwrap().to_owned()),
        ("HTTP_PROXY", "http://127.0.0.1:9".to_owned()),
        ("NO_PROXY", "localhost".to_owned()),
    ];
    let environment = environment.each_ref().map(|(name, value)| (*name, value.as_str()));
    assert_signed_by("AKIDPOD", &ask(&environment).await);
}

#[tokio::test]
async fn the_metadata_of_the_instance_is_fetched_once() {
    let imds = MockServer::start().await;
    let token = ResponseTemplate::new(200).set_body_string("imds-token");
    let token = token.insert_header("x-aws-ec2-metadata-token-ttl-seconds", "21600");
    Mock::given(method("PUT")).and(path("/latest/api/token")).respond_with(token).mount(&imds).await;
    let role = "/latest/meta-data/iam/security-credentials/";
    let name = ResponseTemplate::new(200).set_body_string("serin");
    Mock::given(method("GET")).and(path(role)).respond_with(name).mount(&imds).await;
    let node = Mock::given(method("GET")).and(path(format!("{role}serin")));
    node.and(header("x-aws-ec2-metadata-token", "imds-token"))
        .respond_with(keys("AKIDNODE"))
        .expect(1)
        .mount(&imds)
        .await;
    let environment =
        [("AWS_EC2_METADATA_DISABLED", "false"), ("AWS_EC2_METADATA_SERVICE_ENDPOINT", &imds.uri())];
    assert_signed_by("AKIDNODE", &ask(&environment).await);
}

#[tokio::test]
async fn without_any_the_error_says_where_to_put_them() {
    let (result, requests) = ask(&[]).await;
    assert!(result.contains("Err(Credentials { provider: \"cloudwatch\""), "{result}");
    assert!(requests.is_empty());
}

#[tokio::test]
async fn a_refused_web_identity_is_told_without_the_token() {
    let sts = MockServer::start().await;
    let answer = "<ErrorResponse><Error><Type>Sender</Type><Code>AccessDenied</Code><Message>Not authorized to \
        perform sts:AssumeRoleWithWebIdentity</Message></Error><RequestId>1</RequestId></ErrorResponse>";
    Mock::given(any()).respond_with(ResponseTemplate::new(403).set_body_string(answer)).mount(&sts).await;
    let file = token("irsa");
    let environment = [
        ("AWS_ROLE_ARN", "arn:aws:iam::1:role/serin"),
        ("AWS_WEB_IDENTITY_TOKEN_FILE", file.path().to_str().unwrap()),
        ("AWS_ENDPOINT_URL_STS", &sts.uri()),
    ];
    let (result, _) = ask(&environment).await;
    assert!(result.contains("sts:AssumeRoleWithWebIdentity"), "{result}");
}
