//! Answers to what a plan has to know first.

use std::collections::BTreeSet;

use futures::future::join_all;
use serde::Deserialize;
use serin_analysis::{
    CheckOutcome, Outcome, SetupError, Source, TemplateName,
    availability::{Probe, Unavailable, probes},
    checks::{self, Check},
};
use serin_api::{
    Canary, MetricTemplate,
    metric_template::{MetricTemplateProvider, MetricTemplateSpec},
};
use serin_core::{
    Rollout, Seen,
    observe::{Answers, HookAnswer},
    plan::{Ask, HookCall, Judged},
    rollout::Hook,
};
use serin_notify::{Payload, WebhookError};
use serin_providers::{Credentials, Provider, Setup, outcome};

use crate::{
    clock, context::Context, error::decoding, events, key::Key, kind::Kind, metrics_server, observe, subject,
};

/// Answers the asks of one plan, all at the same time.
pub(crate) async fn answer(
    ctx: &Context,
    canary: &Canary,
    rollout: &Rollout,
    asks: &[Ask],
    answers: &mut Answers,
) {
    for found in join_all(asks.iter().map(|ask| one(ctx, canary, rollout, ask))).await {
        match found {
            Answer::Hook(hook, answer) => drop(answers.hooks.insert(hook, answer)),
            Answer::Checks(outcomes) => answers.checks = outcomes,
            Answer::Providers(result) => answers.providers = Some(result),
        }
    }
}

enum Answer {
    Hook(Hook, HookAnswer),
    Checks(Vec<(Check, CheckOutcome)>),
    Providers(Result<(), String>),
}

async fn one(ctx: &Context, canary: &Canary, rollout: &Rollout, ask: &Ask) -> Answer {
    match ask {
        Ask::Hook { hook: asked, phase } => {
            let call = HookCall { index: asked.index, phase: *phase };
            let answer = match hook(ctx, canary, &call).await {
                Ok(()) => HookAnswer::Pass,
                Err(why) => HookAnswer::Fail(why),
            };
            Answer::Hook(asked.clone(), answer)
        }
        Ask::Checks(checks) => Answer::Checks(run_checks(ctx, canary, rollout, checks).await),
        Ask::Providers => Answer::Providers(find_providers(ctx, rollout).await),
    }
}

/// Calls one webhook. The error is what it says.
///
/// # Errors
/// When the hook does not agree.
pub(crate) async fn hook(ctx: &Context, canary: &Canary, call: &HookCall) -> Result<(), String> {
    let Some(hook) = canary.spec.analysis.webhooks.get(call.index) else {
        return Err(format!("there is no webhook {}", call.index));
    };
    let payload = Payload::for_hook(&subject::of(canary), call.phase, hook);
    let result = ctx.webhooks.call(hook, &payload).await;
    let canary = events::name(canary);
    let refused = result.as_ref().err().map(WebhookError::redacted);
    tracing::debug!(canary, webhook = hook.name, phase = %call.phase, refused, "webhook called");
    result.map_err(|error| error.to_string())
}

async fn run_checks(
    ctx: &Context,
    canary: &Canary,
    rollout: &Rollout,
    checks: &[Check],
) -> Vec<(Check, CheckOutcome)> {
    record_lateness(ctx, canary, rollout);
    keep_secrets(ctx, rollout, checks).await;
    let outcomes = join_all(checks.iter().map(|check| run_check(ctx, rollout, check))).await;
    checks.iter().cloned().zip(outcomes).collect()
}

fn record_lateness(ctx: &Context, canary: &Canary, rollout: &Rollout) {
    let since = canary.status.as_ref().and_then(|status| status.last_check_time);
    if let Some(since) = since {
        let late = clock::now() - (since + rollout.interval);
        ctx.metrics.operator.late(late.as_seconds_f64());
    }
}

/// Shows what a round of checks measured.
pub(crate) fn record(ctx: &Context, rollout: &Rollout, judged: &[Judged]) {
    let (target, namespace) = (&rollout.target, &rollout.namespace);
    for Judged { check, outcome, verdict } in judged {
        if let Some(value) = verdict.value {
            ctx.metrics.canary.value(target, namespace, &check.metric, value);
        }
        let canary = rollout.full_name();
        let (value, bound) = (verdict.value_text.as_deref(), verdict.bound_text.as_deref());
        let (metric, query, verdict) = (&check.metric, outcome.query.as_deref(), verdict.kind.to_string());
        tracing::info!(canary, metric, query, value, bound, verdict, "check");
    }
}

