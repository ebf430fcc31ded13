//! The result for people.

use std::{collections::BTreeMap, fmt::Display};

use crate::{
    beside::Spent,
    figures::{
        ANALYSIS, Figures, IdleFigures, Lateness, MOMENTS, MachineFigures, RolloutFigures, Times, mib,
    },
    quantiles::Quantiles,
    workload::{INTERVAL, STEPS},
};

/// Lines of a label and what belongs to it.
#[derive(Default)]
struct Table(Vec<String>);

impl Table {
    fn head(&mut self, text: impl Display) {
        self.0.push(text.to_string());
    }

    fn row(&mut self, label: &str, value: impl Display) {
        self.0.push(format!("  {label:<36} {value}"));
    }

    fn times(&mut self, label: &str, times: Quantiles) {
        let Quantiles { p50, p99, max } = times;
        self.row(label, format!("{p50:9.3} {p99:9.3} {max:9.3}"));
    }
}

/// All figures as text.
pub(crate) fn render(figures: &Figures) -> String {
    let mut table = Table::default();
    let (succeeded, canaries) = (figures.succeeded, figures.canaries);
    table.head(format!(
        "{succeeded} of {canaries} rollouts succeeded; interval {INTERVAL} s, {STEPS} steps, {ANALYSIS} s in all"
    ));
    machine(&mut table, &figures.machine);
    idle(&mut table, &figures.idle);
    rollout(&mut table, &figures.rollout);
    times(&mut table, &figures.times);
    lateness(&mut table, &figures.lateness);
    figures.beside.iter().for_each(|(program, spent)| beside(&mut table, program, spent));
    table.0.join("\n")
}

fn machine(table: &mut Table, figures: &MachineFigures) {
    let [idle, before, after] = figures.load;
    let (processors, busy) = (figures.processors, figures.busy_percent);
    table.head("machine");
    table.row("processors; busy during the rollouts", format!("{processors}; {busy:.0} %"));
    table.row("load: idle, before, after", format!("{idle:.2}, {before:.2}, {after:.2}"));
}

fn idle(table: &mut Table, figures: &IdleFigures) {
    table.head(format!("idle, for {:.0} s", figures.seconds));
    if !figures.requests.is_empty() || figures.came_to_rest {
        table.row("API requests, counted by operator", counts(&figures.requests));
    }
    table.row("API requests, counted by server", counts(&figures.server_requests));
    table.row("processor seconds", format!("{:.2}", figures.cpu_seconds));
    table.row("memory", format!("{:.1} MiB", figures.resident_mib));
    if !figures.came_to_rest {
        table.row("the operator had not come to rest", "");
    }
}

fn beside(table: &mut Table, program: &str, spent: &[Spent]) {
    table.head(format!("beside it: {program}"));
    for (moment, spent) in MOMENTS.iter().zip(spent) {
        let Spent { usage, requests, reconciles } = spent;
        let (resident, anonymous) = (mib(usage.resident_kib), mib(usage.anonymous_kib));
        let (cpu, requests): (f64, u64) = (usage.cpu_seconds, requests.values().sum());
        let cost = format!("{cpu:.2} processor seconds, {resident:.1} MiB, {anonymous:.1} of it anonymous");
        table.row(moment, format!("{cost}, {requests} requests, {reconciles} reconciles"));
    }
}

fn counts(counts: &BTreeMap<String, u64>) -> String {
    if counts.is_empty() {
        return "0".to_owned();
    }
    let each: Vec<_> = counts.iter().map(|(what, count)| format!("{count} {what}")).collect();
    format!("{}: {}", counts.values().sum::<u64>(), each.join(", "))
}

fn rollout(table: &mut Table, figures: &RolloutFigures) {
    table.head("each rollout");
    if !figures.requests_by.is_empty() {
        let (requests, writes) = (figures.requests, figures.writes);
        table.row("API requests, counted by operator", format!("{requests:.2}, {writes:.2} of them writes"));
    }
    for (what, count) in &figures.requests_by {
        table.row(&format!("  {what}"), format!("{count:.2}"));
    }
    table.row("API requests, counted by server", format!("{:.2}", figures.server_requests));
    for (verb, count) in &figures.server_requests_by {
        table.row(&format!("  {verb}"), format!("{count:.2}"));
    }
    for (verb, [own, server]) in &figures.disagreements {
        table.row(&format!("  {verb}: operator, server"), format!("{own}, {server} in all"));
    }
    table.row("refused requests of all rollouts", counts(&figures.refused));
    if figures.reconciles > 0.0 {
        table.row("reconciles", format!("{:.2}", figures.reconciles));
    }
    table.row("queries to Prometheus", format!("{:.2}", figures.queries));
    table.row("processor seconds", format!("{:.3}", figures.cpu_seconds));
    let (resident, peak) = (figures.resident_mib, figures.peak_mib);
    table.row("memory of the operator; at most", format!("{resident:.1} MiB; {peak:.1} MiB"));
}

fn times(table: &mut Table, times: &Times) {
    table.head(format!("{:<38} {:>9} {:>9} {:>9}", "seconds", "p50", "p99", "max"));
    table.times("change to first traffic", times.to_first_traffic);
    table.times("change to Succeeded", times.to_succeeded);
    table.times("overhead beyond the analysis", times.overhead);
    table.times("  of it pods getting ready", times.pods);
    table.times("  of it the operator's", times.own);
    let parts = times.own_parts;
    table.times("    change to scaled up", parts.to_scaled);
    table.times("    pods ready to first traffic", parts.ready_to_traffic);
    table.times("    analysis beyond its time", parts.analysis);
    table.times("    primary ready to Succeeded", parts.primary_ready_to_end);
    table.times("last check to Succeeded", times.last_check_to_succeeded);
}

fn lateness(table: &mut Table, lateness: &Lateness) {
    table.times("lateness of steps since first traffic", lateness.steps);
    if lateness.checks == 0 {
        return;
    }
    let bound = |bound: Option<f64>| bound.map_or("?".to_owned(), |bound| format!("{bound} s"));
    let (p50, p99) = (bound(lateness.checks_p50_below), bound(lateness.checks_p99_below));
    let text = format!("{} checks: p50 below {p50}, p99 below {p99}", lateness.checks);
    table.row("lateness by the operator's count", text);
}
