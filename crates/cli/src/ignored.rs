//! Flags of Flagger without a meaning here. Manifests written for it may set them.

use clap::{Arg, ArgMatches, Args, Command, Error, FromArgMatches, parser::ValueSource};

/// Flags with a value, and why they are not needed.
const WITH_VALUE: [(&str, &str); 13] = [
    ("kubeconfig-qps", "the API server's own fairness limits requests"),
    ("kubeconfig-burst", "the API server's own fairness limits requests"),
    ("control-loop-interval", "nothing is polled"),
    ("threadiness", "see --concurrency"),
    ("ingress-class", "of a provider that is not supported"),
    ("v", KLOG),
    ("vmodule", KLOG),
    ("log_dir", KLOG),
    ("log_file", KLOG),
    ("log_file_max_size", KLOG),
    ("log_backtrace_at", KLOG),
    ("stderrthreshold", KLOG),
    ("alsologtostderrthreshold", KLOG),
];

/// Flags without a value, and why they are not needed.
const SWITCHES: [(&str, &str); 8] = [
    ("zap-replace-globals", "there is one logger"),
    ("logtostderr", KLOG),
    ("alsologtostderr", KLOG),
    ("legacy_stderr_threshold_behavior", KLOG),
    ("add_dir_header", KLOG),
    ("skip_headers", KLOG),
    ("skip_log_headers", KLOG),
    ("one_output", KLOG),
];

const KLOG: &str = "of klog, which Flagger's libraries log with";

/// Which of them are set.
#[derive(Debug)]
pub(crate) struct IgnoredArgs {
    /// Flags, and why they are not needed.
    pub(crate) set: Vec<(&'static str, &'static str)>,
}

impl Args for IgnoredArgs {
    fn augment_args(command: Command) -> Command {
        let flag = |name: &'static str| Arg::new(name).long(name).hide(true);
        // Go takes -v=2 as well as -v 2.
        let with_value =
            WITH_VALUE.map(|(name, _)| if name == "v" { flag(name).short('v') } else { flag(name) });
        let switches = SWITCHES
            .map(|(name, _)| flag(name).num_args(0..=1).require_equals(true).default_missing_value("true"));
        command.args(with_value).args(switches)
    }

    fn augment_args_for_update(command: Command) -> Command {
        Self::augment_args(command)
    }
}

impl FromArgMatches for IgnoredArgs {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, Error> {
        let given = |name: &str| matches.value_source(name) == Some(ValueSource::CommandLine);
        Ok(Self { set: WITH_VALUE.into_iter().chain(SWITCHES).filter(|(name, _)| given(name)).collect() })
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}
