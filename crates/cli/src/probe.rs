//! What `wget --spider` is to the probes in Flagger's manifests.

use std::time::Duration;

use anyhow::{Context, Result, ensure};
use clap::Args;

/// Arguments of a probe. Those of `wget` that Flagger's manifests use are accepted.
#[derive(Debug, Args)]
pub(crate) struct ProbeArgs {
    /// What to ask by GET. Each answer from 200 to 399 is good, as it is for the kubelet.
    url: String,
    /// Seconds until the answer has to be there, from 1 on.
    #[arg(long, default_value_t = 4, value_parser = clap::value_parser!(u64).range(1..=300))]
    timeout: u64,
    /// Without effect: one answer decides.
    #[arg(long, hide = true, default_value_t = 1)]
    tries: u32,
    /// Without effect: nothing is printed if all is well.
    #[arg(long, hide = true)]
    quiet: bool,
    /// Without effect: nothing is kept.
    #[arg(long, hide = true)]
    spider: bool,
}

/// Asks once.
///
/// # Errors
/// Nobody answers in time, or the answer says that something is wrong.
pub(crate) async fn run(args: &ProbeArgs) -> Result<()> {
    let asked = format!("asking {}", args.url);
    let client = reqwest::Client::builder()
        .timeout(Duration::from_secs(args.timeout))
        .redirect(reqwest::redirect::Policy::none())
        .no_proxy()
        .build()
        .with_context(|| asked.clone())?;
    let status = client.get(&args.url).send().await.with_context(|| asked.clone())?.status();
    ensure!(status.is_success() || status.is_redirection(), "{asked}: the answer is {status}");
    Ok(())
}

#[cfg(test)]
mod tests {
    use tokio::{
        io::{AsyncReadExt, AsyncWriteExt},
        net::TcpListener,
    };

    use super::*;

    /// Asks a server that answers with this status line, or not at all.
    async fn answered(status: Option<&'static str>) -> Result<()> {
        // An answer may take a while on a busy machine.
        let timeout = if status.is_some() { 60 } else { 1 };
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/healthz", listener.local_addr().unwrap());
        let server = tokio::spawn(async move {
            let (mut stream, _) = listener.accept().await.unwrap();
            let _ = stream.read(&mut [0; 1024]).await;
            let Some(status) = status else { return std::future::pending().await };
            stream.write_all(format!("HTTP/1.1 {status}\r\n\r\n").as_bytes()).await.unwrap();
        });
        let args = ProbeArgs { url, timeout, tries: 1, quiet: true, spider: true };
        let result = run(&args).await;
        server.abort();
        result
    }

    #[tokio::test]
    async fn an_answer_decides() {
        assert!(answered(Some("200 OK")).await.is_ok());
        assert!(answered(Some("302 Found")).await.is_ok());
        let error = answered(Some("503 Service Unavailable")).await.unwrap_err().to_string();
        assert!(error.ends_with("/healthz: the answer is 503 Service Unavailable"), "{error}");
    }

    #[tokio::test]
    async fn silence_and_a_closed_port_are_failures() {
        assert!(answered(None).await.is_err());
        let args = ProbeArgs {
            url: "http://127.0.0.1:1/healthz".to_owned(),
            timeout: 1,
            tries: 1,
            quiet: true,
            spider: true,
        };
        let error = run(&args).await.unwrap_err().to_string();
        assert_eq!(error, "asking http://127.0.0.1:1/healthz");
    }
}
