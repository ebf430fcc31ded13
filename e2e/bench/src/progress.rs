//! What goes on, on standard error.

use std::{
    fmt::Display,
    io::{Write, stderr},
    time::Instant,
};

/// Tells what goes on, with the seconds since the start.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Progress {
    started: Instant,
}

impl Progress {
    pub(crate) fn start() -> Self {
        Self { started: Instant::now() }
    }

    pub(crate) fn say(self, what: impl Display) {
        // Nobody reads it: the measurement goes on all the same.
        let _ = writeln!(stderr(), "bench: {:6.0}s  {what}", self.started.elapsed().as_secs_f64());
    }
}
