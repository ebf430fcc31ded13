//! The terminal, or a log when there is none.

use std::{
    collections::VecDeque,
    env,
    fmt::Write as _,
    io::{self, IsTerminal, Write as _},
    time::Instant,
};

use serin_e2e::traffic::Report;

use crate::glimpse::Glimpse;

/// Moments over which the split is measured.
const WINDOW: usize = 6;

/// Where the demo speaks.
pub(crate) struct Screen {
    /// Whether the last lines can be drawn again.
    live: bool,
    begin: Instant,
    /// Lines of the last frame.
    drawn: usize,
    /// Events that were told already.
    told: usize,
    /// What the last line of the log was about.
    last: (String, Vec<String>),
    recent: VecDeque<Report>,
}

impl Screen {
    /// Live on a terminal, unless `ONCE` is set.
    pub(crate) fn open() -> Self {
        let once = env::var("ONCE").is_ok_and(|once| !once.is_empty() && once != "0");
        Self {
            live: io::stdout().is_terminal() && !once,
            begin: Instant::now(),
            drawn: 0,
            told: 0,
            last: Default::default(),
            recent: VecDeque::new(),
        }
    }

    /// Prints lines that stay.
    pub(crate) fn say(&mut self, text: &str) {
        print(&format!("{text}\n"));
        self.drawn = 0;
    }

    /// Prints what happens next.
    pub(crate) fn step(&mut self, text: &str) {
        let at = self.begin.elapsed().as_secs_f32();
        self.say(&format!("{at:>6.1} s  {text}"));
    }

    /// Prints a moment: a frame that is drawn again, or a line when something changed.
    pub(crate) fn show(&mut self, glimpse: &Glimpse) {
        self.recent.push_back(glimpse.report.clone());
        if self.recent.len() > WINDOW {
            self.recent.pop_front();
        }
        let mut text = self.events(glimpse);
        let changed = self.last != glimpse.key();
        let split = self.recent.front().map(|earlier| glimpse.split(earlier)).unwrap_or_default();
        if self.live {
            let frame = frame(glimpse, &split);
            let rise = if self.drawn > 0 { format!("\x1b[{}A\x1b[J", self.drawn) } else { String::new() };
            self.drawn = frame.lines().count();
            text = format!("{rise}{text}{frame}");
        } else if changed {
            let checks = glimpse.checks().join(", ");
            let parts = [glimpse.head(), checks, split, glimpse.counts()];
            let at = self.begin.elapsed().as_secs_f32();
            let line: Vec<_> = parts.into_iter().filter(|part| !part.is_empty()).collect();
            // Writing to a String does not fail.
            writeln!(text, "{at:>6.1} s  {}", line.join(" | ")).ok();
        }
        self.last = glimpse.key();
        print(&text);
    }

    /// The events that were not told yet.
    fn events(&mut self, glimpse: &Glimpse) -> String {
        let at = self.begin.elapsed().as_secs_f32();
        let new = glimpse.events.iter().skip(self.told);
        self.told = glimpse.events.len();
        new.fold(String::new(), |mut text, event| {
            writeln!(text, "{at:>6.1} s    {} {}", event.level.to_lowercase(), event.message).ok();
            text
        })
    }
}

/// A closed pipe is no reason to end a rollout half-way.
fn print(text: &str) {
    let mut out = io::stdout().lock();
    out.write_all(text.as_bytes()).and_then(|()| out.flush()).ok();
}

fn frame(glimpse: &Glimpse, split: &str) -> String {
    let mut frame = format!("\n  {}\n  {split}\n", glimpse.head());
    for check in glimpse.checks() {
        writeln!(frame, "  check {check}").ok();
    }
    if let Some(wait) = glimpse.wait() {
        // One line of a usual terminal: a longer one would be drawn over two and not be cleared.
        writeln!(frame, "  {}", wait.chars().take(100).collect::<String>()).ok();
    }
    writeln!(frame, "  {}", glimpse.counts()).ok();
    frame
}
