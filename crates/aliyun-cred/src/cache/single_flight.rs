//! One piece of work shared by many callers: threads, tasks and callbacks alike.
//!
//! Invariants: callers join at most one flight at a time; flights run one after another, including detached ones; a
//! flight completes exactly once and notifies every waiter; a waiter that gives up changes nothing for the others.
//! Nothing here uses an executor, a clock or I/O, so that every interleaving can be tested (feature `model-check`).

use std::future::Future;
use std::panic::AssertUnwindSafe;
use std::pin::Pin;
use std::sync::{Arc, PoisonError};
use std::task::{Context, Poll, Wake, Waker};

#[cfg(not(feature = "model-check"))]
use std::sync::{Condvar, Mutex, MutexGuard};

#[cfg(feature = "model-check")]
use shuttle::sync::{Condvar, Mutex, MutexGuard};

use std::time::Duration;

/// A state, and the one flight at a time that updates it.
pub(crate) struct SingleFlight<S, T> {
    inner: Mutex<Inside<S, T>>,
}

/// The data behind the lock.
pub(crate) struct Inside<S, T> {
    pub(crate) state: S,
    /// The flight that callers join.
    current: Option<Arc<Flight<T>>>,
    /// The last detached flight, until it completes.
    detached: Option<Arc<Flight<T>>>,
}

/// A caller's place in a flight.
pub(crate) enum Place<T> {
    /// This caller does the work, and must [`complete`](SingleFlight::complete) the flight.
    Leader(Arc<Flight<T>>),
    /// Another caller does the work.
    Waiter(Arc<Flight<T>>),
}

impl<S, T: Clone> SingleFlight<S, T> {
    pub(crate) fn new(state: S) -> Self {
        SingleFlight { inner: Mutex::new(Inside { state, current: None, detached: None }) }
    }

    /// Runs `decide` under the lock. It must neither block nor call back into this type.
    pub(crate) fn enter<R>(&self, decide: impl FnOnce(&mut Inside<S, T>) -> R) -> R {
        decide(&mut self.lock())
    }

    /// Detaches the current flight: its waiters still get its outcome, but the state and later callers do not. A flight
    /// whose work has not started stays: nothing in it is older than this call.
    pub(crate) fn detach(&self) {
        let mut inside = self.lock();
        if let Some(flight) = inside.current.take_if(|flight| flight.lock().started) {
            inside.detached = Some(flight);
        }
    }

    /// Completes a flight. `settle` updates the state and returns the outcome for the waiters; it gets no state if the
    /// flight was detached.
    pub(crate) fn complete(&self, flight: &Flight<T>, settle: impl FnOnce(Option<&mut S>) -> T) {
        let is = |other: &Option<Arc<Flight<T>>>| other.as_deref().is_some_and(|other| std::ptr::eq(other, flight));
        let outcome = {
            let mut inside = self.lock();
            if is(&inside.detached) {
                inside.detached = None;
            }
            if is(&inside.current) {
                inside.current = None;
                settle(Some(&mut inside.state))
            } else {
                settle(None)
            }
        };
        // Without the lock: a callback may call back into this type.
        flight.complete(outcome);
    }

    fn lock(&self) -> MutexGuard<'_, Inside<S, T>> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<S, T> std::fmt::Debug for SingleFlight<S, T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SingleFlight")
    }
}

impl<S, T: Clone> Inside<S, T> {
    /// Joins the current flight, or starts one and leads it.
    pub(crate) fn join_or_lead(&mut self) -> Place<T> {
        if let Some(flight) = &self.current {
            return Place::Waiter(flight.clone());
        }
        let flight = Flight::after(self.detached.clone());
        self.current = Some(flight.clone());
        Place::Leader(flight)
    }
}

/// Shared work, and its waiters.
pub(crate) struct Flight<T> {
    inner: Mutex<Progress<T>>,
}

