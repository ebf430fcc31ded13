//! What the load tester can be told on its command line, flag by flag as Flagger names them.

use std::time::Duration;

use crate::Namespaces;

mod level;

pub use level::LogLevel;

/// Arguments of the load tester.
///
/// The port's variable is not called `SERIN_LOADTESTER_PORT`: Kubernetes sets that name to a URL in every pod beside
/// a Service called `serin-loadtester`.
#[derive(Clone, Debug, clap::Args)]
pub struct Config {
    /// Port to listen on.
    #[arg(long, env = "SERIN_LOADTESTER_LISTEN_PORT", default_value_t = 9090)]
    pub port: u16,

    /// How long each task may run, as a Go duration.
    #[arg(long = "timeout", env = "SERIN_LOADTESTER_TIMEOUT", default_value = "1h", value_parser = positive)]
    pub command_timeout: Duration,

    /// Serve only Canaries in namespaces that match this expression.
    #[arg(long, env = "SERIN_LOADTESTER_NAMESPACE_REGEXP", default_value = "")]
    pub namespace_regexp: Namespaces,

    /// How many tasks may run at once; more are answered with status 503.
    #[arg(long, env = "SERIN_LOADTESTER_MAX_TASKS", default_value_t = 256)]
    pub max_tasks: usize,

    /// What is logged.
    #[arg(long, env = "SERIN_LOADTESTER_LOG_LEVEL", default_value = "debug")]
    pub log_level: LogLevel,

    /// Taken and ignored: manifests written for Flagger may set it.
    #[arg(long, hide = true, num_args = 0..=1, default_missing_value = "true")]
    pub zap_replace_globals: Option<bool>,

    /// Form of the log: json or console.
    #[arg(long, default_value = "json", value_parser = ["json", "console"])]
    pub zap_encoding: String,
}

fn positive(text: &str) -> Result<Duration, String> {
    let duration = serin_api::duration::parse(text).map_err(|error| error.to_string())?;
    match duration.to_std() {
        Ok(duration) if !duration.is_zero() => Ok(duration),
        _ => Err("it must be longer than zero".to_owned()),
    }
}

#[cfg(test)]
mod tests;
