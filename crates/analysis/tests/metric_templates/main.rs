//! The shipped metric templates: they decode, say what they need, are PromQL, read labels that exist, and tell the
//! canary from everything beside it.

#![expect(clippy::unwrap_used, clippy::panic, reason = "helpers of tests may panic as tests do")]

mod catalogue;
mod queries;

use std::fs;
use std::path::Path;
use std::time::Duration;

use promql_parser::parser::{Expr, parse};
use serin_analysis::TemplateModel;
use serin_analysis::template::render;
use serin_api::MetricTemplate;
use serin_api::canary::ThresholdRange;

use catalogue::{DATA_PLANES, LABELS, SIGNALS, WORKLOAD};

const INTERVAL: Duration = Duration::from_secs(90);

/// A file of `metric-templates/`.
struct File {
    /// `<data plane>/<name>`
    id: String,
    /// The comment at its top, a line each.
    header: Vec<String>,
    template: MetricTemplate,
}

impl File {
    fn read(path: &Path) -> Self {
        let text = fs::read_to_string(path).unwrap();
        let folder = path.parent().unwrap().file_name().unwrap().to_string_lossy().into_owned();
        Self {
            id: format!("{folder}/{}", path.file_stem().unwrap().to_string_lossy()),
            header: text.lines().map_while(|line| line.strip_prefix('#')).map(str::to_owned).collect(),
            template: serde_saphyr::from_str(&text).unwrap(),
        }
    }

    fn data_plane(&self) -> &str {
        self.id.split_once('/').unwrap().0
    }

    fn query(&self) -> String {
        render(&self.template.spec.query, &model()).unwrap().trim().to_owned()
    }

    fn parsed(&self) -> Expr {
        parse(&self.query()).unwrap_or_else(|error| panic!("{}: {error}", self.id))
    }

    /// The header's text under a key, continued over lines that are indented.
    fn stated(&self, key: &str) -> String {
        let mut lines = self.header.iter().skip_while(|line| !line.starts_with(&format!(" {key}:")));
        let first = lines.next().unwrap_or_else(|| panic!("{} does not state its {key}", self.id));
        let more = lines.take_while(|line| line.starts_with("     "));
        let text = std::iter::once(&first[key.len() + 2..]).chain(more.map(String::as_str));
        text.map(str::trim).collect::<Vec<_>>().join(" ")
    }
}

fn files() -> Vec<File> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../metric-templates");
    let folders = fs::read_dir(root).unwrap().map(|entry| entry.unwrap().path()).filter(|path| path.is_dir());
    let files = folders.flat_map(|folder| fs::read_dir(folder).unwrap());
    let mut files: Vec<_> = files.map(|entry| File::read(&entry.unwrap().path())).collect();
    files.sort_by(|a, b| a.id.cmp(&b.id));
    files
}

fn model() -> TemplateModel {
    TemplateModel {
        name: "shop".into(),
        namespace: "prod".into(),
        target: "web".into(),
        service: "store".into(),
        ingress: "in".into(),
        route: "out".into(),
        interval: "90s".into(),
        ..TemplateModel::default()
    }
}

#[test]
fn every_data_plane_has_every_signal() {
    let all =
        DATA_PLANES.iter().flat_map(|plane| SIGNALS.iter().map(move |signal| format!("{plane}/{signal}")));
    let mut expected: Vec<_> = all.chain(WORKLOAD.iter().map(|name| format!("workload/{name}"))).collect();
    expected.sort();
    assert_eq!(files().iter().map(|file| file.id.clone()).collect::<Vec<_>>(), expected);
}

#[test]
fn every_template_is_named_as_its_file_and_asks_a_prometheus() {
    for file in files() {
        let name = file.template.metadata.name.as_deref();
        assert_eq!(name, file.id.split_once('/').map(|(_, name)| name), "{}", file.id);
        assert_eq!(file.template.spec.provider.type_, "prometheus", "{}", file.id);
        assert!(
            file.template.spec.provider.address.unwrap().starts_with("http://prometheus."),
            "{}",
            file.id
        );
    }
}

#[test]
fn every_template_says_what_it_needs_and_what_is_usual() {
    for file in files() {
        let (metrics, needs) = (file.stated("Metrics"), file.stated("Needs"));
        for metric in queries::metrics(&file.parsed()) {
            let family = metric.trim_end_matches("_bucket");
            assert!(metrics.contains(family), "{}: {metric} is not among {metrics}", file.id);
        }
        assert!(!needs.is_empty(), "{}", file.id);
        let unit = file.stated("Unit");
        assert_eq!(unit.starts_with("seconds"), file.id.contains("latency"), "{}: {unit}", file.id);
        let threshold = file.stated("Threshold");
        let bounds = threshold.split_once(" (").map_or(threshold.as_str(), |(bounds, _)| bounds);
        let range: ThresholdRange = serde_saphyr::from_str(bounds).unwrap();
        assert_eq!(range.min.is_some(), file.id.ends_with("success-rate"), "{}: {threshold}", file.id);
        assert_eq!(range.max.is_some(), range.min.is_none(), "{}: {threshold}", file.id);
    }
}

#[test]
fn every_template_is_promql() {
    let mut text = Vec::new();
    for file in files() {
        file.parsed();
        text.push(format!("{}\n{}", file.id, file.query()));
    }
    insta::assert_snapshot!(text.join("\n\n"));
}

#[test]
fn every_template_yields_one_series() {
    for file in files() {
        assert!(
            queries::is_single(&file.parsed()),
            "{} can yield several series: the last would count",
            file.id
        );
    }
}

#[test]
fn every_range_is_the_interval_of_the_metric() {
    for file in files() {
        let ranges = queries::ranges(&file.parsed());
        assert!(ranges.iter().all(|range| *range == INTERVAL), "{}: {ranges:?}", file.id);
        let at_once = file.id == "workload/memory";
        assert_eq!(ranges.is_empty(), at_once, "{} does not use {{{{ interval }}}}", file.id);
    }
}

#[test]
fn only_labels_that_the_metric_has_are_read() {
    for file in files() {
        for selector in queries::selectors(&file.parsed()) {
            let metric = selector.name.clone().unwrap();
            let (_, known) =
                LABELS.iter().find(|(name, _)| *name == metric).unwrap_or_else(|| panic!("{metric}"));
            for matcher in &selector.matchers.matchers {
                assert!(
                    known.contains(&matcher.name.as_str()),
                    "{}: {metric} has no {}",
                    file.id,
                    matcher.name
                );
            }
        }
    }
}

#[test]
fn quantiles_are_those_of_their_names() {
    for file in files().iter().filter(|file| file.id.contains("latency-p")) {
        let quantile: f64 = file.id.rsplit_once("-p").unwrap().1.parse().unwrap();
        assert!((queries::quantile(&file.parsed()).unwrap() * 100.0 - quantile).abs() < 1e-9, "{}", file.id);
    }
}

#[test]
fn the_canary_is_told_from_everything_beside_it() {
    for file in files() {
        let samples = catalogue::samples(file.data_plane());
        for selector in queries::selectors(&file.parsed()) {
            for sample in samples.iter().filter(|sample| sample.concerns(&selector)) {
                let found = sample.matches(&selector);
                assert_eq!(found, sample.canary, "{}: {:?} {:?}", file.id, selector.name, sample.labels);
            }
        }
        let identified = |selector| samples.iter().any(|sample| sample.concerns(selector));
        assert!(queries::selectors(&file.parsed()).iter().any(identified), "{} selects no canary", file.id);
    }
}
