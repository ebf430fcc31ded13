//! Routes that the API server does not take in their new shape.

use tokio::time::Instant;

use crate::options::BACKOFF_MAX;

/// Why the API server refuses the route of a Canary, if it does.
#[derive(Debug, Default)]
pub(crate) struct RouteRefusal {
    last: Option<Refusal>,
}

#[derive(Debug)]
struct Refusal {
    generation: Option<i64>,
    at: Instant,
    why: String,
}

impl RouteRefusal {
    /// Notes why the route that this generation of the Canary asks for is refused.
    pub(crate) fn set(&mut self, generation: Option<i64>, why: String) {
        self.last = Some(Refusal { generation, at: Instant::now(), why });
    }

    /// Returns why the route of this generation was refused. It is forgotten after 60 s, so that
    /// the server is asked again.
    pub(crate) fn of(&self, generation: Option<i64>) -> Option<String> {
        let last = self.last.as_ref()?;
        let believed = last.generation == generation && last.at.elapsed() < BACKOFF_MAX;
        believed.then(|| last.why.clone())
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_refusal_is_of_one_generation_and_for_a_minute() {
        let mut refusal = RouteRefusal::default();
        refusal.set(Some(1), "no".to_owned());
        assert_eq!(refusal.of(Some(1)).as_deref(), Some("no"));
        assert_eq!(refusal.of(Some(2)), None);
        tokio::time::advance(Duration::from_secs(60)).await;
        assert_eq!(refusal.of(Some(1)), None);
    }
}