struct Progress<T> {
    /// The flight that must complete before this one starts work. Known from the start: a flight detached later is this
    /// one or a later one.
    predecessor: Option<Arc<Flight<T>>>,
    started: bool,
    outcome: Option<T>,
    waiters: Vec<Waiter<T>>,
}

enum Waiter<T> {
    /// A future that was polled. `None` once it has been dropped.
    Task(Option<Waker>),
    Callback(Box<dyn FnOnce(T) + Send>),
}

impl<T: Clone> Flight<T> {
    fn after(predecessor: Option<Arc<Self>>) -> Arc<Self> {
        Arc::new(Flight {
            inner: Mutex::new(Progress { predecessor, started: false, outcome: None, waiters: Vec::new() }),
        })
    }

    /// A flight outside of any [`SingleFlight`]; its creator must complete it.
    pub(crate) fn alone() -> Arc<Self> {
        Flight::after(None)
    }

    /// A flight that needs no work.
    pub(crate) fn completed(outcome: T) -> Arc<Self> {
        let flight = Flight::after(None);
        flight.lock().outcome = Some(outcome);
        flight
    }

    /// Starts the work, or returns the flight that the leader must wait for before it tries again.
    pub(crate) fn start(&self) -> Option<Arc<Self>> {
        let mut progress = self.lock();
        let predecessor = progress.predecessor.take();
        progress.started = predecessor.is_none();
        predecessor
    }

    /// Notifies every waiter. Only the first call counts.
    pub(crate) fn complete(&self, outcome: T) {
        let waiters = {
            let mut progress = self.lock();
            if progress.outcome.is_some() {
                return;
            }
            progress.outcome = Some(outcome.clone());
            std::mem::take(&mut progress.waiters)
        };
        for waiter in waiters {
            let outcome = outcome.clone();
            // A waiter that panics does not affect the next one. The payload is leaked, because dropping it may panic
            // again.
            std::panic::catch_unwind(AssertUnwindSafe(|| match waiter {
                Waiter::Task(waker) => waker.into_iter().for_each(Waker::wake),
                Waiter::Callback(callback) => callback(outcome),
            }))
            .unwrap_or_else(std::mem::forget);
        }
    }

    /// The outcome, once the flight has completed.
    pub(crate) fn outcome(&self) -> Option<T> {
        self.lock().outcome.clone()
    }

    /// Calls `callback` with the outcome: now if the flight has completed, else on the thread that completes it.
    pub(crate) fn on_completion(&self, callback: impl FnOnce(T) + Send + 'static) {
        let mut progress = self.lock();
        match progress.outcome.clone() {
            Some(outcome) => {
                drop(progress);
                callback(outcome);
            }
            None => progress.waiters.push(Waiter::Callback(Box::new(callback))),
        }
    }

    /// Waits in a task of any executor.
    pub(crate) fn join(self: Arc<Self>) -> Join<T> {
        Join { flight: self, slot: None }
    }

    /// Blocks this thread. `left` returns the time left, `None` for no limit; returns `None` once that is zero.
    pub(crate) fn wait(self: Arc<Self>, mut left: impl FnMut() -> Option<Duration>) -> Option<T> {
        let nap = Arc::new(Nap::default());
        let waker = Waker::from(nap.clone());
        let mut context = Context::from_waker(&waker);
        let mut join = self.join();
        loop {
            if let Poll::Ready(outcome) = Pin::new(&mut join).poll(&mut context) {
                return Some(outcome);
            }
            match left() {
                Some(Duration::ZERO) => return None,
                left => nap.take(left),
            }
        }
    }
}

