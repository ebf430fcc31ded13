//! When to reconcile which Canary.

use std::{
    collections::{BTreeSet, HashMap, HashSet},
    sync::Mutex,
};

use tokio::{sync::Notify, time::Instant};

use crate::{key::Key, lock::lock};

/// The Canaries that wait for their turn, each at most once.
///
/// Asking twice keeps the earlier time: being taken from the queue is therefore never a sign that an
/// interval has passed. A Canary that is being reconciled is not handed out a second time.
#[derive(Default)]
pub(crate) struct Queue {
    state: Mutex<State>,
    changed: Notify,
}

#[derive(Default)]
struct State {
    due: HashMap<Key, Instant>,
    order: BTreeSet<(Instant, Key)>,
    running: HashSet<Key>,
}

impl Queue {
    /// Asks for a reconcile as soon as possible.
    pub(crate) fn wake(&self, key: &Key) {
        self.wake_at(key, Instant::now());
    }

    /// Asks for a reconcile of each Canary as soon as possible.
    pub(crate) fn wake_all<'a>(&self, keys: impl IntoIterator<Item = &'a Key>) {
        keys.into_iter().for_each(|key| self.wake(key));
    }

    /// Asks for a reconcile at `at`, or earlier if that was asked for.
    pub(crate) fn wake_at(&self, key: &Key, at: Instant) {
        if lock(&self.state).schedule(key, at) {
            self.changed.notify_one();
        }
    }

    /// Forgets a Canary.
    pub(crate) fn forget(&self, key: &Key) {
        lock(&self.state).unschedule(key);
    }

    /// Waits for the next Canary whose time has come. It counts as running until [`Self::done`].
    pub(crate) async fn next(&self) -> Key {
        loop {
            let changed = self.changed.notified();
            let wait_until = match lock(&self.state).take(Instant::now()) {
                Ok(key) => return key,
                Err(next) => next,
            };
            match wait_until {
                Some(at) => tokio::select! {
                    () = changed => {}
                    () = tokio::time::sleep_until(at) => {}
                },
                None => changed.await,
            }
        }
    }

    /// The reconcile of a Canary is over.
    pub(crate) fn done(&self, key: &Key) {
        lock(&self.state).running.remove(key);
        self.changed.notify_one();
    }
}

impl State {
    /// Whether the earliest time may have changed.
    fn schedule(&mut self, key: &Key, at: Instant) -> bool {
        match self.due.get(key) {
            Some(due) if *due <= at => return false,
            Some(_) => self.unschedule(key),
            None => {}
        }
        self.due.insert(key.clone(), at);
        self.order.insert((at, key.clone()));
        true
    }

    fn unschedule(&mut self, key: &Key) {
        if let Some(due) = self.due.remove(key) {
            self.order.remove(&(due, key.clone()));
        }
    }

    /// The first Canary that is due and not running, or the time to look again.
    fn take(&mut self, now: Instant) -> Result<Key, Option<Instant>> {
        let next = self.order.iter().find(|(_, key)| !self.running.contains(key)).cloned();
        match next {
            Some((at, key)) if at <= now => {
                self.unschedule(&key);
                self.running.insert(key.clone());
                Ok(key)
            }
            later => Err(later.map(|(at, _)| at)),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    fn key(name: &str) -> Key {
        Key::new("test", name)
    }

    async fn nothing_for(queue: &Queue, time: Duration) -> bool {
        tokio::time::timeout(time, queue.next()).await.is_err()
    }

    #[tokio::test(start_paused = true)]
    async fn the_earlier_time_wins() {
        let queue = Queue::default();
        let start = Instant::now();
        queue.wake_at(&key("a"), start + 10 * SECOND);
        queue.wake_at(&key("a"), start + 3 * SECOND);
        queue.wake_at(&key("a"), start + 5 * SECOND);
        assert_eq!(queue.next().await, key("a"));
        assert_eq!(start.elapsed().as_secs(), 3);
        queue.done(&key("a"));
        assert!(nothing_for(&queue, 60 * SECOND).await);
    }

    #[tokio::test(start_paused = true)]
    async fn a_running_canary_is_handed_out_again_only_when_done() {
        let queue = Queue::default();
        queue.wake(&key("a"));
        assert_eq!(queue.next().await, key("a"));
        queue.wake(&key("a"));
        queue.wake(&key("b"));
        assert_eq!(queue.next().await, key("b"));
        assert!(nothing_for(&queue, SECOND).await);
        queue.done(&key("a"));
        assert_eq!(queue.next().await, key("a"));
    }

    #[tokio::test(start_paused = true)]
    async fn an_earlier_wake_interrupts_a_long_wait() {
        let queue = std::sync::Arc::new(Queue::default());
        queue.wake_at(&key("a"), Instant::now() + 600 * SECOND);
        let start = Instant::now();
        let waiting = tokio::spawn({
            let queue = std::sync::Arc::clone(&queue);
            async move { queue.next().await }
        });
        tokio::task::yield_now().await;
        queue.wake(&key("b"));
        assert_eq!(waiting.await.unwrap(), key("b"));
        assert_eq!(start.elapsed(), Duration::ZERO);
    }

    #[tokio::test(start_paused = true)]
    async fn forgotten_canaries_never_come() {
        let queue = Queue::default();
        queue.wake_at(&key("a"), Instant::now() + SECOND);
        queue.forget(&key("a"));
        assert!(nothing_for(&queue, 60 * SECOND).await);
    }
}
