//! Logs.

use tracing_subscriber::{EnvFilter, fmt, layer::SubscriberExt, util::SubscriberInitExt};

/// How a log line looks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Encoding {
    /// One JSON object per line.
    #[default]
    Json,
    /// For people.
    Console,
}

/// Writes logs to stderr from this level on. `RUST_LOG` has precedence.
///
/// Levels are Flagger's: `debug`, `info`, `warn` or `warning`, `error`; `fatal` and `panic` count as `error`,
/// anything else as `info`.
pub fn init(level: &str, encoding: Encoding) {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new(directives(level)));
    let registry = tracing_subscriber::registry().with(discreet(filter));
    // A second call, as in tests, keeps the first one's logs.
    let _ = match encoding {
        Encoding::Json => {
            let layer =
                fmt::layer().json().flatten_event(true).with_current_span(false).with_span_list(false);
            registry.with(layer.with_writer(std::io::stderr)).try_init()
        }
        Encoding::Console => registry.with(fmt::layer().with_writer(std::io::stderr)).try_init(),
    };
}

/// Faults of the client come back to us as errors, and are logged with what was tried.
const QUIET: &str = "kube_client=off,kube_runtime=off";

/// These libraries write requests and answers with credentials at their lowest level.
const SILENT: [&str; 5] = ["aws_config", "aws_runtime", "aws_sdk_sts", "aws_sigv4", "aws_smithy_runtime"];

/// Removes what must never be written from a filter, whatever `RUST_LOG` says.
fn discreet(filter: EnvFilter) -> EnvFilter {
    let off = SILENT.iter().filter_map(|name| format!("{name}=off").parse().ok());
    off.fold(filter, EnvFilter::add_directive)
}

/// Debug logs are ours; the client's own would drown them.
fn directives(level: &str) -> String {
    match level {
        "debug" => format!("info,serin=debug,serin_controller=debug,serin_notify=debug,{QUIET}"),
        "warn" | "warning" => format!("warn,{QUIET}"),
        "error" | "fatal" | "panic" => format!("error,{QUIET}"),
        _ => format!("info,{QUIET}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_holds_credentials_is_never_written() {
        let text = discreet(EnvFilter::new("trace,aws_sigv4=trace")).to_string();
        for name in SILENT {
            assert!(text.contains(&format!("{name}=off")), "{text}");
        }
        assert!(!text.contains("aws_sigv4=trace"), "{text}");
    }

    #[test]
    fn levels_are_those_of_flagger_and_unknown_ones_count_as_info() {
        for (level, directive) in [
            ("debug", "info,serin=debug,"),
            ("info", "info,kube"),
            ("warn", "warn,"),
            ("warning", "warn,"),
            ("error", "error,"),
            ("fatal", "error,"),
            ("panic", "error,"),
            ("loud", "info,kube"),
        ] {
            assert!(directives(level).starts_with(directive), "{level}: {}", directives(level));
        }
    }
}