impl<T> Flight<T> {
    fn lock(&self) -> MutexGuard<'_, Progress<T>> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// How a thread sleeps. Not `park`, which fails on a thread that is ending, for example at process exit.
#[derive(Default)]
struct Nap {
    woken: Mutex<bool>,
    changed: Condvar,
}

impl Nap {
    /// Returns when woken, when `limit` has run out, or spuriously.
    fn take(&self, limit: Option<Duration>) {
        let woken = self.woken.lock().unwrap_or_else(PoisonError::into_inner);
        if *woken {
            return;
        }
        match limit {
            None => drop(self.changed.wait(woken)),
            Some(limit) => drop(self.changed.wait_timeout(woken, limit)),
        }
    }
}

impl Wake for Nap {
    fn wake(self: Arc<Self>) {
        *self.woken.lock().unwrap_or_else(PoisonError::into_inner) = true;
        self.changed.notify_all();
    }
}

/// A task waiting for a [`Flight`].
pub(crate) struct Join<T> {
    flight: Arc<Flight<T>>,
    /// The index of this task's waker in the list.
    slot: Option<usize>,
}

impl<T: Clone> Future for Join<T> {
    type Output = T;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<T> {
        let flight = self.flight.clone();
        // Cloning or dropping a waker runs foreign code: never under the lock.
        let waiter = Waiter::Task(Some(context.waker().clone()));
        let mut progress = flight.lock();
        if let Some(outcome) = progress.outcome.clone() {
            return Poll::Ready(outcome);
        }
        let replaced = match self.slot.and_then(|slot| progress.waiters.get_mut(slot)) {
            Some(mine) => Some(std::mem::replace(mine, waiter)),
            None => {
                self.slot = Some(progress.waiters.len());
                progress.waiters.push(waiter);
                None
            }
        };
        drop(progress);
        drop(replaced);
        Poll::Pending
    }
}

impl<T> Drop for Join<T> {
    fn drop(&mut self) {
        let Some(slot) = self.slot else { return };
        let mut progress = self.flight.lock();
        let waker = match progress.waiters.get_mut(slot) {
            Some(Waiter::Task(waker)) => waker.take(),
            _ => None,
        };
        // Waiters that come and go repeatedly must not grow the list.
        while let Some(Waiter::Task(None)) = progress.waiters.last() {
            progress.waiters.pop();
        }
        drop(progress);
        drop(waker);
    }
}

#[cfg(all(test, not(feature = "model-check")))]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::sync::mpsc;
    use std::thread;

    const NO_LIMIT: fn() -> Option<Duration> = || None;

    fn led<T>(place: Place<T>) -> Arc<Flight<T>> {
        match place {
            Place::Leader(flight) => flight,
            Place::Waiter(_) => panic!("another caller leads"),
        }
    }

    #[test]
    fn a_detached_flight_answers_its_waiters_and_the_next_one_works_after_it() {
        let flights = SingleFlight::new(0);
        let lead = || led(flights.enter(Inside::join_or_lead));
        let first = lead();
        assert!(first.start().is_none());
        flights.detach();
        let second = lead();
        assert!(second.start().is_some_and(|other| Arc::ptr_eq(&other, &first)));
        // It has not started: however often its callers ask for something new, it will bring that.
        for _ in 0..3 {
            flights.detach();
            assert!(
                matches!(flights.enter(Inside::join_or_lead), Place::Waiter(joined) if Arc::ptr_eq(&joined, &second))
            );
        }
        assert!(second.start().is_none());
        flights.detach();
        let third = lead();
        assert!(third.start().is_some_and(|other| Arc::ptr_eq(&other, &second)));
        for (flight, outcome) in [(&first, 1), (&second, 2)] {
            flights.complete(flight, |state| {
                assert!(state.is_none(), "it is settled");
                outcome
            });
        }
        assert!(third.start().is_none());
        flights.complete(&third, |state| {
            *state.unwrap() += 3;
            3
        });
        assert_eq!([first, second, third].map(|flight| flight.outcome()), [Some(1), Some(2), Some(3)]);
        assert_eq!(flights.lock().state, 3);
        assert!(lead().start().is_none());
    }

