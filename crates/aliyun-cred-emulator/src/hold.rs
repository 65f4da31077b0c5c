//! Requests that wait for a release.
//!
//! Their number is published, so that whoever has to know that one waits is told, and need not ask
//! again and again.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::{oneshot, watch};

/// The requests that wait, in the order in which they came.
pub(crate) struct Holds {
    queue: Mutex<Queue>,
    count: watch::Sender<usize>,
}

#[derive(Default)]
struct Queue {
    /// Whether nothing is held until further notice.
    is_open: bool,
    next: u64,
    waiting: BTreeMap<u64, oneshot::Sender<()>>,
}

impl Holds {
    /// Nothing waits.
    pub(crate) fn new() -> Self {
        Self { queue: Mutex::default(), count: watch::Sender::new(0) }
    }

    /// Makes a request wait; `None` if everything was released for good.
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

    /// Releases the `count` oldest; without a count all, and whatever would wait from now on.
    pub(crate) fn release(&self, count: Option<usize>) {
        let mut queue = self.queue();
        queue.is_open |= count.is_none();
        for _ in 0..count.unwrap_or(usize::MAX) {
            let Some((_, release)) = queue.waiting.pop_first() else { break };
            // It may have gone in this moment.
            let _gone = release.send(());
        }
        self.publish(&queue);
    }

    /// From now on requests wait again.
    pub(crate) fn renew(&self) {
        self.queue().is_open = false;
    }

    /// How many wait.
    pub(crate) fn count(&self) -> usize {
        *self.count.borrow()
    }

    /// Returns once so many wait.
    pub(crate) async fn at_least(&self, count: usize) {
        let mut changes = self.count.subscribe();
        // It fails only when the sender is gone, which is in `self`.
        let _reached = changes.wait_for(|waiting| *waiting >= count).await;
    }

    fn queue(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn publish(&self, queue: &Queue) {
        self.count.send_replace(queue.waiting.len());
    }
}

/// A request's place among those that wait. It is given up when this is dropped: a client that goes
/// does not wait any longer.
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
