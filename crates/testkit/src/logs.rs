//! What is logged.

use std::{
    io,
    sync::{Arc, Mutex, PoisonError},
};

use tracing::{level_filters::LevelFilter, subscriber::DefaultGuard};
use tracing_subscriber::{
    filter::Targets,
    fmt::{self, MakeWriter},
    layer::SubscriberExt,
    registry,
    util::SubscriberInitExt,
};

/// Keeps everything that this thread logs, ours and that of libraries, at every level, as long as it lives.
pub struct Logs {
    text: Text,
    _guard: DefaultGuard,
}

impl Logs {
    /// Begins to keep. Tests with more than one thread would miss what the others log.
    #[must_use]
    pub fn keep() -> Self {
        Self::keep_without(&[])
    }

    /// Keeps all lines but those of these libraries.
    #[must_use]
    pub fn keep_without(libraries: &[&str]) -> Self {
        let text = Text::default();
        let off = libraries.iter().map(|name| ((*name).to_owned(), LevelFilter::OFF));
        let layer = fmt::layer().with_ansi(false).with_writer(text.clone());
        let filter = Targets::new().with_default(LevelFilter::TRACE).with_targets(off);
        Self { text, _guard: registry().with(filter).with(layer).set_default() }
    }

    /// All of it so far, a line each.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.text.0.lock().unwrap_or_else(PoisonError::into_inner)).into_owned()
    }
}

#[derive(Clone, Default)]
struct Text(Arc<Mutex<Vec<u8>>>);

impl io::Write for Text {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Text {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_levels_are_kept() {
        let logs = Logs::keep();
        tracing::trace!(value = 7, "low");
        tracing::error!("high");
        assert!(logs.text().contains("low value=7") && logs.text().contains("high"), "{}", logs.text());
    }
}