    #[test]
    fn every_waiter_is_notified_whenever_it_joined() {
        let flight = Flight::after(None);
        let (tell, told) = mpsc::channel();
        let early = tell.clone();
        flight.on_completion(move |outcome: u32| early.send(outcome).unwrap());
        let threads: Vec<_> = (0..4)
            .map(|_| {
                let flight = flight.clone();
                thread::spawn(move || flight.wait(NO_LIMIT))
            })
            .collect();
        flight.complete(7);
        flight.complete(8);
        flight.on_completion(move |outcome| tell.send(outcome).unwrap());
        assert_eq!([told.recv().unwrap(), told.recv().unwrap()], [7, 7]);
        for thread in threads {
            assert_eq!(thread.join().unwrap(), Some(7));
        }
    }

    #[test]
    fn a_limit_runs_out_without_changing_anything() {
        let flight = Flight::after(None);
        assert_eq!(flight.clone().wait(|| Some(Duration::ZERO)), None::<u32>);
        flight.complete(7);
        assert_eq!(flight.wait(|| Some(Duration::ZERO)), Some(7));
    }

    #[test]
    fn a_dropped_waiter_is_not_woken() {
        struct Count(AtomicUsize);
        impl Wake for Count {
            fn wake(self: Arc<Self>) {
                self.0.fetch_add(1, Ordering::SeqCst);
            }
        }
        let count = Arc::new(Count(AtomicUsize::new(0)));
        let waker = Waker::from(count.clone());
        let flight = Flight::<u32>::after(None);
        let mut stays = flight.clone().join();
        let mut leaves = flight.clone().join();
        for join in [&mut stays, &mut leaves] {
            assert!(Pin::new(join).poll(&mut Context::from_waker(&waker)).is_pending());
        }
        drop(leaves);
        flight.complete(7);
        assert_eq!(count.0.load(Ordering::SeqCst), 1);
    }

    #[test]
    fn a_callback_that_panics_takes_nothing_from_the_others() {
        let flight = Flight::after(None);
        let (tell, told) = mpsc::channel();
        flight.on_completion(|_| panic!("on purpose"));
        flight.on_completion(move |outcome: u32| tell.send(outcome).unwrap());
        flight.complete(7);
        assert_eq!(told.recv().unwrap(), 7);
    }

    #[test]
    fn a_waker_that_panics_takes_nothing_from_the_others() {
        /// A waker of an executor that has shut down. Dropping its panic payload panics too.
        struct Gone;
        impl Wake for Gone {
            fn wake(self: Arc<Self>) {
                std::panic::panic_any(Payload);
            }
        }
        struct Payload;
        impl Drop for Payload {
            fn drop(&mut self) {
                panic!("on purpose");
            }
        }
        let flight = Flight::after(None);
        let mut gone = flight.clone().join();
        let waker = Waker::from(Arc::new(Gone));
        assert!(Pin::new(&mut gone).poll(&mut Context::from_waker(&waker)).is_pending());
        let waiting = flight.clone();
        let (tell, told) = mpsc::channel::<()>();
        let thread = thread::spawn(move || {
            let mut first = Some(tell);
            waiting.wait(|| {
                first.take();
                None
            })
        });
        // It has asked for the time left, so it is in the list.
        assert!(told.recv().is_err());
        flight.complete(7);
        assert_eq!(thread.join().unwrap(), Some(7));
    }

    #[test]
    fn waiters_that_come_and_go_leave_nothing_behind() {
        let flight = Flight::<u32>::after(None);
        let stays = |flight: &Arc<Flight<u32>>| {
            let mut join = flight.clone().join();
            assert!(Pin::new(&mut join).poll(&mut Context::from_waker(Waker::noop())).is_pending());
            join
        };
        let (early, late) = (stays(&flight), stays(&flight));
        for _ in 0..1_000 {
            drop(stays(&flight));
        }
        assert_eq!(flight.lock().waiters.len(), 2);
        drop(early);
        assert_eq!(flight.lock().waiters.len(), 2, "the later one keeps its place");
        drop(late);
        assert_eq!(flight.lock().waiters.len(), 0);
    }

