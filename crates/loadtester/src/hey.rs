//! Reads commands written for the load generator `hey`, so that Canaries that use it need no such program.

use std::time::Duration;

use reqwest::header::{ACCEPT, CONTENT_TYPE, HeaderMap, HeaderValue};

use crate::load::{
    Load, MAX_CONCURRENCY, MAX_RATE, Pace, Template, TemplateError, Transport, header, host, method, url,
};

mod flags;
mod words;

use flags::{Flags, scan};
pub(crate) use words::words;

/// Why a `hey` command cannot be run by the built-in generator.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum HeyError {
    #[error("hey is not installed, and the built-in generator does not know its flag -{0}")]
    UnknownFlag(String),
    #[error("hey: flag -{0} needs a value")]
    MissingValue(String),
    #[error("hey: flag -{flag} is {value:?}: {remedy}")]
    BadValue { flag: &'static str, value: String, remedy: String },
    #[error("hey: the URL is missing")]
    MissingUrl,
    #[error("hey: -n cannot be less than -c")]
    FewerThanWorkers,
    #[error("hey: {0}")]
    Template(#[from] TemplateError),
}

/// The load that `hey` with `arguments` would make, as far as the bounds allow; `limit` bounds its duration.
pub(crate) fn parse(arguments: &[String], limit: Duration) -> Result<Load, HeyError> {
    let flags = scan(arguments)?;
    if flags.duration.is_none() && flags.count < flags.workers {
        return Err(HeyError::FewerThanWorkers);
    }
    Ok(Load {
        template: template(&flags)?,
        transport: Transport { keep_alive: flags.keep_alive, verify: false, follow: flags.follow },
        pace: pace(&flags),
        count: count(&flags),
        duration: flags.duration.map_or(limit, |duration| duration.min(limit)),
        concurrency: usize::try_from(flags.workers).unwrap_or(MAX_CONCURRENCY).min(MAX_CONCURRENCY),
    })
}

fn template(flags: &Flags) -> Result<Template, HeyError> {
    Ok(Template {
        method: method(&flags.method)?,
        url: url(flags.url.as_deref().ok_or(HeyError::MissingUrl)?)?,
        headers: headers(flags)?,
        body: flags.body.clone(),
        timeout: flags.timeout,
    })
}

fn headers(flags: &Flags) -> Result<HeaderMap, HeyError> {
    let mut headers = HeaderMap::new();
    headers.insert(CONTENT_TYPE, value("T", &flags.content_type)?);
    flags.headers.iter().try_for_each(|line| header(&mut headers, line))?;
    if let Some(accept) = &flags.accept {
        headers.insert(ACCEPT, value("A", accept)?);
    }
    flags.host.as_deref().map_or(Ok(()), |name| host(&mut headers, name))?;
    Ok(headers)
}

fn value(flag: &'static str, text: &str) -> Result<HeaderValue, HeyError> {
    let refuse =
        |error: &dyn ToString| HeyError::BadValue { flag, value: text.to_owned(), remedy: error.to_string() };
    HeaderValue::from_str(text).map_err(|error| refuse(&error))
}

/// The rate of all workers together; none means that the answers set the pace.
fn pace(flags: &Flags) -> Pace {
    let rate = flags.rate * f64::from(flags.workers);
    if rate > 0.0 {
        Pace::open(rate.clamp(0.001, MAX_RATE)).unwrap_or_else(Pace::closed)
    } else {
        Pace::closed()
    }
}

/// Each worker sends the same whole number of requests, as with `hey`.
fn count(flags: &Flags) -> Option<u64> {
    let each = flags.count / flags.workers;
    flags.duration.is_none().then(|| u64::from(each) * u64::from(flags.workers))
}

#[cfg(test)]
mod tests;
