//! Keeps deliveries that run beside the reconciles of a Canary in order.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use tokio::sync::oneshot;

use crate::key::Key;

/// One line of deliveries for each Canary. A delivery waits for those before it in its line, and
/// for no other line.
#[derive(Clone, Debug, Default)]
pub(crate) struct Sequence(Arc<Mutex<Lines>>);

#[derive(Debug, Default)]
struct Lines {
    joined: u64,
    last: HashMap<Key, (u64, oneshot::Receiver<()>)>,
}

impl Sequence {
    /// Returns a future to be spawned: it waits for the deliveries that joined the line of this
    /// Canary before, and then runs `delivery`.
    pub(crate) fn join<F>(&self, key: &Key, delivery: F) -> impl Future<Output = ()> + Send + use<F>
    where
        F: Future<Output = ()> + Send,
    {
        let (lines, key) = (self.clone(), key.clone());
        // Dropped at the end of the delivery, however it ends: then the next one begins.
        let (ended, end) = oneshot::channel::<()>();
        let (number, before) = lines.enter(&key, end);
        async move {
            let _ended = ended;
            if let Some(before) = before {
                let _ = before.await;
            }
            delivery.await;
            lines.leave(&key, number);
        }
    }

    fn enter(&self, key: &Key, end: oneshot::Receiver<()>) -> (u64, Option<oneshot::Receiver<()>>) {
        let mut lines = self.lock();
        lines.joined += 1;
        let number = lines.joined;
        (number, lines.last.insert(key.clone(), (number, end)).map(|(_, before)| before))
    }

    /// Forgets a line when its last delivery has ended.
    fn leave(&self, key: &Key, number: u64) {
        let mut lines = self.lock();
        if lines.last.get(key).is_some_and(|(last, _)| *last == number) {
            lines.last.remove(key);
        }
    }

    fn lock(&self) -> MutexGuard<'_, Lines> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use tokio::sync::mpsc;

    use super::*;

    #[tokio::test]
    async fn a_later_delivery_waits_for_the_one_before() {
        let (sequence, key) = (Sequence::default(), Key::new("test", "podinfo"));
        let (sender, mut received) = mpsc::unbounded_channel();
        let (release, held) = oneshot::channel::<()>();
        let (first, second) = (sender.clone(), sender);
        let first = sequence.join(&key, async move {
            let _ = held.await;
            first.send(1).unwrap();
        });
        let second = sequence.join(&key, async move { second.send(2).unwrap() });
        let later = tokio::spawn(second);
        let earlier = tokio::spawn(first);
        release.send(()).unwrap();
        let _ = tokio::join!(earlier, later);
        assert_eq!([received.recv().await, received.recv().await], [Some(1), Some(2)]);
        assert!(sequence.lock().last.is_empty(), "nothing is kept");
    }

    #[tokio::test]
    async fn canaries_do_not_wait_for_each_other_nor_for_what_was_dropped() {
        let sequence = Sequence::default();
        let [one, other] = ["one", "other"].map(|name| Key::new("test", name));
        let endless = tokio::spawn(sequence.join(&one, std::future::pending()));
        sequence.join(&other, async {}).await;
        let next = sequence.join(&one, async {});
        endless.abort();
        next.await;
    }
}
