//! What one operator did in one scenario, as lines of text: what is compared, printed and matched.

use std::{collections::BTreeMap, fmt, str::FromStr};

use anyhow::{Result, bail};
use serde::Deserialize;

pub(crate) mod flat;
pub(crate) mod metrics;
pub(crate) mod objects;
pub(crate) mod sequences;
pub(crate) mod waits;
pub(crate) mod wire;

/// What a topic's name follows in a written transcript.
const HEADING: &str = "== ";

/// A kind of thing that an operator is seen by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Aspect {
    /// Whether the scenario could be played to its end.
    Story,
    /// The phases of the Canary, in order.
    Phases,
    /// Phase, weight, iterations and failed checks of the Canary, in order.
    Status,
    /// The conditions of the Canary, in order.
    Conditions,
    /// The split of the route, in order.
    Route,
    /// The replicas of each workload, in order.
    Replicas,
    /// The events on the Canary, in the order of their first sight.
    Events,
    /// What the event webhook is told, in order.
    Told,
    /// The payloads of each webhook, in order.
    Hooks,
    /// The messages to each alert channel, in order.
    Alerts,
    /// The queries that a metric server is asked.
    Queries,
    /// The exported series.
    Metrics,
    /// The objects at a point of the story.
    Objects,
}

impl Aspect {
    /// Whether the order of its lines means something.
    pub(crate) fn is_ordered(self) -> bool {
        !matches!(self, Self::Queries | Self::Metrics | Self::Objects)
    }
}

/// An aspect of one thing, such as the payloads of one webhook.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Topic {
    pub(crate) aspect: Aspect,
    /// Which one of several; empty when there is only one.
    pub(crate) of: String,
}

impl Topic {
    pub(crate) fn new(aspect: Aspect, of: impl Into<String>) -> Self {
        Self { aspect, of: of.into() }
    }
}

impl fmt::Display for Topic {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}", format!("{:?}", self.aspect).to_lowercase())?;
        if self.of.is_empty() { Ok(()) } else { write!(formatter, " {}", self.of) }
    }
}

/// Lines by topic.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Transcript(BTreeMap<Topic, Vec<String>>);

impl Transcript {
    /// Adds a line to the end of a topic.
    pub(crate) fn add(&mut self, topic: Topic, line: impl Into<String>) {
        self.0.entry(topic).or_default().push(line.into());
    }

    /// Adds a line unless the topic ends with it: the same again is no news.
    pub(crate) fn add_news(&mut self, topic: Topic, line: impl Into<String>) {
        let (lines, line) = (self.0.entry(topic).or_default(), line.into());
        if lines.last() != Some(&line) {
            lines.push(line);
        }
    }

    /// Adds a line unless the topic has it.
    pub(crate) fn add_once(&mut self, topic: Topic, line: impl Into<String>) {
        let (lines, line) = (self.0.entry(topic).or_default(), line.into());
        if !lines.contains(&line) {
            lines.push(line);
        }
    }

    /// Takes lines out. The same again is no news then either.
    pub(crate) fn leave_out(&mut self, aspects: &[Aspect], out: impl Fn(&str) -> bool) {
        for (topic, lines) in &mut self.0 {
            if aspects.contains(&topic.aspect) {
                lines.retain(|line| !out(line));
                lines.dedup();
            }
        }
        self.0.retain(|_, lines| !lines.is_empty());
    }

    /// The lines of a topic; none when nothing was seen of it.
    pub(crate) fn lines(&self, topic: &Topic) -> &[String] {
        self.0.get(topic).map_or(&[], Vec::as_slice)
    }

    /// The topics that have lines.
    pub(crate) fn topics(&self) -> impl Iterator<Item = &Topic> {
        self.0.keys()
    }

    /// All that the other has too.
    pub(crate) fn extend(&mut self, other: Self) {
        for (topic, lines) in other.0 {
            self.0.entry(topic).or_default().extend(lines);
        }
    }
}

/// What [`Display`](fmt::Display) has written.
impl FromStr for Transcript {
    type Err = anyhow::Error;

    fn from_str(text: &str) -> Result<Self> {
        let (mut transcript, mut topic) = (Self::default(), None);
        for line in text.lines() {
            match (line.strip_prefix(HEADING), &topic) {
                (Some(heading), _) => topic = Some(heading.parse::<Topic>()?),
                (None, Some(topic)) => transcript.add(Topic::clone(topic), line),
                (None, None) => bail!("a line without a topic: {line}"),
            }
        }
        Ok(transcript)
    }
}

impl FromStr for Topic {
    type Err = anyhow::Error;

    fn from_str(text: &str) -> Result<Self> {
        let (aspect, of) = text.split_once(' ').unwrap_or((text, ""));
        Ok(Self::new(serde_json::from_value(aspect.into())?, of))
    }
}

impl fmt::Display for Transcript {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (topic, lines) in &self.0 {
            writeln!(formatter, "{HEADING}{topic}")?;
            lines.iter().try_for_each(|line| writeln!(formatter, "{line}"))?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_can_be_read() {
        let mut transcript = Transcript::default();
        transcript.add(Topic::new(Aspect::Phases, ""), "Initialized");
        transcript.add(Topic::new(Aspect::Objects, "the end"), "Service a.b = c");
        assert_eq!(transcript.to_string().parse::<Transcript>().unwrap(), transcript);
    }

    #[test]
    fn the_same_again_is_no_news() {
        let mut transcript = Transcript::default();
        let topic = || Topic::new(Aspect::Phases, "");
        for phase in ["Failed", "Failed", "Progressing", "Failed"] {
            transcript.add_news(topic(), phase);
        }
        assert_eq!(transcript.lines(&topic()), ["Failed", "Progressing", "Failed"]);
    }
}
