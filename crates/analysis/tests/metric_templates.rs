//! The shipped metric templates decode, render and are PromQL.

#![expect(clippy::unwrap_used, reason = "helpers of tests may panic as tests do")]

use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};

use serin_analysis::TemplateModel;
use serin_analysis::template::{collapse_whitespace, render};
use serin_api::MetricTemplate;

fn files() -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../metric-templates");
    let folders = fs::read_dir(root).unwrap().map(|entry| entry.unwrap().path()).filter(|path| path.is_dir());
    let mut files: Vec<_> =
        folders.flat_map(|folder| fs::read_dir(folder).unwrap()).map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files
}

fn model() -> TemplateModel {
    TemplateModel {
        name: "podinfo".into(),
        namespace: "test".into(),
        target: "podinfo".into(),
        service: "podinfo-web".into(),
        ingress: "podinfo".into(),
        route: "podinfo".into(),
        interval: "1m".into(),
        ..TemplateModel::default()
    }
}

#[test]
fn every_template_is_promql() {
    let mut queries = String::new();
    for file in files() {
        let template: MetricTemplate = serde_saphyr::from_str(&fs::read_to_string(&file).unwrap()).unwrap();
        assert_eq!(template.metadata.name.as_deref(), file.file_stem().and_then(|stem| stem.to_str()));
        let query = collapse_whitespace(&render(&template.spec.query, &model()).unwrap());
        promql_parser::parser::parse(&query).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
        let folder = file.parent().unwrap().file_name().unwrap().to_string_lossy().into_owned();
        writeln!(queries, "{folder}/{}\n{query}\n", template.metadata.name.unwrap()).unwrap();
    }
    insta::assert_snapshot!(queries);
}