    #[test]
    fn a_callback_may_call_back_into_the_flight() {
        let flights = Arc::new(SingleFlight::<u32, u32>::new(0));
        let flight = led(flights.enter(Inside::join_or_lead));
        let (tell, told) = mpsc::channel();
        let again = flights.clone();
        flight.on_completion(move |_| tell.send(again.enter(|inside| inside.state)).unwrap());
        flights.complete(&flight, |state| {
            *state.unwrap() = 7;
            7
        });
        assert_eq!(told.recv().unwrap(), 7);
    }
}

/// Checks every interleaving: `cargo test -p aliyun-cred --features model-check`.
#[cfg(all(test, feature = "model-check"))]
mod model {
    use super::*;
    use shuttle::sync::atomic::{AtomicUsize, Ordering};
    use shuttle::thread;

    /// Like a cache's state: what is cached, and how often it was fetched.
    #[derive(Default)]
    struct State {
        cached: Option<usize>,
        fetched: usize,
        working: bool,
    }

    struct World {
        flights: SingleFlight<State, Result<usize, &'static str>>,
        /// How many of the first refreshes fail.
        failing: usize,
    }

    fn world(failing: usize) -> Arc<World> {
        Arc::new(World { flights: SingleFlight::new(State::default()), failing })
    }

    impl World {
        /// The cached value, or a place in the flight that fetches it.
        fn enter(&self) -> Result<usize, Place<Result<usize, &'static str>>> {
            self.flights.enter(|inside| match inside.state.cached {
                Some(value) => Ok(value),
                None => {
                    inside.state.working = true;
                    Err(inside.join_or_lead())
                }
            })
        }

