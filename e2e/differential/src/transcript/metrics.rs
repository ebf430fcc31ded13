//! The series that an operator exports.

use super::{Aspect, Topic, Transcript};
use crate::normal::Normal;

/// Series whose value is a measurement of time: only their names and labels are compared.
const MEASURED: [&str; 1] = ["flagger_canary_duration_seconds"];

/// The Flagger's series of an exposition, each with its value.
pub(crate) fn of(exposition: &str, normal: &mut Normal) -> Transcript {
    let mut transcript = Transcript::default();
    for line in exposition.lines().filter(|line| line.starts_with("flagger_")) {
        let line = series(line);
        transcript.add_once(Topic::new(Aspect::Metrics, ""), normal.text(&line));
    }
    for family in exposition.lines().filter_map(|line| line.strip_prefix("# TYPE ")) {
        if family.starts_with("flagger_") {
            transcript.add_once(Topic::new(Aspect::Metrics, ""), format!("type of {}", counted(family)));
        }
    }
    transcript
}

fn series(line: &str) -> String {
    let Some((series, value)) = line.rsplit_once(' ') else { return line.to_owned() };
    let (name, labels) = series.split_once('{').unwrap_or((series, ""));
    let mut labels: Vec<String> = split(labels.trim_end_matches('}')).into_iter().map(bound).collect();
    labels.sort_unstable();
    let labels = labels.join(",");
    let measured = MEASURED.iter().any(|measured| name.starts_with(measured));
    if measured { format!("{name}{{{labels}}}") } else { format!("{name}{{{labels}}} {}", number(value)) }
}

/// `OpenMetrics` names a counter without the `_total` of its series.
fn counted(family: &str) -> String {
    match family.strip_suffix(" counter") {
        Some(name) => format!("{}_total counter", name.trim_end_matches("_total")),
        None => family.to_owned(),
    }
}

/// A label. Each operator has its own version; Prometheus 3 reads the bounds of histograms as numbers.
fn bound(label: &str) -> String {
    if label.starts_with("version=") {
        return "version=\"VERSION\"".to_owned();
    }
    match label.strip_prefix("le=\"").and_then(|label| label.strip_suffix('"')) {
        Some(value) if value != "+Inf" => format!("le=\"{}\"", number(value)),
        _ => label.to_owned(),
    }
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
    fn neither_the_order_of_labels_nor_the_form_of_numbers_counts() {
        let go = lines("flagger_x{b=\"1,2\",a=\"3\"} 1\ngo_info 1");
        assert_eq!(go, lines("flagger_x{a=\"3\",b=\"1,2\"} 1.0"));
        assert_eq!(go, ["flagger_x{a=\"3\",b=\"1,2\"} 1"]);
    }

    #[test]
    fn what_is_measured_is_compared_by_its_labels() {
        assert_eq!(
            lines("flagger_canary_duration_seconds_sum{name=\"a\"} 0.2"),
            ["flagger_canary_duration_seconds_sum{name=\"a\"}"]
        );
    }

    #[test]
    fn types_count_whichever_form_the_text_has() {
        assert_eq!(lines("# TYPE flagger_x gauge"), ["type of flagger_x gauge"]);
        assert_eq!(lines("# TYPE flagger_x_total counter"), lines("# TYPE flagger_x counter"));
        assert_eq!(lines("flagger_x_bucket{le=\"5.0\"} 1"), lines("flagger_x_bucket{le=\"5\"} 1"));
    }
}
