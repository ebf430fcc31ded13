//! Runs a command to its end, its time limit or the shutdown, and leaves nothing of it behind.

use std::{io, process::Stdio, time::Duration};

use rustix::process::{Pid, Signal, kill_process_group};
use tokio::{
    net::unix::pipe::Receiver,
    process::{Child, Command as Process},
    time::sleep,
};
use tokio_util::sync::CancellationToken;

mod failure;
mod output;

pub(crate) use failure::{CommandFailure, Reason};
pub(crate) use output::Output;

/// A command and how it is called.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Command {
    /// The text that the hook gave, for messages.
    pub(crate) text: String,
    /// The program, looked up in `PATH`.
    pub(crate) program: &'static str,
    /// Its arguments.
    pub(crate) arguments: Vec<String>,
}

impl Command {
    /// `text` run by `shell -c`.
    pub(crate) fn shell(shell: &'static str, text: &str) -> Self {
        Self { text: text.to_owned(), program: shell, arguments: vec!["-c".to_owned(), text.to_owned()] }
    }

    /// `program` with the words of `text` as arguments, without any shell.
    pub(crate) fn words(program: &'static str, text: &str) -> Self {
        let arguments = text.split_whitespace().map(str::to_owned).collect();
        Self { text: text.to_owned(), program, arguments }
    }

    /// Runs the command; its standard output and error come as one.
    ///
    /// After `timeout` or when `stop` is cancelled, its whole process group is killed.
    pub(crate) async fn run(
        &self,
        timeout: Duration,
        stop: &CancellationToken,
    ) -> Result<Output, CommandFailure> {
        let mut output = Output::default();
        match self.supervise(timeout, stop, &mut output).await {
            Ok(()) => Ok(output),
            Err(reason) => Err(CommandFailure { text: self.text.clone(), output: output.text(), reason }),
        }
    }

    async fn supervise(
        &self,
        timeout: Duration,
        stop: &CancellationToken,
        output: &mut Output,
    ) -> Result<(), Reason> {
        let (mut child, pipe) = self.start()?;
        let reason = tokio::select! {
            end = finish(&mut child, pipe, output) => return end,
            () = sleep(timeout) => Reason::TimedOut(timeout),
            () = stop.cancelled() => Reason::Stopped,
        };
        kill(&mut child).await;
        Err(reason)
    }

    fn start(&self) -> Result<(Child, Receiver), Reason> {
        self.spawn().map_err(|source| Reason::Start { program: self.program, source })
    }

    fn spawn(&self) -> io::Result<(Child, Receiver)> {
        let (reader, writer) = io::pipe()?;
        let child = Process::new(self.program)
            .args(&self.arguments)
            .stdin(Stdio::null())
            .stdout(writer.try_clone()?)
            .stderr(writer)
            .process_group(0)
            .kill_on_drop(true)
            .spawn()?;
        Ok((child, Receiver::from_owned_fd(reader.into())?))
    }
}

/// Reads the output to its end before the child is waited for: an ended child that is not waited for keeps its
/// process group's number, so that a kill cannot hit anybody else.
async fn finish(child: &mut Child, pipe: Receiver, output: &mut Output) -> Result<(), Reason> {
    output.read(pipe).await.map_err(Reason::Watch)?;
    Reason::of(child.wait().await.map_err(Reason::Watch)?)
}

async fn kill(child: &mut Child) {
    let group = child.id().and_then(|id| i32::try_from(id).ok()).and_then(Pid::from_raw);
    if let Some(group) = group
        && let Err(error) = kill_process_group(group, Signal::KILL)
    {
        tracing::warn!(%error, "cannot kill the process group {group:?}");
    }
    if let Err(error) = child.wait().await {
        tracing::warn!(%error, "cannot wait for a killed command");
    }
}

#[cfg(test)]
mod tests;