        fn lead(&self) -> Arc<Flight<Result<usize, &'static str>>> {
            match self.enter() {
                Err(Place::Leader(flight)) => flight,
                _ => panic!("another caller leads"),
            }
        }

        fn work(&self, flight: &Flight<Result<usize, &'static str>>) {
            thread::yield_now();
            self.flights.complete(flight, |state| {
                let state = state.unwrap();
                assert!(state.working, "two flights at once");
                state.working = false;
                state.fetched += 1;
                if state.fetched <= self.failing {
                    return Err("failed");
                }
                state.cached = Some(state.fetched);
                Ok(state.fetched)
            });
        }

        /// Like a blocking call.
        fn call(&self) -> Result<usize, &'static str> {
            let flight = match self.enter() {
                Ok(cached) => return Ok(cached),
                Err(Place::Waiter(flight)) => flight,
                Err(Place::Leader(flight)) => {
                    self.work(&flight);
                    flight
                }
            };
            flight.wait(|| None).unwrap_or(Err("a wait without limit ended without an outcome"))
        }

        fn fetched(&self) -> usize {
            self.flights.lock().state.fetched
        }
    }

    fn check(test: impl Fn() + Send + Sync + 'static) {
        shuttle::check_random(test, 5_000);
    }

    #[test]
    fn everyone_shares_one_refresh() {
        check(|| {
            let world = world(0);
            let callers: Vec<_> = (0..3)
                .map(|_| {
                    let world = world.clone();
                    thread::spawn(move || assert_eq!(world.call(), Ok(1)))
                })
                .collect();
            callers.into_iter().for_each(|caller| caller.join().unwrap());
            assert_eq!(world.fetched(), 1);
        });
    }

    #[test]
    fn a_failure_reaches_its_waiters_only() {
        check(|| {
            let world = world(1);
            let told = Arc::new(AtomicUsize::new(0));
            let callers: Vec<_> = (0..3)
                .map(|_| {
                    let (world, told) = (world.clone(), told.clone());
                    thread::spawn(move || match world.call() {
                        Ok(value) => assert_eq!(value, 2),
                        Err(error) => {
                            assert_eq!(error, "failed");
                            told.fetch_add(1, Ordering::SeqCst);
                        }
                    })
                })
                .collect();
            callers.into_iter().for_each(|caller| caller.join().unwrap());
            assert!(told.load(Ordering::SeqCst) >= 1);
            assert_eq!(world.call(), Ok(2));
            assert_eq!(world.fetched(), 2);
        });
    }

    #[test]
    fn a_waiter_that_gives_up_changes_nothing() {
        check(|| {
            let world = world(0);
            let flight = world.lead();
            let leader = {
                let (world, flight) = (world.clone(), flight.clone());
                thread::spawn(move || world.work(&flight))
            };
            let leaver = {
                let flight = flight.clone();
                // Polled, and dropped before or after completion.
                thread::spawn(move || {
                    let mut join = flight.join();
                    let _ = Pin::new(&mut join).poll(&mut Context::from_waker(Waker::noop()));
                    thread::yield_now();
                })
            };
            let impatient = {
                let flight = flight.clone();
                thread::spawn(move || {
                    let _ = flight.wait(|| Some(Duration::ZERO));
                })
            };
            assert_eq!(flight.wait(|| None), Some(Ok(1)));
            for thread in [leader, leaver, impatient] {
                thread.join().unwrap();
            }
        });
    }

    #[test]
    fn a_leader_may_hand_its_work_to_another_thread() {
        check(|| {
            let world = world(0);
            let flight = world.lead();
            let driver = {
                let (world, flight) = (world.clone(), flight.clone());
                thread::spawn(move || world.work(&flight))
            };
            drop(flight);
            assert_eq!(world.call(), Ok(1));
            driver.join().unwrap();
            assert_eq!(world.fetched(), 1);
        });
    }

    #[test]
    fn everything_else_may_be_dropped_during_a_refresh() {
        check(|| {
            let world = world(0);
            let flight = world.lead();
            let told = Arc::new(AtomicUsize::new(0));
            let tell = told.clone();
            flight.on_completion(move |_| {
                tell.fetch_add(1, Ordering::SeqCst);
            });
            // The refresh holds what it needs; everything else is dropped.
            let driver = {
                let (world, flight) = (world.clone(), flight.clone());
                thread::spawn(move || world.work(&flight))
            };
            drop((world, flight));
            driver.join().unwrap();
            assert_eq!(told.load(Ordering::SeqCst), 1);
        });
    }

    #[test]
    fn detached_flights_work_one_after_another() {
        check(|| {
            let flights = Arc::new(SingleFlight::<(), ()>::new(()));
            let working = Arc::new(AtomicUsize::new(0));
            let callers: Vec<_> = (0..3)
                .map(|_| {
                    let (flights, working) = (flights.clone(), working.clone());
                    thread::spawn(move || match flights.enter(Inside::join_or_lead) {
                        Place::Leader(flight) => {
                            flights.detach();
                            while let Some(predecessor) = flight.start() {
                                let _ = predecessor.wait(|| None);
                            }
                            flights.detach();
                            assert_eq!(working.fetch_add(1, Ordering::SeqCst), 0, "two work at once");
                            thread::yield_now();
                            working.fetch_sub(1, Ordering::SeqCst);
                            flights.complete(&flight, |_| ());
                        }
                        Place::Waiter(flight) => drop(flight.wait(|| None)),
                    })
                })
                .collect();
            callers.into_iter().for_each(|caller| caller.join().unwrap());
        });
    }

    #[test]
    fn a_refresh_in_the_background_starts_once() {
        check(|| {
            let flights = Arc::new(SingleFlight::<usize, usize>::new(0));
            let callers: Vec<_> = (0..3)
                .map(|_| {
                    let flights = flights.clone();
                    thread::spawn(move || {
                        let place = flights.enter(|inside| (inside.state == 0).then(|| inside.join_or_lead()));
                        if let Some(Place::Leader(flight)) = place {
                            thread::yield_now();
                            flights.complete(&flight, |state| {
                                let state = state.unwrap();
                                *state += 1;
                                *state
                            });
                        }
                    })
                })
                .collect();
            callers.into_iter().for_each(|caller| caller.join().unwrap());
            assert_eq!(flights.lock().state, 1);
        });
    }
}
