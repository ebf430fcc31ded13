//! Flagger's way of being called: whoever swaps only the image keeps the command, its arguments and the probes.

use std::{
    ffi::{OsStr, OsString},
    path::Path,
};

/// Arguments that ask about the program itself.
const ABOUT: [&str; 4] = ["-h", "--help", "-V", "help"];

/// Arguments that ask for the version, wherever they are.
const VERSION: [&str; 2] = ["--version", "--version=true"];

/// The arguments in the form that the parser knows.
///
/// Go programs take long flags with one dash, as in `-log-level=info`, and Flagger has no subcommands:
/// flags without one are those of `serin run`.
pub(crate) fn normalised(args: impl IntoIterator<Item = OsString>) -> Vec<OsString> {
    let mut args = args.into_iter();
    let mut result: Vec<OsString> = args.next().into_iter().collect();
    let mut rest: Vec<OsString> = args.map(two_dashes).collect();
    if let Some(command) = result.first().and_then(|name| meant_by(name)) {
        result.push(command.into());
        result.append(&mut rest);
        return result;
    }
    if rest.iter().any(|arg| VERSION.iter().any(|version| arg == version)) {
        result.push("--version".into());
        return result;
    }
    rest.retain(|arg| arg != "--version=false");
    let bare = rest.first().and_then(|first| first.to_str());
    let alone = rest.is_empty() && result.first().is_some_and(|name| Path::new(name).ends_with("flagger"));
    if alone || bare.is_some_and(|first| first.starts_with('-') && !ABOUT.contains(&first)) {
        result.push("run".into());
    }
    result.append(&mut rest);
    result
}

/// The command that a name of the program stands for. The images have links of these names where Flagger's
/// manifests look for them.
fn meant_by(name: &OsStr) -> Option<&'static str> {
    match Path::new(name).file_name()?.to_str()? {
        "loadtester" => Some("loadtester"),
        "wget" => Some("probe"),
        _ => None,
    }
}

fn two_dashes(arg: OsString) -> OsString {
    let Some(text) = arg.to_str() else { return arg };
    let long = text.len() > 2 && text.starts_with('-') && !text.starts_with("--");
    if long { format!("-{text}").into() } else { arg }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(args: &str) -> String {
        called("serin", args)
    }

    fn called(name: &str, args: &str) -> String {
        let args = std::iter::once(name).chain(args.split_whitespace()).map(OsString::from);
        let args: Vec<_> = normalised(args).into_iter().map(|arg| arg.into_string().unwrap()).collect();
        args[1..].join(" ")
    }

    #[test]
    fn flaggers_arguments_become_those_of_run() {
        let flagger = "-log-level=info -mesh-provider=gatewayapi:v1 -metrics-server=http://p:9090";
        let serin = "run --log-level=info --mesh-provider=gatewayapi:v1 --metrics-server=http://p:9090";
        assert_eq!(run(flagger), serin);
        assert_eq!(run(&format!("run {flagger}")), serin);
        assert_eq!(run("--log-level info"), "run --log-level info");
    }

    #[test]
    fn questions_about_the_program_stay_as_they_are() {
        for about in ["--version", "-V", "-h", "--help", "crds", "help", ""] {
            assert_eq!(run(about), about);
        }
        for version in ["-version", "-version=true", "-log-level=info -version", "run --version"] {
            assert_eq!(run(version), "--version");
        }
        assert_eq!(run("-version=false -log-level=info"), "run --log-level=info");
        assert_eq!(run("run -h"), "run -h");
    }

    #[test]
    fn names_in_flaggers_manifests_stand_for_commands() {
        assert_eq!(called("./flagger", "-log-level=info"), "run --log-level=info");
        assert_eq!(called("./flagger", ""), "run");
        assert_eq!(called("./loadtester", "-port=8080 -timeout=1h"), "loadtester --port=8080 --timeout=1h");
        let probe = "--quiet --tries=1 --timeout=4 --spider http://localhost:8080/healthz";
        assert_eq!(called("/usr/bin/wget", probe), format!("probe {probe}"));
        assert_eq!(called("/usr/local/bin/serin", ""), "");
    }
}
