//! What differs between two transcripts.

use std::{collections::BTreeSet, fmt};

use similar::{Algorithm, ChangeTag, capture_diff_slices};

use crate::{
    side::Side,
    transcript::{Topic, Transcript},
};

/// A line that only one side has, or has at another place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Difference {
    pub(crate) topic: Topic,
    /// Who has it.
    pub(crate) only: Side,
    pub(crate) line: String,
}

impl fmt::Display for Difference {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}: only {}: {}", self.topic, self.only, self.line)
    }
}

/// All that differs, topic by topic and in the order of the lines.
pub(crate) fn between(flagger: &Transcript, serin: &Transcript) -> Vec<Difference> {
    let topics: BTreeSet<&Topic> = flagger.topics().chain(serin.topics()).collect();
    topics.into_iter().flat_map(|topic| in_topic(topic, flagger.lines(topic), serin.lines(topic))).collect()
}

fn in_topic(topic: &Topic, flagger: &[String], serin: &[String]) -> Vec<Difference> {
    let lines = if topic.aspect.is_ordered() { in_order(flagger, serin) } else { in_sets(flagger, serin) };
    let difference =
        |(only, line): (Side, &String)| Difference { topic: topic.clone(), only, line: line.clone() };
    lines.into_iter().map(difference).collect()
}

fn in_order<'a>(flagger: &'a [String], serin: &'a [String]) -> Vec<(Side, &'a String)> {
    let operations = capture_diff_slices(Algorithm::Myers, flagger, serin);
    let changes = operations.iter().flat_map(|operation| operation.iter_changes(flagger, serin));
    let mut found = Vec::new();
    for change in changes {
        let (old, new) = (change.old_index(), change.new_index());
        match change.tag() {
            ChangeTag::Delete => {
                found.extend(old.and_then(|at| flagger.get(at)).map(|line| (Side::Flagger, line)));
            }
            ChangeTag::Insert => {
                found.extend(new.and_then(|at| serin.get(at)).map(|line| (Side::Serin, line)));
            }
            ChangeTag::Equal => {}
        }
    }
    found
}

fn in_sets<'a>(flagger: &'a [String], serin: &'a [String]) -> Vec<(Side, &'a String)> {
    let of = |side, lines: &'a [String], others: &'a [String]| {
        lines.iter().filter(|line| !others.contains(line)).map(move |line| (side, line)).collect::<Vec<_>>()
    };
    let mut found = [of(Side::Flagger, flagger, serin), of(Side::Serin, serin, flagger)].concat();
    found.sort_by_key(|(_, line)| *line);
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::transcript::Aspect;

    fn transcript(aspect: Aspect, lines: &[&str]) -> Transcript {
        let mut transcript = Transcript::default();
        for line in lines {
            transcript.add(Topic::new(aspect, ""), *line);
        }
        transcript
    }

    fn compare(aspect: Aspect, flagger: &[&str], serin: &[&str]) -> Vec<(Side, String)> {
        let found = between(&transcript(aspect, flagger), &transcript(aspect, serin));
        found.into_iter().map(|difference| (difference.only, difference.line)).collect()
    }

    #[test]
    fn equal_lines_are_no_difference() {
        assert_eq!(compare(Aspect::Phases, &["a", "b"], &["a", "b"]), []);
        assert_eq!(compare(Aspect::Objects, &["a", "b"], &["b", "a"]), []);
    }

    #[test]
    fn order_counts_where_it_means_something() {
        let moved = compare(Aspect::Route, &["100/0", "50/50", "100/0"], &["100/0", "100/0", "50/50"]);
        assert_eq!(moved.len(), 2);
        assert_eq!(moved[0].1, moved[1].1);
    }

    #[test]
    fn each_side_is_named_with_what_only_it_has() {
        let found = compare(Aspect::Metrics, &["a 1", "b 1"], &["b 2", "a 1"]);
        assert_eq!(found, [(Side::Flagger, "b 1".to_owned()), (Side::Serin, "b 2".to_owned())]);
    }

    #[test]
    fn a_topic_of_one_side_alone_differs_line_by_line() {
        let found = between(&Transcript::default(), &transcript(Aspect::Alerts, &["x"]));
        assert_eq!(found[0].to_string(), "alerts: only Serin: x");
    }
}
