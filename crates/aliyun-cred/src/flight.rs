//! One piece of work that many wait for: threads, tasks and callbacks alike.
//!
//! Invariants: it ends exactly once; everyone who waits is told; a waiter that gives up changes nothing for the others.
//! There is no executor in here, so that every interleaving can be tested.

use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::task::{Context, Poll, Wake, Waker};
use std::thread::{self, Thread};
use std::time::Duration;

pub(crate) struct Flight<T> {
    outcome: OnceLock<T>,
    waiters: Mutex<Vec<Waiter<T>>>,
}

enum Waiter<T> {
    /// A future that was polled. `None` once it has been dropped.
    Task(Option<Waker>),
    Callback(Box<dyn FnOnce(T) + Send>),
}

impl<T: Clone> Flight<T> {
    pub(crate) fn new() -> Arc<Self> {
        Arc::new(Flight { outcome: OnceLock::new(), waiters: Mutex::new(Vec::new()) })
    }

    /// Ends the work and tells everyone. Only the first call counts.
    pub(crate) fn land(&self, outcome: T) {
        let waiters = {
            let mut waiters = self.lock();
            // Under the lock, so that no waiter can register between the outcome and the list being taken.
            if self.outcome.set(outcome).is_err() {
                return;
            }
            std::mem::take(&mut *waiters)
        };
        let Some(outcome) = self.outcome.get() else { return };
        for waiter in waiters {
            match waiter {
                Waiter::Task(waker) => waker.into_iter().for_each(Waker::wake),
                Waiter::Callback(callback) => callback(outcome.clone()),
            }
        }
    }

    /// Calls `callback` with the outcome: now if there is one, else on the thread that lands it.
    pub(crate) fn on_landing(&self, callback: impl FnOnce(T) + Send + 'static) {
        let mut waiters = self.lock();
        match self.outcome.get() {
            Some(outcome) => {
                let outcome = outcome.clone();
                drop(waiters);
                callback(outcome);
            }
            None => waiters.push(Waiter::Callback(Box::new(callback))),
        }
    }

    /// Waits in a task of any executor.
    pub(crate) fn join(self: Arc<Self>) -> Join<T> {
        Join { flight: self, slot: None }
    }

    /// Waits in this thread. `None` if `limit` ran out first.
    pub(crate) fn wait(self: Arc<Self>, limit: Option<Duration>) -> Option<T> {
        let waker = Waker::from(Arc::new(Unpark(thread::current())));
        let mut context = Context::from_waker(&waker);
        let mut join = self.join();
        let clock = crate::host::Stopwatch::start();
        loop {
            if let Poll::Ready(outcome) = Pin::new(&mut join).poll(&mut context) {
                return Some(outcome);
            }
            match limit.map(|limit| limit.saturating_sub(clock.elapsed())) {
                None => thread::park(),
                Some(Duration::ZERO) => return None,
                Some(left) => thread::park_timeout(left),
            }
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Vec<Waiter<T>>> {
        self.waiters.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

struct Unpark(Thread);

impl Wake for Unpark {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }
}

/// A task's wait for a [`Flight`].
pub(crate) struct Join<T> {
    flight: Arc<Flight<T>>,
    /// Where this task's waker stands in the list.
    slot: Option<usize>,
}

impl<T: Clone> Future for Join<T> {
    type Output = T;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<T> {
        let flight = self.flight.clone();
        let mut waiters = flight.lock();
        if let Some(outcome) = flight.outcome.get() {
            return Poll::Ready(outcome.clone());
        }
        let waiter = Waiter::Task(Some(context.waker().clone()));
        match self.slot.and_then(|slot| waiters.get_mut(slot)) {
            Some(mine) => *mine = waiter,
            None => {
                self.slot = Some(waiters.len());
                waiters.push(waiter);
            }
        }
        Poll::Pending
    }
}

impl<T> Drop for Join<T> {
    fn drop(&mut self) {
        let Some(slot) = self.slot else { return };
        let mut waiters = self.flight.waiters.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(Waiter::Task(waker)) = waiters.get_mut(slot) {
            *waker = None;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::mpsc;

    #[test]
    fn everyone_is_told_whenever_they_came() {
        let flight = Flight::new();
        let (tell, told) = mpsc::channel();
        let early = tell.clone();
        flight.on_landing(move |outcome: u32| early.send(outcome).unwrap());
        let threads: Vec<_> = (0..4)
            .map(|_| {
                let flight = flight.clone();
                thread::spawn(move || flight.wait(None))
            })
            .collect();
        flight.land(7);
        flight.land(8);
        flight.on_landing(move |outcome| tell.send(outcome).unwrap());
        assert_eq!([told.recv().unwrap(), told.recv().unwrap()], [7, 7]);
        for thread in threads {
            assert_eq!(thread.join().unwrap(), Some(7));
        }
    }

    #[test]
    fn a_limit_runs_out_without_changing_anything() {
        let flight = Flight::new();
        assert_eq!(flight.clone().wait(Some(Duration::from_millis(1))), None::<u32>);
        flight.land(7);
        assert_eq!(flight.wait(Some(Duration::ZERO)), Some(7));
    }

    #[test]
    fn a_dropped_waiter_is_not_woken() {
        struct Count(std::sync::atomic::AtomicUsize);
        impl Wake for Count {
            fn wake(self: Arc<Self>) {
                self.0.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
            }
        }
        let count = Arc::new(Count(Default::default()));
        let waker = Waker::from(count.clone());
        let flight = Flight::<u32>::new();
        let mut stays = flight.clone().join();
        let mut leaves = flight.clone().join();
        for join in [&mut stays, &mut leaves] {
            assert!(Pin::new(join).poll(&mut Context::from_waker(&waker)).is_pending());
        }
        drop(leaves);
        flight.land(7);
        assert_eq!(count.0.load(std::sync::atomic::Ordering::SeqCst), 1);
    }
}
