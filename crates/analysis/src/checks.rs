//! Which checks an analysis runs, in which order, and against which bounds.

use serin_api::canary::{CanaryMetric, CrossNamespaceRef};

use crate::builtin::{Builtin, Observer, PodNames, observer};
use crate::criterion::Criterion;
use crate::outcome::{Outcome, SetupError, TemplateName};
use crate::template::{TemplateModel, render};

/// The interval of a metric that sets none.
pub const DEFAULT_INTERVAL: &str = "1m";

/// What the checks of one Canary have in common.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Subject {
    /// The Canary's names; `interval` and `variables` come from each metric.
    pub model: TemplateModel,
    /// See [`crate::builtin::metrics_provider`].
    pub metrics_provider: String,
    /// How the target's pods are named.
    pub pods: PodNames,
}

/// One check of an analysis.
#[derive(Debug, Clone, PartialEq)]
pub struct Check {
    /// `name` of the metric.
    pub metric: String,
    /// What the value means, and so how it is judged.
    pub kind: CheckKind,
    /// Where the value comes from.
    pub source: Source,
    /// What the value is held against: a percentage, milliseconds, or the query's own unit.
    pub criterion: Criterion,
    /// The names in queries and messages; `interval` and `variables` are this metric's.
    pub model: TemplateModel,
    /// The provider in messages about missing values.
    pub metrics_provider: String,
}

/// What a check's value means.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum CheckKind {
    /// The built-in percentage of requests that did not fail.
    SuccessRate(Observer),
    /// The built-in duration of requests.
    Duration(Observer),
    /// The metric's own `query`.
    Inline,
    /// The query of a MetricTemplate.
    Template,
}

/// Where a check's value comes from.
#[derive(Debug, Clone, PartialEq)]
pub enum Source {
    /// Ask the metrics server (`spec.metricsServer`, or the operator's) this PromQL.
    Query(String),
    /// Find the MetricTemplate, render its query with [`Check::render`], ask its provider.
    Template(TemplateName),
    /// There is nothing to ask: this is the outcome.
    Settled(Outcome),
}

/// The checks of `analysis.metrics`: first the built-in and inline ones in the order of the manifest, then those of
/// templates. One metric can yield several.
pub fn plan(metrics: &[CanaryMetric], subject: &Subject) -> Vec<Check> {
    let direct = metrics.iter().flat_map(|metric| [builtin(metric, subject), inline(metric, subject)]);
    let resolved = metrics.iter().map(|metric| template(metric, subject));
    direct.chain(resolved).flatten().collect()
}

impl Check {
    /// The query of a MetricTemplate for this check, as it is sent: as written, without white space around it.
    ///
    /// # Errors
    /// The event text to report when the template does not render.
    pub fn render(&self, template: &TemplateName, query: &str) -> Result<String, SetupError> {
        render(query, &self.model)
            .map(trimmed)
            .map_err(|error| SetupError::Render { template: template.clone(), error: error.to_string() })
    }
}

fn builtin(metric: &CanaryMetric, subject: &Subject) -> Option<Check> {
    let check = Builtin::named(&metric.name)?;
    let observer = observer(&subject.metrics_provider);
    let kind = match check {
        Builtin::SuccessRate => CheckKind::SuccessRate(observer),
        Builtin::Duration => CheckKind::Duration(observer),
    };
    Some(new(metric, subject, kind, |model| query_or_error(observer.query(check, subject.pods, model))))
}

fn inline(metric: &CanaryMetric, subject: &Subject) -> Option<Check> {
    let query = inline_query(metric)?;
    Some(new(metric, subject, CheckKind::Inline, |model| query_or_error(render(query, model))))
}

fn template(metric: &CanaryMetric, subject: &Subject) -> Option<Check> {
    let source = match &metric.template_ref {
        Some(reference) => Source::Template(named(reference, &subject.model.namespace)),
        None if Builtin::named(&metric.name).is_some() || inline_query(metric).is_some() => return None,
        None => Source::Settled(Outcome::Setup(SetupError::NothingToQuery)),
    };
    Some(new(metric, subject, CheckKind::Template, |_| source))
}

fn new(
    metric: &CanaryMetric,
    subject: &Subject,
    kind: CheckKind,
    source: impl FnOnce(&TemplateModel) -> Source,
) -> Check {
    let interval = metric.interval.as_deref().filter(|interval| !interval.is_empty());
    let model = TemplateModel {
        interval: interval.unwrap_or(DEFAULT_INTERVAL).to_owned(),
        variables: metric.template_variables.clone().unwrap_or_default(),
        ..subject.model.clone()
    };
    Check {
        metric: metric.name.clone(),
        kind,
        source: source(&model),
        criterion: Criterion::of(metric, matches!(kind, CheckKind::SuccessRate(_))),
        model,
        metrics_provider: subject.metrics_provider.clone(),
    }
}

fn query_or_error(query: Result<String, crate::template::TemplateError>) -> Source {
    match query {
        Ok(query) => Source::Query(trimmed(query)),
        Err(error) => Source::Settled(Outcome::Error(format!("rendering query failed: {error}"))),
    }
}

/// YAML's `query: |` ends with a line break, which is no part of the query.
fn trimmed(query: String) -> String {
    if query.trim().len() == query.len() { query } else { query.trim().to_owned() }
}

fn inline_query(metric: &CanaryMetric) -> Option<&str> {
    metric.query.as_deref().filter(|query| !query.is_empty())
}

pub(crate) fn named(reference: &CrossNamespaceRef, own: &str) -> TemplateName {
    TemplateName { name: reference.name.clone(), namespace: reference.namespace_or(own).to_owned() }
}

#[cfg(test)]
mod tests;
