//! What the kernel says about the operator and the machine.

use anyhow::{Context, Result};
use serde::Serialize;

/// Linux counts processor time in hundredths of a second for programs, whatever its timer does.
const TICKS_PER_SECOND: f64 = 100.0;

/// What a process has used.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub(crate) struct Usage {
    /// Processor time since its start.
    pub(crate) cpu_seconds: f64,
    /// Resident memory.
    pub(crate) resident_kib: u64,
    /// The part of it that is no file's.
    pub(crate) anonymous_kib: u64,
    /// The most resident memory it ever had.
    pub(crate) peak_kib: u64,
}

/// Reads the figures of a process.
///
/// # Errors
/// The process does not run.
pub(crate) fn usage(pid: u32) -> Result<Usage> {
    let read = |file: &str| {
        let path = format!("/proc/{pid}/{file}");
        std::fs::read_to_string(&path).with_context(|| format!("cannot read {path}"))
    };
    let (stat, status) = (read("stat")?, read("status")?);
    parse(&stat, &status).with_context(|| format!("the figures of process {pid} are not understood"))
}

fn parse(stat: &str, status: &str) -> Option<Usage> {
    // The command may hold spaces, but it ends with the last parenthesis.
    let (_, fields) = stat.rsplit_once(") ")?;
    let mut times = fields.split_whitespace().skip(11).map(|field| field.parse::<u32>().ok());
    let ticks: f64 = (times.next()?? + times.next()??).into();
    let resident_kib = kibibytes(status, "VmRSS:")?;
    let (anonymous_kib, peak_kib) = (kibibytes(status, "RssAnon:")?, kibibytes(status, "VmHWM:")?);
    Some(Usage { cpu_seconds: ticks / TICKS_PER_SECOND, resident_kib, anonymous_kib, peak_kib })
}

fn kibibytes(status: &str, name: &str) -> Option<u64> {
    let line = status.lines().find_map(|line| line.strip_prefix(name))?;
    line.split_whitespace().next()?.parse().ok()
}

/// Processor time of the whole machine.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Machine {
    busy: f64,
    all: f64,
}

impl Machine {
    /// Since the machine was started.
    ///
    /// # Errors
    /// The kernel does not tell.
    pub(crate) fn read() -> Result<Self> {
        let stat = std::fs::read_to_string("/proc/stat").context("cannot read /proc/stat")?;
        Self::parse(&stat).context("/proc/stat is not understood")
    }

    fn parse(stat: &str) -> Option<Self> {
        let line = stat.lines().next()?.strip_prefix("cpu ")?;
        let times: Vec<f64> = line.split_whitespace().take(8).filter_map(|time| time.parse().ok()).collect();
        let all: f64 = times.iter().sum();
        // The fourth and fifth are idle, and idle while a disk works.
        let idle: f64 = times.get(3..5)?.iter().sum();
        Some(Self { busy: all - idle, all })
    }

    /// The share of the processors that was busy since an earlier reading, in percent.
    pub(crate) fn busy_since(self, earlier: Self) -> f64 {
        100.0 * (self.busy - earlier.busy) / (self.all - earlier.all).max(1.0)
    }
}

/// How many processes wanted to run, on average over the last minute.
///
/// # Errors
/// The kernel does not tell.
pub(crate) fn load() -> Result<f64> {
    let text = std::fs::read_to_string("/proc/loadavg").context("cannot read /proc/loadavg")?;
    let first = text.split_whitespace().next().and_then(|load| load.parse().ok());
    first.context("/proc/loadavg is not understood")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_with_spaces_and_parentheses() {
        let stat = "7 (a) (b) S 1 7 7 0 -1 4194304 100 0 0 0 250 50 0 0 20 0 5 0 1 1 1";
        let status = "Name:\ta\nVmPeak:\t  9 kB\nVmHWM:\t  2048 kB\nVmRSS:\t  1024 kB\nRssAnon:\t 512 kB\n";
        let expected = Usage { cpu_seconds: 3.0, resident_kib: 1024, anonymous_kib: 512, peak_kib: 2048 };
        assert_eq!(parse(stat, status), Some(expected));
        assert_eq!(parse("7 (a) S 1", status), None);
    }

    #[test]
    fn the_machine_is_busy_when_it_is_not_idle() {
        let before = Machine::parse("cpu  10 0 10 70 10 0 0 0 0 0\ncpu0 1 1 1 1\n").unwrap();
        let after = Machine::parse("cpu  60 0 20 100 20 0 0 0 0 0\n").unwrap();
        assert!((after.busy_since(before) - 60.0).abs() < 1e-9);
    }

    #[test]
    fn this_process_has_figures() {
        assert!(usage(std::process::id()).unwrap().resident_kib > 100);
        assert!(load().is_ok() && Machine::read().is_ok());
    }
}
