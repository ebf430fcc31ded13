//! The figures in the form in which Go's clients, and so Flagger, export them.

use std::collections::BTreeSet;

/// What scrapers are told about the form.
pub(crate) const CONTENT_TYPE: &str = "text/plain; version=0.0.4; charset=utf-8";

/// `OpenMetrics` as the older text format 0.0.4, which every scraper reads.
///
/// Counters have their suffix in their descriptions too, descriptions end as they were given, and bounds of buckets
/// that are whole numbers are written as such: `le="1"`, not `le="1.0"`, which is another series.
pub(super) fn plain(open_metrics: &str) -> String {
    let counters: BTreeSet<&str> = open_metrics
        .lines()
        .filter_map(|line| line.strip_prefix("# TYPE ")?.strip_suffix(" counter"))
        .collect();
    let lines = open_metrics.lines().filter_map(|line| plain_line(line, &counters));
    lines.flat_map(|line| [line, "\n".to_owned()]).collect()
}

fn plain_line(line: &str, counters: &BTreeSet<&str>) -> Option<String> {
    let Some(comment) = line.strip_prefix("# ") else { return Some(whole_bounds(line)) };
    let mut words = comment.splitn(3, ' ');
    let (keyword, name, text) = (words.next()?, words.next()?, words.next()?);
    let suffix = if counters.contains(name) { "_total" } else { "" };
    match keyword {
        "HELP" => Some(format!("# HELP {name}{suffix} {}", text.strip_suffix('.').unwrap_or(text))),
        "TYPE" => Some(format!("# TYPE {name}{suffix} {text}")),
        _ => None,
    }
}

fn whole_bounds(line: &str) -> String {
    let Some((before, rest)) = line.split_once("le=\"") else { return line.to_owned() };
    let Some((bound, after)) = rest.split_once('"') else { return line.to_owned() };
    format!("{before}le=\"{}\"{after}", bound.strip_suffix(".0").unwrap_or(bound))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn is_that_of_gos_clients() {
        let open_metrics = "# HELP x Things that happened.\n\
                            # TYPE x counter\n\
                            x_total{name=\"a.0\"} 3\n\
                            # HELP y_seconds Seconds spent..\n\
                            # TYPE y_seconds histogram\n\
                            # UNIT y_seconds seconds\n\
                            y_seconds_bucket{le=\"0.5\",name=\"a\"} 1\n\
                            y_seconds_bucket{le=\"1.0\",name=\"a\"} 1\n\
                            y_seconds_bucket{le=\"+Inf\",name=\"a\"} 1\n\
                            # EOF\n";
        let expected = "# HELP x_total Things that happened\n\
                        # TYPE x_total counter\n\
                        x_total{name=\"a.0\"} 3\n\
                        # HELP y_seconds Seconds spent.\n\
                        # TYPE y_seconds histogram\n\
                        y_seconds_bucket{le=\"0.5\",name=\"a\"} 1\n\
                        y_seconds_bucket{le=\"1\",name=\"a\"} 1\n\
                        y_seconds_bucket{le=\"+Inf\",name=\"a\"} 1\n";
        assert_eq!(plain(open_metrics), expected);
    }
}
