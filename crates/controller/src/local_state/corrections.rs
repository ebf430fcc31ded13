//! How often objects of a Canary are corrected.

use std::time::Duration;

use tokio::time::Instant;

/// Corrections that may still be made at once: many times in a row, then once in a while. Whoever
/// undoes each correction would otherwise keep both sides and the API server busy.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Corrections {
    left: u32,
    since: Instant,
}

impl Corrections {
    const MOST: u32 = 20;
    const PERIOD: Duration = Duration::from_secs(15);

    /// Takes one, if there is one left.
    pub(crate) fn take(&mut self) -> bool {
        let now = Instant::now();
        let periods = (now - self.since).as_secs() / Self::PERIOD.as_secs();
        if periods > 0 {
            let earned = u32::try_from(periods).unwrap_or(Self::MOST);
            self.left = self.left.saturating_add(earned).min(Self::MOST);
            self.since = now;
        }
        let granted = self.left > 0;
        self.left = self.left.saturating_sub(1);
        granted
    }
}

impl Default for Corrections {
    fn default() -> Self {
        Self { left: Self::MOST, since: Instant::now() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn corrections_that_are_undone_again_and_again_become_rare() {
        let mut corrections = Corrections::default();
        let made = (0..100).filter(|_| corrections.take()).count();
        assert_eq!(made, 20);
        tokio::time::advance(Duration::from_secs(31)).await;
        assert!(corrections.take() && corrections.take() && !corrections.take());
    }
}
