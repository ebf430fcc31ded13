//! Levels of the log, as Flagger calls them.

use tracing::Level;

/// The least severe messages that are logged.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum LogLevel {
    /// Everything.
    #[default]
    Debug,
    /// Without details for developers.
    Info,
    /// Only what needs attention.
    #[value(alias = "warn")]
    Warning,
    /// Only what failed.
    #[value(aliases = ["fatal", "panic"])]
    Error,
}

impl From<LogLevel> for Level {
    fn from(level: LogLevel) -> Self {
        match level {
            LogLevel::Debug => Self::DEBUG,
            LogLevel::Info => Self::INFO,
            LogLevel::Warning => Self::WARN,
            LogLevel::Error => Self::ERROR,
        }
    }
}
