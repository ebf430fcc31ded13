//! Signature version 4.

use std::time::SystemTime;

use aws_credential_types::Credentials;
use aws_sigv4::http_request::{SignableBody, SignableRequest, SigningSettings, sign};
use aws_sigv4::sign::v4::SigningParams;
use aws_smithy_runtime_api::client::identity::Identity;
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use url::Url;

/// The content type of all requests.
pub(super) const FORM: &str = "application/x-www-form-urlencoded; charset=utf-8";

/// The headers that sign a POST of `body` to CloudWatch.
pub(super) fn headers(
    credentials: &Credentials,
    region: &str,
    now: SystemTime,
    url: &Url,
    body: &str,
) -> Result<HeaderMap, String> {
    let identity = Identity::from(credentials.clone());
    let parameters = SigningParams::builder()
        .identity(&identity)
        .region(region)
        .name("monitoring")
        .time(now)
        .settings(SigningSettings::default())
        .build()
        .map_err(|error| error.to_string())?;
    let content = [("content-type", FORM)].into_iter();
    let request = SignableRequest::new("POST", url.as_str(), content, SignableBody::Bytes(body.as_bytes()));
    let request = request.map_err(|error| error.to_string())?;
    let signed = sign(request, &parameters.into()).map_err(|error| error.to_string())?;
    let (headers, _) = signed.into_parts().0.into_parts();
    headers.iter().map(|header| sensitive(header.name(), header.value())).collect()
}

fn sensitive(name: &'static str, value: &str) -> Result<(HeaderName, HeaderValue), String> {
    let mut value = HeaderValue::from_str(value).map_err(|error| error.to_string())?;
    value.set_sensitive(true);
    Ok((HeaderName::from_static(name), value))
}
