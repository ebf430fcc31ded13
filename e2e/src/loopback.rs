//! Servers and operators of a test on this machine.

use std::{
    fs::File,
    net::{Ipv4Addr, TcpListener as Listener},
    ops::Range,
    path::Path,
    process::Stdio,
    sync::atomic::{AtomicU16, Ordering},
};

use anyhow::{Context, Result};
use axum::Router;
use tokio::{
    net::TcpListener,
    process::{Child, Command},
    task::JoinSet,
};

/// Below those that Linux gives to connections (`net.ipv4.ip_local_port_range`).
const PORTS: Range<u16> = 20_000..30_000;

/// A server on the loopback interface. Dropping it ends it.
pub struct Server {
    /// Where it is, without a slash at its end.
    pub url: String,
    _serving: JoinSet<()>,
}

impl Server {
    /// Starts on a free port.
    ///
    /// # Errors
    /// No port is free.
    pub async fn start(router: Router) -> Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let url = format!("http://{}", listener.local_addr()?);
        let mut serving = JoinSet::new();
        serving.spawn(async move {
            // An axum server ends only when it is told to.
            let _ = axum::serve(listener, router).await;
        });
        Ok(Self { url, _serving: serving })
    }
}

/// A port for a program that has to be told one. It is none of those that the kernel gives to connections, which could
/// take it before the program does, and no other program of this process was told it.
///
/// # Errors
/// All are taken.
pub fn free_port() -> Result<u16> {
    static NEXT: AtomicU16 = AtomicU16::new(0);
    let free = |port: &u16| Listener::bind((Ipv4Addr::UNSPECIFIED, *port)).is_ok();
    let count = PORTS.end - PORTS.start;
    // Processes beside this one start elsewhere.
    let first = u16::try_from(std::process::id() % u32::from(count / 100))? * 100;
    let mut ports = std::iter::repeat_with(|| NEXT.fetch_add(1, Ordering::Relaxed))
        .map(|next| PORTS.start + first.wrapping_add(next) % count)
        .take(PORTS.len());
    ports.find(free).with_context(|| format!("all ports of {PORTS:?} are taken"))
}

/// Runs a program without any of this process's environment; what it prints goes to its log. It is killed when it is
/// dropped.
///
/// # Errors
/// There is no such program, or its log cannot be written.
pub fn spawn(mut command: Command, variables: &[(String, String)], log: &Path) -> Result<Child> {
    let out = File::create(log).with_context(|| format!("writing {}", log.display()))?;
    command
        .env_clear()
        .envs(variables.iter().cloned())
        .stdin(Stdio::null())
        .stdout(out.try_clone()?)
        .stderr(out)
        .kill_on_drop(true);
    command.spawn().with_context(|| format!("running {command:?}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ports_differ() {
        assert_ne!(free_port().unwrap(), free_port().unwrap());
    }
}
