//! Delivers events to a custom listener: in order, one at a time, on a worker thread.
//!
//! Invariant: posting never waits for the listener. One that blocks or panics costs nobody anything but its own events.

use std::collections::VecDeque;
use std::fmt;
use std::panic::AssertUnwindSafe;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::call_scope::Scope;
use super::driver;
use super::per_process::PerProcess;
use crate::event::Event;
use crate::text::warn;

/// How many events wait for a slow listener; then the oldest is dropped.
const CAPACITY: usize = 64;

/// The listener, and the events that wait for it.
#[derive(Clone)]
pub(crate) struct EventQueue(Arc<Shared>);

struct Shared {
    listener: Box<dyn Fn(&Event) + Send + Sync>,
    waiting: PerProcess<Mutex<Waiting>>,
}

#[derive(Default)]
struct Waiting {
    events: VecDeque<Event>,
    dropped: u64,
    /// Whether a thread is delivering.
    is_delivering: bool,
    /// Whether the listener has been replaced.
    is_closed: bool,
}

impl Shared {
    fn lock<T>(&self, work: impl FnOnce(MutexGuard<'_, Waiting>) -> T) -> T {
        work(self.waiting.get(Mutex::default).lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn deliver(&self) {
        while let Some(event) = self.next() {
            let call = AssertUnwindSafe(|| (self.listener)(&event));
            if let Err(payload) = std::panic::catch_unwind(call) {
                // Dropping it may panic again.
                std::mem::forget(payload);
                warn("event", "the event listener panicked");
            }
        }
    }

    fn next(&self) -> Option<Event> {
        self.lock(|mut waiting| {
            let event = waiting.events.pop_front();
            waiting.is_delivering = event.is_some();
            let dropped = std::mem::take(&mut waiting.dropped);
            event.map(|event| Event { dropped, ..event })
        })
    }
}

impl EventQueue {
    pub(crate) fn new(listener: impl Fn(&Event) + Send + Sync + 'static) -> Self {
        EventQueue(Arc::new(Shared { listener: Box::new(listener), waiting: PerProcess::new() }))
    }

    /// Adds an event, which the next [`EventQueue::deliver`] delivers.
    pub(crate) fn post(&self, event: Event) {
        self.0.lock(|mut waiting| {
            if waiting.is_closed {
                return;
            }
            if waiting.events.len() >= CAPACITY {
                waiting.events.pop_front();
                waiting.dropped += 1;
            }
            waiting.events.push_back(event);
        });
    }

    /// Drops what waits, and everything that is posted later. A call that is running goes on.
    pub(crate) fn close(&self) {
        self.0.lock(|mut waiting| {
            waiting.is_closed = true;
            waiting.events.clear();
        });
    }

    /// Starts a thread that delivers what was posted, unless one is at work. If none can be started, the events wait for
    /// the next call.
    pub(crate) fn deliver(&self) {
        let starts = self.0.lock(|mut waiting| {
            let starts = !waiting.is_delivering && !waiting.events.is_empty();
            waiting.is_delivering |= starts;
            starts
        });
        if !starts {
            return;
        }
        let shared = self.0.clone();
        let started = driver::current().and_then(|driver| driver.call(Scope::default(), move || shared.deliver()));
        if started.is_err() {
            self.0.lock(|mut waiting| waiting.is_delivering = false);
        }
    }
}

impl fmt::Debug for EventQueue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("EventQueue")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::EventKind;
    use std::sync::mpsc;
    use std::time::{Duration, SystemTime};

    fn event(failures: u32) -> Event {
        Event {
            kind: EventKind::RefreshFailed,
            at: SystemTime::UNIX_EPOCH,
            took: Duration::ZERO,
            provider_name: None,
            previous_provider_name: None,
            expiration: None,
            error: None,
            failures,
            dropped: 0,
        }
    }

    #[test]
    fn a_listener_that_blocks_loses_the_oldest_events_and_learns_how_many() {
        let ((heard, hears), (go_on, wait)) = (mpsc::channel(), mpsc::channel());
        let (wait, inside) = (Mutex::new(wait), Mutex::new(()));
        let queue = EventQueue::new(move |event: &Event| {
            let _alone = inside.try_lock().expect("two calls at once");
            heard.send((event.failures, event.dropped)).unwrap();
            wait.lock().unwrap().recv().unwrap();
        });
        queue.post(event(0));
        queue.deliver();
        assert_eq!(hears.recv().unwrap(), (0, 0));
        for number in 1..=70 {
            queue.post(event(number));
            queue.deliver();
        }
        for _ in 0..=64 {
            go_on.send(()).unwrap();
        }
        let heard: Vec<_> = hears.iter().take(64).collect();
        assert_eq!(heard.first(), Some(&(7, 6)), "the oldest six are dropped");
        assert!(
            heard
                .iter()
                .skip(1)
                .enumerate()
                .all(|(index, (number, dropped))| { (usize::try_from(*number).unwrap(), *dropped) == (index + 8, 0) })
        );
    }

    #[test]
    fn a_listener_that_was_replaced_gets_no_further_event() {
        let ((heard, hears), (go_on, wait)) = (mpsc::channel(), mpsc::channel());
        let wait = Mutex::new(wait);
        let queue = EventQueue::new(move |event: &Event| {
            heard.send(event.failures).unwrap();
            wait.lock().unwrap().recv().unwrap();
        });
        (0..3).for_each(|number| queue.post(event(number)));
        queue.deliver();
        assert_eq!(hears.recv().unwrap(), 0);
        queue.close();
        queue.post(event(9));
        drop(queue);
        go_on.send(()).unwrap();
        assert!(hears.recv().is_err(), "its thread has ended");
    }

    #[test]
    fn a_panic_loses_only_its_own_event() {
        let (heard, hears) = mpsc::channel();
        let queue = EventQueue::new(move |event: &Event| {
            heard.send(event.failures).unwrap();
            assert_ne!(event.failures, 1, "on purpose");
        });
        for number in 1..=2 {
            queue.post(event(number));
            queue.deliver();
            assert_eq!(hears.recv().unwrap(), number);
        }
    }
}
