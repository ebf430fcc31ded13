//! Why a command failed, in the words that Flagger's load tester uses.

use std::{io, os::unix::process::ExitStatusExt as _, process::ExitStatus, time::Duration};

/// A command that did not end well.
#[derive(Debug, thiserror::Error)]
#[error("command {text} failed: {output}: {reason}")]
pub(crate) struct CommandFailure {
    /// The command as the hook gave it.
    pub(crate) text: String,
    /// What it wrote.
    pub(crate) output: String,
    /// What happened.
    pub(crate) reason: Reason,
}

/// What happened to a command.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Reason {
    #[error("{}", start(program, source))]
    Start { program: &'static str, source: io::Error },
    #[error("cannot follow it: {0}")]
    Watch(#[source] io::Error),
    #[error("exit status {0}")]
    Exit(i32),
    #[error("signal: {0}")]
    Signal(i32),
    #[error("signal: killed (it ran longer than {0:?}, which --timeout sets)")]
    TimedOut(Duration),
    #[error("signal: killed (the load tester is shutting down)")]
    Stopped,
}

impl Reason {
    /// Whether a command that ended with `status` failed.
    pub(crate) fn of(status: ExitStatus) -> Result<(), Self> {
        match (status.code(), status.signal()) {
            (Some(0), _) => Ok(()),
            (Some(code), _) => Err(Self::Exit(code)),
            (None, signal) => Err(Self::Signal(signal.unwrap_or_default())),
        }
    }
}

fn start(program: &str, error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::NotFound => {
            format!(
                "exec: {program:?}: executable file not found in $PATH (add it to the load tester's image)"
            )
        }
        _ => format!("exec: {program:?}: {error}"),
    }
}
