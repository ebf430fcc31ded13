//! Tasks: what a webhook asks for with its metadata.

use std::time::Duration;

use crate::{
    command::Command,
    hey::{self, HeyError},
    load::{self, Load, TemplateError},
    metrics::LoadLabels,
    payload::Payload,
};

/// What tasks may use here.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Rules {
    /// How long each task may run.
    pub(crate) timeout: Duration,
    /// Whether the program `hey` is installed.
    pub(crate) hey_installed: bool,
}

/// A task that can be run.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Task {
    /// Its type, as the exported metrics name it.
    pub(crate) r#type: &'static str,
    /// The Canary in logs.
    pub(crate) canary: String,
    /// The Canary in exported metrics.
    pub(crate) labels: LoadLabels,
    /// What it does, in the hook's words.
    pub(crate) text: String,
    /// Whether the hook waits for its end.
    pub(crate) mode: Mode,
    /// What it does.
    pub(crate) work: Work,
}

/// Whether a hook waits for the end of its task.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mode {
    /// The hook is answered at once; the result is only logged.
    Background { log_output: bool },
    /// The hook is answered with the result.
    Blocking { return_output: bool },
}

/// What a task does.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Work {
    /// Runs a program.
    Command(Command),
    /// Sends requests.
    Load(Box<Load>),
}

/// Why a task cannot be run.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum TaskError {
    #[error("metadata not found in payload")]
    NoMetadata,
    #[error("cmd not found in metadata")]
    NoCommand,
    #[error("unknown task type {0}")]
    UnknownType(String),
    #[error(
        "task type {0} is not supported by this load tester: call its API from a task of type bash instead"
    )]
    Unsupported(String),
    #[error("load: {0}")]
    Load(#[from] TemplateError),
    #[error(transparent)]
    Hey(#[from] HeyError),
}

impl Task {
    /// The task that `payload` asks for.
    pub(crate) fn parse(payload: &Payload, rules: Rules) -> Result<Self, TaskError> {
        if payload.metadata.is_empty() {
            return Err(TaskError::NoMetadata);
        }
        let text = payload.get("cmd").unwrap_or_default();
        let (r#type, work) = match payload.get("type").unwrap_or("cmd") {
            "cmd" => ("cmd", shell(payload.get("cmd").ok_or(TaskError::NoCommand)?, rules)?),
            "load" => ("load", Work::Load(Box::new(load::parse(payload, rules.timeout)?))),
            "bash" => ("bash", Work::Command(Command::shell("bash", text))),
            "helm" | "helmv3" => ("helm", Work::Command(Command::words("helm", text))),
            "kubectl" => ("kubectl", Work::Command(Command::words("kubectl", text))),
            other @ ("concord" | "ngrinder") => return Err(TaskError::Unsupported(other.to_owned())),
            other => return Err(TaskError::UnknownType(other.to_owned())),
        };
        Ok(Self {
            r#type,
            canary: payload.canary(),
            labels: LoadLabels { namespace: payload.namespace.clone(), name: payload.name.clone() },
            text: if r#type == "load" { settings(payload) } else { text.to_owned() },
            mode: mode(r#type, payload),
            work,
        })
    }

    /// What tells this task from others that run in the background.
    pub(crate) fn key(&self) -> String {
        format!("{}\n{}", self.canary, self.text)
    }
}

/// A command for the shell; one that calls `hey` alone needs neither, where `hey` is not installed.
fn shell(text: &str, rules: Rules) -> Result<Work, TaskError> {
    if let Some([program, arguments @ ..]) = hey::words(text).as_deref()
        && program == "hey"
        && !rules.hey_installed
    {
        return Ok(Work::Load(Box::new(hey::parse(arguments, rules.timeout)?)));
    }
    Ok(Work::Command(Command::shell("sh", text)))
}

fn mode(r#type: &str, payload: &Payload) -> Mode {
    match r#type {
        "cmd" | "load" => Mode::Background { log_output: payload.flag("logCmdOutput") },
        _ => Mode::Blocking { return_output: payload.flag("returnCmdOutput") },
    }
}

/// All metadata as one text, the same for the same load.
fn settings(payload: &Payload) -> String {
    serde_json::to_string(&payload.metadata).unwrap_or_default()
}

#[cfg(test)]
mod tests;
