//! Counting answers.

use std::{
    collections::BTreeMap,
    error::Error,
    fmt,
    time::{Duration, Instant},
};

use chrono::{DateTime, Utc};
use reqwest::Response;
use serde_json::Value;

use super::UPSTREAM;

/// Failures of each pod, and of none, that are kept with their details unless more are asked for.
const SAMPLES: usize = 40;

/// How a request ended.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum RequestEnd {
    /// An answer with this status.
    Status(u16),
    /// No answer, and why.
    Nothing(String),
}

impl fmt::Display for RequestEnd {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Status(status) => write!(formatter, "{status}"),
            Self::Nothing(why) => formatter.write_str(why),
        }
    }
}

/// What is known of an answer.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Answer {
    /// How the request ended.
    pub outcome: RequestEnd,
    /// Address of the pod that answered, as the gateway names it.
    pub pod: Option<String>,
    /// The version that podinfo says it is.
    pub version: Option<String>,
}

impl Answer {
    /// Whether the user got what was asked for.
    pub fn is_ok(&self) -> bool {
        matches!(self.outcome, RequestEnd::Status(200..=299))
    }

    pub(super) async fn read(response: Response) -> Self {
        let status = response.status().as_u16();
        let upstream = response.headers().get(UPSTREAM).and_then(|value| value.to_str().ok());
        let pod = upstream.and_then(|host| host.rsplit_once(':')).map(|(ip, _)| ip.to_owned());
        match response.json::<Value>().await {
            Ok(body) => {
                let version = body["version"].as_str().map(str::to_owned);
                Self { outcome: RequestEnd::Status(status), pod, version }
            }
            // Not JSON is an answer too; a body that was cut short is not.
            Err(error) if error.is_decode() => {
                Self { outcome: RequestEnd::Status(status), pod, version: None }
            }
            Err(error) => Self { outcome: RequestEnd::Nothing(root(&error)), pod, version: None },
        }
    }

    pub(super) fn none(error: &reqwest::Error) -> Self {
        Self { outcome: RequestEnd::Nothing(root(error)), pod: None, version: None }
    }
}

/// The innermost cause: the outer ones repeat the URL.
fn root(error: &reqwest::Error) -> String {
    let mut cause: &dyn Error = error;
    while let Some(inner) = cause.source() {
        cause = inner;
    }
    cause.to_string()
}

/// A failed request.
#[derive(Clone, Debug)]
pub struct Failure {
    /// When the answer came, or was given up.
    pub at: Instant,
    /// The same moment, by the clock that the gateway's log goes by.
    pub time: DateTime<Utc>,
    /// How long it took.
    pub took: Duration,
    /// What came.
    pub answer: Answer,
}

/// What was counted.
#[derive(Clone, Debug)]
pub struct Tally {
    /// Answers by what is known of them.
    pub answers: BTreeMap<Answer, u64>,
    /// Requests that were due and not sent, because too many were under way.
    pub held_back: u64,
    /// The first failures of each pod, and of none.
    pub failures: Vec<Failure>,
    /// How many failures of each are kept.
    pub samples: usize,
    /// The longest wait for an answer.
    pub slowest: Duration,
}

impl Default for Tally {
    fn default() -> Self {
        Self {
            answers: BTreeMap::new(),
            held_back: 0,
            failures: Vec::new(),
            samples: SAMPLES,
            slowest: Duration::ZERO,
        }
    }
}

impl Tally {
    pub(super) fn add(&mut self, answer: Answer, took: Duration) {
        self.slowest = self.slowest.max(took);
        if !answer.is_ok() && self.samples_of(&answer) < self.samples {
            let answer = answer.clone();
            self.failures.push(Failure { at: Instant::now(), time: Utc::now(), took, answer });
        }
        *self.answers.entry(answer).or_default() += 1;
    }

    /// A version that fails must not hide the one failure of another.
    fn samples_of(&self, answer: &Answer) -> usize {
        self.failures.iter().filter(|failure| failure.answer.pod == answer.pod).count()
    }

    /// All answers.
    pub fn requests(&self) -> u64 {
        self.answers.values().sum()
    }

    /// Answers other than 2xx, and requests without an answer.
    pub fn failed(&self) -> u64 {
        self.count(|answer| !answer.is_ok())
    }

    /// Good answers of a version.
    pub fn served_by(&self, version: &str) -> u64 {
        self.count(|answer| answer.is_ok() && answer.version.as_deref() == Some(version))
    }

    /// Answers with a property.
    pub fn count(&self, property: impl Fn(&Answer) -> bool) -> u64 {
        self.answers.iter().filter(|(answer, _)| property(answer)).map(|(_, count)| count).sum()
    }
}
