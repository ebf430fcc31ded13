//! The series that an operator exports.

use super::{Aspect, Topic, Transcript};
use crate::normal::Normal;

/// Series whose value is a measurement of time: only their names and labels are compared.
const MEASURED: [&str; 1] = ["flagger_canary_duration_seconds"];

/// Flagger's series of an exposition, each with its value, and their types.
pub(crate) fn of(exposition: &str, normal: &mut Normal) -> Transcript {
    let mut transcript = Transcript::default();
    let mut add = |text: String| transcript.add_once(Topic::new(Aspect::Metrics, ""), text);
    for line in exposition.lines() {
        match line.strip_prefix("# TYPE ") {
            None if line.starts_with("flagger_") => add(normal.text(&series(line))),
            Some(family) if family.starts_with("flagger_") => add(format!("type of {family}")),
            _ => {}
        }
    }
    transcript
}

fn series(line: &str) -> String {
    let Some((series, value)) = line.rsplit_once(' ') else { return line.to_owned() };
    let (name, labels) = series.split_once('{').unwrap_or((series, ""));
    let mut labels: Vec<&str> = split(labels.trim_end_matches('}')).into_iter().map(label).collect();
    labels.sort_unstable();
    let labels = labels.join(",");
    let measured = MEASURED.iter().any(|measured| name.starts_with(measured));
    if measured { format!("{name}{{{labels}}}") } else { format!("{name}{{{labels}}} {}", number(value)) }
}

/// A label. Each operator has its own version.
fn label(label: &str) -> &str {
    if label.starts_with("version=") { "version=\"VERSION\"" } else { label }
}

/// The labels; a comma in a value does not part them.
fn split(labels: &str) -> Vec<&str> {
    let mut quoted = false;
    let parts = labels.split(move |letter| {
        quoted ^= letter == '"';
        letter == ',' && !quoted
    });
    parts.filter(|label| !label.is_empty()).collect()
}

/// `1.0` and `1` are one number.
fn number(text: &str) -> String {
    text.parse::<f64>().map_or_else(|_| text.to_owned(), |number| number.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(text: &str) -> Vec<String> {
        of(text, &mut Normal::new(&[]).unwrap()).lines(&Topic::new(Aspect::Metrics, "")).to_vec()
    }

    #[test]
    fn neither_the_order_of_labels_nor_the_form_of_values_counts() {
        let go = lines("flagger_x{a=\"1,2\",b=\"3\"} 1\ngo_info 1");
        assert_eq!(go, lines("flagger_x{b=\"3\",a=\"1,2\"} 1.0"));
        assert_eq!(go, ["flagger_x{a=\"1,2\",b=\"3\"} 1"]);
    }

    #[test]
    fn what_is_measured_is_compared_by_its_labels() {
        assert_eq!(
            lines("flagger_canary_duration_seconds_sum{name=\"a\"} 0.2"),
            ["flagger_canary_duration_seconds_sum{name=\"a\"}"]
        );
    }

    #[test]
    fn types_and_bounds_count() {
        let text = "# HELP flagger_x Text\n# TYPE flagger_x histogram\nflagger_x_bucket{le=\"5\"} 1\n# TYPE go_x gauge";
        assert_eq!(lines(text), ["type of flagger_x histogram", "flagger_x_bucket{le=\"5\"} 1"]);
    }
}
