//! What a hook's fields ask for.

use std::time::Duration;

use bytes::Bytes;
use serin_api::{
    canary::{CanaryWebhook, WebhookType},
    duration,
};
use url::Url;

use super::{Address, WebhookError, address::Unusable};
use crate::Payload;

const DEFAULT_TIMEOUT: &str = "10s";
/// Flagger waits without end when the timeout is 0; here a hook that never answers is given up.
const DEFAULT_LIMIT: Duration = Duration::from_secs(60 * 60);
/// An attempt is given up after a day, whatever the hook's timeout is.
const LONGEST_TIMEOUT: Duration = Duration::from_secs(24 * 60 * 60);

/// One call, ready to be made any number of times.
#[derive(Debug)]
pub(super) struct Request {
    pub(super) address: Address,
    pub(super) url: Url,
    pub(super) verify: bool,
    /// For each attempt, from connecting to the end of the answer.
    pub(super) timeout: Duration,
    /// Attempts after the first one.
    pub(super) retries: usize,
    pub(super) body: Bytes,
}

impl Request {
    pub(super) fn new(hook: &CanaryWebhook, payload: &Payload) -> Result<Self, WebhookError> {
        let json = payload.to_json().map_err(|error| WebhookError::Payload(error.to_string()))?;
        let address = Address::new(&hook.url);
        Ok(Self {
            timeout: timeout(hook)?,
            url: url(&address)?,
            address,
            verify: !hook.disable_tls,
            retries: hook.retries.unwrap_or(0).try_into().unwrap_or(0),
            body: json.into(),
        })
    }
}

/// Flagger takes a text of one character for unset, save for event hooks.
fn timeout(hook: &CanaryWebhook) -> Result<Duration, WebhookError> {
    let shortest = if hook.hook_type() == WebhookType::Event { 1 } else { 2 };
    let text = hook.timeout.as_deref().filter(|text| text.len() >= shortest);
    let timeout = duration::parse(text.unwrap_or(DEFAULT_TIMEOUT))?;
    let timeout = timeout.to_std().ok().filter(|timeout| !timeout.is_zero());
    Ok(timeout.map_or(DEFAULT_LIMIT, |timeout| timeout.min(LONGEST_TIMEOUT)))
}

fn url(address: &Address) -> Result<Url, WebhookError> {
    address.url().map_err(|unusable| match unusable {
        Unusable::Malformed(reason) => WebhookError::Url { address: address.clone(), reason },
        Unusable::Scheme(reason) => {
            WebhookError::Unreachable { address: address.clone(), attempts: 1, reason }
        }
    })
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case(None, WebhookType::Rollout, Some(10_000))]
    #[case(Some(""), WebhookType::Rollout, Some(10_000))]
    #[case(Some("5"), WebhookType::Rollout, Some(10_000))]
    #[case(Some("5"), WebhookType::Event, None)]
    #[case(Some(""), WebhookType::Event, Some(10_000))]
    #[case(Some("2m30s"), WebhookType::Rollout, Some(150_000))]
    #[case(Some("250ms"), WebhookType::Event, Some(250))]
    #[case(Some("0s"), WebhookType::Rollout, Some(3_600_000))]
    #[case(Some("-1s"), WebhookType::Rollout, Some(3_600_000))]
    #[case(Some("2562047h47m16.854775807s"), WebhookType::Rollout, Some(86_400_000))]
    #[case(Some("15"), WebhookType::Rollout, None)]
    #[case(Some("1min"), WebhookType::Rollout, None)]
    fn timeouts(#[case] text: Option<&str>, #[case] type_: WebhookType, #[case] millis: Option<u64>) {
        let hook =
            CanaryWebhook { timeout: text.map(Into::into), type_: Some(type_), ..CanaryWebhook::default() };
        assert_eq!(timeout(&hook).ok(), millis.map(Duration::from_millis));
    }

    #[test]
    fn bad_timeout_is_told_as_go_does() {
        let hook = CanaryWebhook { timeout: Some("15".into()), ..CanaryWebhook::default() };
        let error = timeout(&hook).unwrap_err().to_string();
        assert!(error.starts_with("time: missing unit in duration \"15\""), "{error}");
    }
}
