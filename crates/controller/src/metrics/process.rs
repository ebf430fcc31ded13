//! Memory, processor time and files of the operator, read from `/proc` where there is one.

use std::fmt;

use prometheus_client::{
    collector::Collector,
    encoding::{DescriptorEncoder, EncodeMetric},
    metrics::{counter::ConstCounter, gauge::ConstGauge},
};

/// Linux counts processor time in hundredths of a second, whatever its timer does.
const TICKS_PER_SECOND: f64 = 100.0;

/// Metrics under the names that Prometheus clients share. What cannot be read is left out.
#[derive(Debug)]
pub(super) struct Process;

impl Collector for Process {
    fn encode(&self, mut encoder: DescriptorEncoder) -> Result<(), fmt::Error> {
        if let Some(seconds) = cpu_seconds() {
            let counter = ConstCounter::new(seconds);
            let (name, help) = ("process_cpu_seconds", "Processor time");
            counter.encode(encoder.encode_descriptor(name, help, None, counter.metric_type())?)?;
        }
        if let Some(seconds) = start_seconds() {
            let gauge = ConstGauge::new(seconds);
            let (name, help) = ("process_start_time_seconds", "Start, in seconds since 1970");
            gauge.encode(encoder.encode_descriptor(name, help, None, gauge.metric_type())?)?;
        }
        let numbers = [
            ("process_resident_memory_bytes", "Resident memory", status_bytes("VmRSS:")),
            ("process_virtual_memory_bytes", "Virtual memory", status_bytes("VmSize:")),
            ("process_open_fds", "Open files and connections", open_fds()),
            ("process_max_fds", "How many of them there may be", max_fds()),
        ];
        for (name, help, value) in numbers {
            let Some(value) = value else { continue };
            let gauge = ConstGauge::new(value);
            gauge.encode(encoder.encode_descriptor(name, help, None, gauge.metric_type())?)?;
        }
        Ok(())
    }
}

fn read(file: &str) -> Option<String> {
    std::fs::read_to_string(file).ok()
}

/// A size in `/proc/self/status`.
fn status_bytes(field: &str) -> Option<u64> {
    let status = read("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix(field))?;
    let kibibytes: u64 = line.split_whitespace().next()?.parse().ok()?;
    Some(kibibytes * 1024)
}

/// Fields of `/proc/self/stat`, counted from that behind the command, which has the number 3 in proc(5).
fn stat<const N: usize>(fields: [usize; N]) -> Option<[f64; N]> {
    let stat = read("/proc/self/stat")?;
    // The command may hold spaces, but it ends with the last parenthesis.
    let values: Vec<&str> = stat.rsplit_once(") ")?.1.split_whitespace().collect();
    let number = |field: usize| values.get(field - 3)?.parse::<f64>().ok();
    let found: Vec<f64> = fields.into_iter().map(number).collect::<Option<_>>()?;
    found.try_into().ok()
}

fn cpu_seconds() -> Option<f64> {
    let [user, system] = stat([14, 15])?;
    Some((user + system) / TICKS_PER_SECOND)
}

fn start_seconds() -> Option<f64> {
    let machine = read("/proc/stat")?;
    let boot: f64 = machine.lines().find_map(|line| line.strip_prefix("btime "))?.trim().parse().ok()?;
    let [ticks] = stat([22])?;
    Some(boot + ticks / TICKS_PER_SECOND)
}

fn open_fds() -> Option<u64> {
    // One of them reads the list.
    let count = std::fs::read_dir("/proc/self/fd").ok()?.count();
    u64::try_from(count).ok()?.checked_sub(1)
}

fn max_fds() -> Option<u64> {
    let limits = read("/proc/self/limits")?;
    let line = limits.lines().find_map(|line| line.strip_prefix("Max open files"))?;
    line.split_whitespace().next()?.parse().ok()
}

#[cfg(test)]
#[cfg(target_os = "linux")]
mod tests {
    use std::time::{SystemTime, UNIX_EPOCH};

    use prometheus_client::{encoding::text::encode, registry::Registry};

    use super::*;

    #[test]
    fn a_process_has_the_metrics_of_every_prometheus_client() {
        let mut registry = Registry::default();
        registry.register_collector(Box::new(Process));
        let mut text = String::new();
        encode(&mut text, &registry).unwrap();
        let value = |name: &str| {
            let line = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
            line.unwrap_or_else(|| panic!("{name} in {text}")).parse::<f64>().unwrap()
        };
        assert!(value("process_cpu_seconds_total") >= 0.0);
        assert!(value("process_resident_memory_bytes") > 100_000.0);
        assert!(value("process_virtual_memory_bytes") >= value("process_resident_memory_bytes"));
        assert!((1.0..value("process_max_fds")).contains(&value("process_open_fds")));
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs_f64();
        let age = now - value("process_start_time_seconds");
        assert!((-1.0..3600.0).contains(&age), "{age}");
    }
}
