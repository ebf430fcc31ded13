//! What the plugin can be told, in kubectl's words.

use std::path::PathBuf;

use clap::{ArgAction, Args, Parser, Subcommand};
use clap_complete::Shell;
use serin_core::command::Verb;

/// Steer canary releases. Exit code 0: done, or nothing to do; 1: refused, or an error; 2: no
/// answer.
#[derive(Debug, Parser)]
#[command(name = "kubectl-serin", bin_name = "kubectl serin", version, arg_required_else_help = true)]
pub(crate) struct Cli {
    #[command(flatten)]
    pub(crate) connection: Connection,
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// Which cluster, as whom.
#[derive(Clone, Debug, Default, Args)]
pub(crate) struct Connection {
    /// Namespace of the Canary; without it, that of the context.
    #[arg(short, long, global = true)]
    pub(crate) namespace: Option<String>,
    /// Context of the kubeconfig.
    #[arg(long, global = true)]
    pub(crate) context: Option<String>,
    /// Path of the kubeconfig; without it, KUBECONFIG or ~/.kube/config.
    #[arg(long, global = true)]
    pub(crate) kubeconfig: Option<PathBuf>,
    /// User to act as.
    #[arg(long = "as", global = true)]
    pub(crate) act_as: Option<String>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Hold the rollout where it is: checks go on, and one that fails still rolls back.
    Pause(Target),
    /// End a pause.
    Resume(Target),
    /// End the present hold (gate, interval or pause): the next step now.
    Promote {
        #[command(flatten)]
        target: Target,
        /// Copy the revision to the primary without the steps and checks that are left.
        #[arg(long)]
        full: bool,
    },
    /// Send all traffic to the primary at once; the revision has failed.
    Abort(Target),
    /// Analyse a revision again that failed.
    Retry(Target),
    /// Begin the analysis anew from its first step.
    Restart(Target),
    /// Print the version.
    Version,
    /// Print a completion script.
    Completion {
        /// The shell.
        shell: Shell,
    },
}

/// Which rollout, and why.
#[derive(Clone, Debug, Args)]
pub(crate) struct Target {
    /// Name of the Canary.
    pub(crate) name: String,
    /// Why; it is told with the event.
    #[arg(long)]
    pub(crate) reason: Option<String>,
    /// The revision that is meant, as the status has it; without it, the one that is under way or
    /// has failed.
    #[arg(long)]
    pub(crate) revision: Option<String>,
    /// Wait for the operator's answer, up to 10 s.
    #[arg(
        long,
        action = ArgAction::Set,
        default_value_t = true,
        default_missing_value = "true",
        num_args = 0..=1,
        require_equals = true
    )]
    pub(crate) wait: bool,
}

impl Command {
    /// The command to a rollout, if it is one.
    pub(crate) fn verb(&self) -> Option<(Verb, &Target)> {
        match self {
            Self::Pause(target) => Some((Verb::Pause, target)),
            Self::Resume(target) => Some((Verb::Resume, target)),
            Self::Promote { target, full: false } => Some((Verb::Promote, target)),
            Self::Promote { target, full: true } => Some((Verb::PromoteFull, target)),
            Self::Abort(target) => Some((Verb::Abort, target)),
            Self::Retry(target) => Some((Verb::Retry, target)),
            Self::Restart(target) => Some((Verb::Restart, target)),
            Self::Version | Self::Completion { .. } => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;
    use rstest::rstest;

    use super::*;

    fn parsed(args: &str) -> Cli {
        Cli::try_parse_from(args.split(' ')).unwrap()
    }

    #[test]
    fn the_definition_is_consistent() {
        Cli::command().debug_assert();
    }

    #[rstest]
    #[case("pause", Verb::Pause)]
    #[case("resume", Verb::Resume)]
    #[case("promote", Verb::Promote)]
    #[case("promote --full", Verb::PromoteFull)]
    #[case("abort", Verb::Abort)]
    #[case("retry", Verb::Retry)]
    #[case("restart", Verb::Restart)]
    fn each_verb_is_a_command(#[case] args: &str, #[case] verb: Verb) {
        let cli = parsed(&format!("kubectl-serin {args} podinfo"));
        let (found, target) = cli.command.verb().unwrap();
        assert_eq!((found, target.name.as_str(), target.wait), (verb, "podinfo", true));
    }

    #[test]
    fn kubectls_flags_stand_anywhere() {
        for args in ["-n shop --as bob abort podinfo", "abort podinfo -n shop --as=bob"] {
            let connection = parsed(&format!("kubectl-serin {args}")).connection;
            assert_eq!(connection.namespace.as_deref(), Some("shop"));
            assert_eq!(connection.act_as.as_deref(), Some("bob"));
        }
    }

    #[rstest]
    #[case("--wait=false", false)]
    #[case("--wait=true", true)]
    #[case("--wait", true)]
    fn waiting_can_be_left_out(#[case] flag: &str, #[case] expected: bool) {
        let cli = parsed(&format!("kubectl-serin abort podinfo {flag}"));
        assert_eq!(cli.command.verb().unwrap().1.wait, expected);
    }
}
