//! The flags of `hey`, in the form that Go programs take: `-x value`, `-x=value`, with one dash or two.

use std::{str::FromStr, time::Duration};

use super::HeyError;

/// What the flags say; the defaults are `hey`'s.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Flags {
    /// `-z`; without it the load ends after `count`.
    pub(super) duration: Option<Duration>,
    /// `-q`: requests per second of each worker; no bound when zero.
    pub(super) rate: f64,
    /// `-c`.
    pub(super) workers: u32,
    /// `-n`.
    pub(super) count: u32,
    pub(super) method: String,
    pub(super) headers: Vec<String>,
    pub(super) host: Option<String>,
    pub(super) body: String,
    pub(super) content_type: String,
    pub(super) accept: Option<String>,
    pub(super) timeout: Option<Duration>,
    pub(super) keep_alive: bool,
    pub(super) follow: bool,
    pub(super) url: Option<String>,
}

impl Default for Flags {
    fn default() -> Self {
        Self {
            duration: None,
            rate: 0.0,
            workers: 50,
            count: 200,
            method: "GET".to_owned(),
            headers: Vec::new(),
            host: None,
            body: String::new(),
            content_type: "text/html".to_owned(),
            accept: None,
            timeout: Some(Duration::from_secs(20)),
            keep_alive: true,
            follow: true,
            url: None,
        }
    }
}

/// Reads flags up to the first argument that is none: the URL. What comes after it is ignored, as `hey` does.
pub(super) fn scan(arguments: &[String]) -> Result<Flags, HeyError> {
    let mut flags = Flags::default();
    let mut arguments = arguments.iter();
    while let Some(argument) = arguments.next() {
        let Some(flag) = argument.strip_prefix('-').filter(|flag| !flag.is_empty()) else {
            flags.url = Some(argument.clone());
            break;
        };
        if flag == "-" {
            flags.url = arguments.next().cloned();
            break;
        }
        let flag = flag.strip_prefix('-').unwrap_or(flag);
        let (name, value) = flag.split_once('=').map_or((flag, None), |(name, value)| (name, Some(value)));
        if flags.switch(name, value)? {
            continue;
        }
        let missing = || HeyError::MissingValue(name.to_owned());
        flags.set(name, || value.or_else(|| arguments.next().map(String::as_str)).ok_or_else(missing))?;
    }
    Ok(flags)
}

impl Flags {
    /// Sets a flag that takes no value. `false` when `name` is not one of those.
    fn switch(&mut self, name: &str, value: Option<&str>) -> Result<bool, HeyError> {
        let on = || boolean(value.unwrap_or("true"));
        match name {
            "disable-keepalive" => self.keep_alive = !on()?,
            "disable-redirects" => self.follow = !on()?,
            // Answers are not decompressed here in any case.
            "disable-compression" => _ = on()?,
            _ => return Ok(false),
        }
        Ok(true)
    }

    fn set<'a>(
        &mut self,
        name: &str,
        value: impl FnOnce() -> Result<&'a str, HeyError>,
    ) -> Result<(), HeyError> {
        match name {
            "z" => self.duration = Some(duration(value()?)?),
            "q" => self.rate = rate(value()?)?,
            "c" => self.workers = positive("c", value()?)?,
            "n" => self.count = positive("n", value()?)?,
            "m" => value()?.clone_into(&mut self.method),
            "H" => self.headers.push(value()?.to_owned()),
            "host" => self.host = Some(value()?.to_owned()),
            "d" => value()?.clone_into(&mut self.body),
            "T" => value()?.clone_into(&mut self.content_type),
            "A" => self.accept = Some(value()?.to_owned()),
            "t" => self.timeout = timeout(value()?)?,
            // How many processors `hey` may use: up to the runtime here.
            "cpus" => _ = positive("cpus", value()?)?,
            _ => return Err(HeyError::UnknownFlag(name.to_owned())),
        }
        Ok(())
    }
}

fn bad(flag: &'static str, value: &str, remedy: &(impl ToString + ?Sized)) -> HeyError {
    HeyError::BadValue { flag, value: value.to_owned(), remedy: remedy.to_string() }
}

fn boolean(text: &str) -> Result<bool, HeyError> {
    match text {
        "1" | "t" | "T" | "true" | "TRUE" | "True" => Ok(true),
        "0" | "f" | "F" | "false" | "FALSE" | "False" => Ok(false),
        _ => Err(bad("disable-…", text, "give true or false")),
    }
}

fn number<T: FromStr>(flag: &'static str, text: &str, remedy: &str) -> Result<T, HeyError> {
    text.parse().map_err(|_| bad(flag, text, remedy))
}

fn positive(flag: &'static str, text: &str) -> Result<u32, HeyError> {
    let remedy = "give a whole number of at least 1";
    number(flag, text, remedy)
        .and_then(|count| if count > 0 { Ok(count) } else { Err(bad(flag, text, remedy)) })
}

fn rate(text: &str) -> Result<f64, HeyError> {
    let remedy = "give requests per second of each worker, 0 for no bound";
    let rate: f64 = number("q", text, remedy)?;
    if rate.is_finite() && rate >= 0.0 { Ok(rate) } else { Err(bad("q", text, remedy)) }
}

fn timeout(text: &str) -> Result<Option<Duration>, HeyError> {
    let seconds: u32 = number("t", text, "give whole seconds, 0 for no bound")?;
    Ok((seconds > 0).then(|| Duration::from_secs(seconds.into())))
}

fn duration(text: &str) -> Result<Duration, HeyError> {
    let duration = serin_api::duration::parse(text).map_err(|error| bad("z", text, &error))?;
    let positive = duration.to_std().ok().filter(|duration| !duration.is_zero());
    positive.ok_or_else(|| bad("z", text, "it must be longer than zero"))
}
