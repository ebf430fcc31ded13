//! What the answer to an alert means.

use std::time::Duration;

use reqwest::Response;
use serde::Deserialize;

use super::{AlertError, Kind};
use crate::{http, webhook::pause};

/// The longest pause that a receiver may ask for with `Retry-After`.
const LONGEST_PAUSE: Duration = Duration::from_secs(30);
/// Bytes of a refusal that are told.
const TOLD: usize = 512;

/// An attempt that failed.
#[derive(Debug)]
pub(super) struct Failure {
    pub(super) error: AlertError,
    /// Whether another attempt may succeed, and cannot make the alert arrive twice.
    pub(super) passing: bool,
    /// The pause that the receiver asks for.
    pub(super) pause: Option<Duration>,
}

impl Failure {
    pub(super) fn lasting(error: AlertError) -> Self {
        Self { error, passing: false, pause: None }
    }
}

/// What the API of Slack answers, always with status 200.
#[derive(Deserialize)]
struct SlackAnswer {
    ok: bool,
    #[serde(default)]
    error: String,
}

/// Reads the answer and says what it means.
pub(super) async fn judge(kind: Kind, response: Response) -> Result<(), Failure> {
    let status = response.status().as_u16();
    let asked = pause::asked(status, response.headers()).map(|pause| pause.min(LONGEST_PAUSE));
    let success = response.status().is_success();
    let body = http::read_body(response).await.unwrap_or_default();
    if !success {
        let error = AlertError::Refused { status, body: http::shortened(&body, TOLD) };
        return Err(Failure { error, passing: matches!(status, 429 | 500 | 502..), pause: asked });
    }
    match refusal(kind, &body) {
        None => Ok(()),
        Some(why) => {
            let error = AlertError::Refused { status, body: http::shortened(&why, TOLD) };
            Err(Failure::lasting(error))
        }
    }
}

/// A refusal with the status of a success.
fn refusal(kind: Kind, body: &str) -> Option<String> {
    match kind {
        Kind::Slack => {
            let answer: SlackAnswer = serde_json::from_str(body).ok()?;
            (!answer.ok).then_some(answer.error)
        }
        Kind::MsTeams => body.starts_with("Webhook message delivery failed").then(|| body.to_owned()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case(Kind::Slack, "ok", None)]
    #[case(Kind::Slack, r#"{"ok":true,"channel":"C1"}"#, None)]
    #[case(Kind::Slack, r#"{"ok":false,"error":"invalid_auth"}"#, Some("invalid_auth"))]
    #[case(Kind::Slack, "", None)]
    #[case(Kind::Slack, "<html>", None)]
    #[case(Kind::Rocket, r#"{"ok":false,"error":"invalid_auth"}"#, None)]
    #[case(Kind::MsTeams, "1", None)]
    #[case(
        Kind::MsTeams,
        "Webhook message delivery failed with error: Microsoft Teams endpoint returned HTTP error 413",
        Some("Webhook message delivery failed with error: Microsoft Teams endpoint returned HTTP error 413")
    )]
    fn refusals_with_status_200(#[case] kind: Kind, #[case] body: &str, #[case] why: Option<&str>) {
        assert_eq!(refusal(kind, body).as_deref(), why);
    }
}
