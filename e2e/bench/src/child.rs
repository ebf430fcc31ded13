//! Programs that do one thing and end.

use anyhow::{Context, Result, ensure};
use rustix::process::{Pid, Signal, kill_process};
use tokio::process::{Child, Command};

/// Runs a program to its end. When it is no longer waited for, it is asked to end.
///
/// # Errors
/// The program cannot be started, or ends with a failure.
pub(crate) async fn run(command: &mut Command) -> Result<()> {
    let name = command.as_std().get_program().to_string_lossy().into_owned();
    let what = command.as_std().get_args().map(|arg| arg.to_string_lossy()).collect::<Vec<_>>().join(" ");
    let mut running = Running(command.spawn().with_context(|| format!("cannot run {name}"))?);
    let status = running.0.wait().await?;
    ensure!(status.success(), "{name} {what}: {status}");
    Ok(())
}

struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        // There is no id once the process has been waited for.
        let pid = self.0.id().and_then(|id| Pid::from_raw(i32::try_from(id).ok()?));
        if let Some(pid) = pid {
            let _ = kill_process(pid, Signal::TERM);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::process::Stdio;

    use tokio::io::{AsyncBufReadExt, BufReader};

    use super::*;

    #[tokio::test]
    async fn a_failure_names_the_program_and_its_arguments() {
        let error = run(Command::new("sh").args(["-c", "exit 3"])).await.unwrap_err();
        assert_eq!(error.to_string(), "sh -c exit 3: exit status: 3");
    }

    #[tokio::test]
    async fn nobody_waits_so_it_is_asked_to_end() {
        let script = "trap 'echo asked; exit' TERM; echo ready; while :; do read -t 1 line; done";
        let mut command = Command::new("bash");
        command.args(["-c", script]).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let _stdin = child.stdin.take();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        assert_eq!(lines.next_line().await.unwrap().as_deref(), Some("ready"));
        drop(Running(child));
        assert_eq!(lines.next_line().await.unwrap().as_deref(), Some("asked"));
    }
}
