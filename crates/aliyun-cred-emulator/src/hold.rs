//! Held requests, which wait for a release.
//!
//! Their number is published, so that a test can wait for a held request without polling.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::{oneshot, watch};

/// The held requests, oldest first.
pub(crate) struct Holds {
    queue: Mutex<Queue>,
    count: watch::Sender<usize>,
}

#[derive(Default)]
struct Queue {
    /// Whether requests pass until further notice.
    is_open: bool,
    next: u64,
    waiting: BTreeMap<u64, oneshot::Sender<()>>,
}

impl Holds {
    /// Holds nothing.
    pub(crate) fn new() -> Self {
        Self { queue: Mutex::default(), count: watch::Sender::new(0) }
    }

    /// Holds a request; `None` if everything has been released for good.
    pub(crate) fn hold(self: &Arc<Self>) -> Option<Held> {
        let mut queue = self.queue();
        if queue.is_open {
            return None;
        }
        let (release, released) = oneshot::channel();
        let number = queue.next;
        queue.next += 1;
        queue.waiting.insert(number, release);
        self.publish(&queue);
        Some(Held { holds: Arc::clone(self), number, released })
    }

    /// Releases the `count` oldest requests; without a count, all of them and all later ones.
    pub(crate) fn release(&self, count: Option<usize>) {
        let mut queue = self.queue();
        queue.is_open |= count.is_none();
        for _ in 0..count.unwrap_or(usize::MAX) {
            let Some((_, release)) = queue.waiting.pop_first() else { break };
            // Its client may have gone away.
            let _gone = release.send(());
        }
        self.publish(&queue);
    }

    /// Holds requests again from now on.
    pub(crate) fn renew(&self) {
        self.queue().is_open = false;
    }

    /// How many requests are held.
    pub(crate) fn count(&self) -> usize {
        *self.count.borrow()
    }

    /// Returns once `count` requests are held.
    pub(crate) async fn at_least(&self, count: usize) {
        let mut changes = self.count.subscribe();
        // Fails only if the sender is dropped, but `self` owns it.
        let _reached = changes.wait_for(|waiting| *waiting >= count).await;
    }

    fn queue(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn publish(&self, queue: &Queue) {
        self.count.send_replace(queue.waiting.len());
    }
}

/// A held request. Dropping it gives up the place: a client that goes away no longer waits.
pub(crate) struct Held {
    holds: Arc<Holds>,
    number: u64,
    released: oneshot::Receiver<()>,
}

impl Held {
    /// Waits for the release.
    pub(crate) async fn released(mut self) {
        let _ = (&mut self.released).await;
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        let mut queue = self.holds.queue();
        if queue.waiting.remove(&self.number).is_some() {
            self.holds.publish(&queue);
        }
    }
}