async fn run_check(ctx: &Context, rollout: &Rollout, check: &Check) -> CheckOutcome {
    match &check.source {
        Source::Settled(outcome) => CheckOutcome { query: None, outcome: outcome.clone() },
        Source::Query(query) => {
            let result = match metrics_server::of(ctx, rollout.spec.metrics_server.as_deref()) {
                Ok(provider) => outcome(provider.query(query).await),
                Err(error) => Outcome::Setup(error),
            };
            CheckOutcome { query: Some(query.clone()), outcome: result }
        }
        Source::Template(name) => match template_query(ctx, check, name).await {
            Ok((provider, query)) => {
                let result = outcome(provider.query(&query).await);
                CheckOutcome { query: Some(query), outcome: of_template(name, result) }
            }
            Err(error) => CheckOutcome { query: None, outcome: Outcome::Setup(error) },
        },
    }
}

/// Adds the name of the template to an error.
fn of_template(name: &TemplateName, outcome: Outcome) -> Outcome {
    match outcome {
        Outcome::Error(error) => Outcome::Error(format!("{error} (MetricTemplate {name})")),
        other => other,
    }
}

async fn template_query(
    ctx: &Context,
    check: &Check,
    name: &TemplateName,
) -> Result<(Provider, String), SetupError> {
    let template = template(ctx, name).await?;
    let query = check.render(name, &template.query)?;
    Ok((provider(ctx, name, &template.provider, &check.model.interval).await?, query))
}

async fn template(ctx: &Context, name: &TemplateName) -> Result<MetricTemplateSpec, SetupError> {
    let failed = |error: String| SetupError::Template { template: name.clone(), error };
    let key = Key::new(name.namespace.as_str(), name.name.as_str());
    let value = match observe::object(&ctx.cluster, Kind::MetricTemplate, &key).await {
        Seen::Present(value) => value,
        Seen::Absent => {
            return Err(failed(format!("metrictemplate.flagger.app {:?} not found", name.name)));
        }
        Seen::Unknown(why) => return Err(failed(why)),
    };
    let template = MetricTemplate::deserialize(value.as_ref()).map_err(|error| failed(decoding(&error)))?;
    Ok(template.spec)
}

/// Keeps the Secrets of a Canary's templates from one round to the next, and those of no other template.
async fn keep_secrets(ctx: &Context, rollout: &Rollout, checks: &[Check]) {
    let mut secrets = BTreeSet::new();
    for check in checks {
        let Source::Template(name) = &check.source else { continue };
        if ctx.cluster.watches(&name.namespace) {
            let secret = template(ctx, name).await.ok().and_then(|template| template.provider.secret_ref);
            secrets.extend(secret.map(|secret| Key::new(name.namespace.as_str(), secret.name.as_str())));
        }
    }
    let canary = Key::new(rollout.namespace.as_str(), rollout.name.as_str());
    ctx.cluster.caches.link_credentials(&canary, &secrets);
}

async fn provider(
    ctx: &Context,
    name: &TemplateName,
    provider: &MetricTemplateProvider,
    interval: &str,
) -> Result<Provider, SetupError> {
    let credentials = &match &provider.secret_ref {
        Some(secret) => credentials(ctx, name, &secret.name).await?,
        None => Credentials::default(),
    };
    Provider::new(&Setup { clients: &ctx.providers, provider, credentials, interval }).map_err(|error| {
        SetupError::Provider {
            template: name.clone(),
            provider: provider.type_.clone(),
            error: error.to_string(),
        }
    })
}

async fn credentials(ctx: &Context, name: &TemplateName, secret: &str) -> Result<Credentials, SetupError> {
    let failed =
        |error: String| SetupError::Secret { template: name.clone(), secret: secret.to_owned(), error };
    let found = ctx.cluster.credentials(&Key::new(name.namespace.as_str(), secret)).await;
    found
        .map_err(|error| failed(error.to_string()))?
        .ok_or_else(|| failed(format!("secrets {secret:?} not found")))
}

/// Whether every provider that the Canary's metrics need answers; the error is Flagger's text.
async fn find_providers(ctx: &Context, rollout: &Rollout) -> Result<(), String> {
    let wanted = probes(&rollout.spec.analysis.metrics, &rollout.namespace);
    let results = join_all(wanted.iter().map(|probe| find_provider(ctx, rollout, probe))).await;
    results.into_iter().collect::<Result<(), _>>().map_err(|error| error.to_string())
}

async fn find_provider(ctx: &Context, rollout: &Rollout, probe: &Probe) -> Result<(), Unavailable> {
    match probe {
        Probe::MetricsServer => {
            let provider = metrics_server::of(ctx, rollout.spec.metrics_server.as_deref())
                .map_err(Unavailable::Setup)?;
            provider.is_online().await.map_err(|error| Unavailable::MetricsServer(error.to_string()))
        }
        Probe::Template(name) => {
            let template = template(ctx, name).await.map_err(Unavailable::Setup)?;
            let found = provider(ctx, name, &template.provider, checks::DEFAULT_INTERVAL).await;
            let found = found.map_err(Unavailable::Setup)?;
            found.is_online().await.map_err(|error| Unavailable::Template {
                provider: template.provider.type_.clone(),
                template: name.clone(),
                error: error.to_string(),
            })
        }
    }
}

#[cfg(test)]
mod tests;
