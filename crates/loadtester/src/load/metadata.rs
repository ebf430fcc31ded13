//! A load from the metadata of a hook with `type: load`.

use std::{collections::BTreeMap, str::FromStr, time::Duration};

use reqwest::header::HeaderMap;

use super::{Load, MAX_CONCURRENCY, Pace, Template, TemplateError, Transport, header, host, method, url};
use crate::payload::Payload;

/// Reads the load that `payload` describes; it must not last longer than `limit`.
pub(crate) fn parse(payload: &Payload, limit: Duration) -> Result<Load, TemplateError> {
    Ok(Load {
        template: template(payload)?,
        transport: Transport { keep_alive: true, verify: !payload.flag("insecure"), follow: false },
        pace: pace(payload.get("rate").unwrap_or("10"))?,
        count: None,
        duration: duration("duration", payload.get("duration"), limit.min(Duration::from_secs(60)), limit)?,
        concurrency: concurrency(payload.get("concurrency").unwrap_or("2"))?,
    })
}

fn template(payload: &Payload) -> Result<Template, TemplateError> {
    let limit = Duration::from_secs(3600);
    Ok(Template {
        method: method(payload.get("method").unwrap_or("GET"))?,
        url: url(payload.get("url").unwrap_or_default())?,
        headers: headers(payload)?,
        body: payload.get("body").unwrap_or_default().to_owned(),
        timeout: Some(duration("timeout", payload.get("timeout"), Duration::from_secs(10), limit)?),
    })
}

/// The header lines or the JSON object of `headers`, and `host`.
fn headers(payload: &Payload) -> Result<HeaderMap, TemplateError> {
    let text = payload.get("headers").unwrap_or_default().trim();
    let mut headers = HeaderMap::new();
    if text.starts_with('{') {
        let object: BTreeMap<String, String> =
            serde_json::from_str(text).map_err(|error| TemplateError::new("headers", text, error))?;
        object.iter().try_for_each(|(name, value)| header(&mut headers, &format!("{name}: {value}")))?;
    } else {
        let lines = text.lines().filter(|line| !line.trim().is_empty());
        lines.into_iter().try_for_each(|line| header(&mut headers, line))?;
    }
    payload.get("host").map_or(Ok(()), |name| host(&mut headers, name))?;
    Ok(headers)
}

fn pace(text: &str) -> Result<Pace, TemplateError> {
    let refused = || TemplateError::new("rate", text, "give requests per second, from 0.001 to 10000");
    number::<f64>(text).and_then(Pace::open).ok_or_else(refused)
}

fn concurrency(text: &str) -> Result<usize, TemplateError> {
    let refused = || TemplateError::new("concurrency", text, "give a number from 1 to 512");
    number(text).filter(|count| (1..=MAX_CONCURRENCY).contains(count)).ok_or_else(refused)
}

fn number<T: FromStr>(text: &str) -> Option<T> {
    text.trim().parse().ok()
}

fn duration(
    key: &'static str,
    text: Option<&str>,
    default: Duration,
    limit: Duration,
) -> Result<Duration, TemplateError> {
    let Some(text) = text else { return Ok(default) };
    let duration = serin_api::duration::parse(text).map_err(|error| TemplateError::new(key, text, error))?;
    match duration.to_std() {
        Ok(duration) if !duration.is_zero() && duration <= limit => Ok(duration),
        _ => Err(TemplateError::new(
            key,
            text,
            format_args!("it must be longer than zero and at most {limit:?}"),
        )),
    }
}

#[cfg(test)]
mod tests;
