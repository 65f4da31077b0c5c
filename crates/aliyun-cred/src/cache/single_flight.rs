//! One piece of work that many wait for: threads, tasks and callbacks alike.
//!
//! Invariants: a gate has one flight in the air at most; a flight lands exactly once, and everyone who waits is told; a
//! waiter that gives up changes nothing for the others. There is no executor, clock or I/O in here, so that every
//! interleaving can be tested (feature `model-check`).

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

/// Lets one flight at a time take off, as the state behind it says.
pub(crate) struct Gate<S, T> {
    inner: Mutex<Inside<S, T>>,
}

struct Inside<S, T> {
    state: S,
    flight: Option<Arc<Flight<T>>>,
    /// A flight that was disowned and has not landed: the next one begins when it has.
    ahead: Option<Arc<Flight<T>>>,
}

/// What the state wants for somebody who comes to the gate.
pub(crate) enum Wish<T> {
    /// This answer, and no work.
    Answer(T),
    /// This answer, and the work done for those who come later.
    AnswerAndFly(T),
    /// To wait for the work.
    Fly,
}

/// What somebody who came to the gate has to do.
pub(crate) enum Entry<T> {
    Answered(T),
    /// Answered; the flight, which this caller has to see through, is for those who come later.
    AnsweredAndPiloting(T, Arc<Flight<T>>),
    /// Somebody else sees the flight through.
    Joining(Arc<Flight<T>>),
    /// This caller has to see the flight through.
    Piloting(Arc<Flight<T>>),
}

impl<S, T: Clone> Gate<S, T> {
    pub(crate) fn new(state: S) -> Self {
        Gate { inner: Mutex::new(Inside { state, flight: None, ahead: None }) }
    }

    /// Asks the state what it wants, and hands out the flight in the air or a new one. A pilot must [`land`](Self::land).
    pub(crate) fn enter(&self, wish: impl FnOnce(&mut S) -> Wish<T>) -> Entry<T> {
        let mut inside = self.lock();
        let wish = wish(&mut inside.state);
        match (wish, &inside.flight) {
            (Wish::Answer(answer), _) | (Wish::AnswerAndFly(answer), Some(_)) => Entry::Answered(answer),
            (Wish::AnswerAndFly(answer), None) => Entry::AnsweredAndPiloting(answer, inside.take_off()),
            (Wish::Fly, Some(flight)) => Entry::Joining(flight.clone()),
            (Wish::Fly, None) => Entry::Piloting(inside.take_off()),
        }
    }

    /// Has the flight in the air count for those who wait for it already, and for nobody else.
    pub(crate) fn disown(&self) {
        let mut inside = self.lock();
        if let Some(flight) = inside.flight.take() {
            inside.ahead = Some(flight);
        }
    }

    /// Ends the flight: `settle` takes what it brought into the state, which it is not given if the flight was disowned,
    /// and says what those who wait are told.
    pub(crate) fn land(&self, flight: &Flight<T>, settle: impl FnOnce(Option<&mut S>) -> T) {
        let is = |other: &Option<Arc<Flight<T>>>| other.as_deref().is_some_and(|other| std::ptr::eq(other, flight));
        let outcome = {
            let mut inside = self.lock();
            if is(&inside.ahead) {
                inside.ahead = None;
            }
            if is(&inside.flight) {
                inside.flight = None;
                settle(Some(&mut inside.state))
            } else {
                settle(None)
            }
        };
        // Not under the gate's lock: a callback may come straight back.
        flight.land(outcome);
    }

    fn lock(&self) -> MutexGuard<'_, Inside<S, T>> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<S, T> std::fmt::Debug for Gate<S, T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Gate")
    }
}

impl<S, T: Clone> Inside<S, T> {
    fn take_off(&mut self) -> Arc<Flight<T>> {
        let flight = Flight::behind(self.ahead.clone());
        self.flight = Some(flight.clone());
        flight
    }
}

/// Work in the air.
pub(crate) struct Flight<T> {
    inner: Mutex<Manifest<T>>,
}

struct Manifest<T> {
    /// The flight that has to land before this one's work begins. Settled when it took off: whatever is disowned later
    /// took off with it or behind it.
    ahead: Option<Arc<Flight<T>>>,
    outcome: Option<T>,
    waiters: Vec<Waiter<T>>,
}

enum Waiter<T> {
    /// A future that was polled. `None` once it has been dropped.
    Task(Option<Waker>),
    Callback(Box<dyn FnOnce(T) + Send>),
}

impl<T: Clone> Flight<T> {
    fn behind(ahead: Option<Arc<Self>>) -> Arc<Self> {
        Arc::new(Flight { inner: Mutex::new(Manifest { ahead, outcome: None, waiters: Vec::new() }) })
    }

    /// Hands out the flight that has to land before the work begins, to the one who does it.
    pub(crate) fn take_ahead(&self) -> Option<Arc<Self>> {
        self.lock().ahead.take()
    }

    /// Tells everyone. Only the first call counts.
    fn land(&self, outcome: T) {
        let waiters = {
            let mut manifest = self.lock();
            if manifest.outcome.is_some() {
                return;
            }
            manifest.outcome = Some(outcome.clone());
            std::mem::take(&mut manifest.waiters)
        };
        for waiter in waiters {
            let outcome = outcome.clone();
            // One that panics takes nothing from those behind it. What it panicked with is left alone, for dropping that
            // may panic again.
            std::panic::catch_unwind(AssertUnwindSafe(|| match waiter {
                Waiter::Task(waker) => waker.into_iter().for_each(Waker::wake),
                Waiter::Callback(callback) => callback(outcome),
            }))
            .unwrap_or_else(std::mem::forget);
        }
    }

    /// What came of it, if it has landed.
    pub(crate) fn outcome(&self) -> Option<T> {
        self.lock().outcome.clone()
    }

    /// Calls `callback` with the outcome: now if there is one, else on the thread that lands it.
    pub(crate) fn on_landing(&self, callback: impl FnOnce(T) + Send + 'static) {
        let mut manifest = self.lock();
        match manifest.outcome.clone() {
            Some(outcome) => {
                drop(manifest);
                callback(outcome);
            }
            None => manifest.waiters.push(Waiter::Callback(Box::new(callback))),
        }
    }

    /// Waits in a task of any executor.
    pub(crate) fn join(self: Arc<Self>) -> Join<T> {
        Join { flight: self, slot: None }
    }

    /// Waits in this thread. `None` if `left` says that there is no time left; without an answer from it, there is no
    /// limit.
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
    fn lock(&self) -> MutexGuard<'_, Manifest<T>> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// How a thread sleeps. Not by parking it: a thread that is ending, as when the program does, cannot be parked.
#[derive(Default)]
struct Nap {
    woken: Mutex<bool>,
    changed: Condvar,
}

impl Nap {
    /// Returns when it was woken, when the time is over, or for no reason.
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
        // A waker is somebody else's, and may do anything when it is cloned or dropped: not under the lock.
        let waiter = Waiter::Task(Some(context.waker().clone()));
        let mut manifest = flight.lock();
        if let Some(outcome) = manifest.outcome.clone() {
            return Poll::Ready(outcome);
        }
        let replaced = match self.slot.and_then(|slot| manifest.waiters.get_mut(slot)) {
            Some(mine) => Some(std::mem::replace(mine, waiter)),
            None => {
                self.slot = Some(manifest.waiters.len());
                manifest.waiters.push(waiter);
                None
            }
        };
        drop(manifest);
        drop(replaced);
        Poll::Pending
    }
}

impl<T> Drop for Join<T> {
    fn drop(&mut self) {
        let Some(slot) = self.slot else { return };
        let mut manifest = self.flight.lock();
        let waker = match manifest.waiters.get_mut(slot) {
            Some(Waiter::Task(waker)) => waker.take(),
            _ => None,
        };
        // Of those who come and go again and again nothing is left.
        while let Some(Waiter::Task(None)) = manifest.waiters.last() {
            manifest.waiters.pop();
        }
        drop(manifest);
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

    #[test]
    fn a_disowned_flight_answers_its_own_and_the_next_one_waits_for_it() {
        let gate = Gate::new(0);
        let fly = || match gate.enter(|_| Wish::Fly) {
            Entry::Piloting(flight) => flight,
            _ => panic!("somebody else is the pilot"),
        };
        let first = fly();
        gate.disown();
        let second = fly();
        // Before its work began: it waits for the first all the same, and not for itself.
        gate.disown();
        let third = fly();
        assert!(first.take_ahead().is_none());
        assert!(second.take_ahead().is_some_and(|ahead| Arc::ptr_eq(&ahead, &first)));
        assert!(third.take_ahead().is_some_and(|ahead| Arc::ptr_eq(&ahead, &second)));
        gate.land(&first, |state| {
            assert!(state.is_none(), "it is taken in");
            1
        });
        assert_eq!((first.outcome(), second.outcome()), (Some(1), None));
        gate.land(&second, |state| {
            assert!(state.is_none(), "it is taken in");
            2
        });
        gate.land(&third, |state| {
            *state.unwrap() += 3;
            3
        });
        assert_eq!((second.outcome(), third.outcome(), gate.lock().state), (Some(2), Some(3), 3));
        assert!(fly().take_ahead().is_none());
    }

    #[test]
    fn everyone_is_told_whenever_they_came() {
        let flight = Flight::behind(None);
        let (tell, told) = mpsc::channel();
        let early = tell.clone();
        flight.on_landing(move |outcome: u32| early.send(outcome).unwrap());
        let threads: Vec<_> = (0..4)
            .map(|_| {
                let flight = flight.clone();
                thread::spawn(move || flight.wait(NO_LIMIT))
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
        let flight = Flight::behind(None);
        assert_eq!(flight.clone().wait(|| Some(Duration::ZERO)), None::<u32>);
        flight.land(7);
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
        let flight = Flight::<u32>::behind(None);
        let mut stays = flight.clone().join();
        let mut leaves = flight.clone().join();
        for join in [&mut stays, &mut leaves] {
            assert!(Pin::new(join).poll(&mut Context::from_waker(&waker)).is_pending());
        }
        drop(leaves);
        flight.land(7);
        assert_eq!(count.0.load(Ordering::SeqCst), 1);
    }

    #[test]
    fn a_callback_that_panics_takes_nothing_from_the_others() {
        let flight = Flight::behind(None);
        let (tell, told) = mpsc::channel();
        flight.on_landing(|_| panic!("on purpose"));
        flight.on_landing(move |outcome: u32| tell.send(outcome).unwrap());
        flight.land(7);
        assert_eq!(told.recv().unwrap(), 7);
    }

    #[test]
    fn a_waker_that_panics_takes_nothing_from_the_others() {
        /// As that of an executor that is gone; and dropping what it panics with panics as well.
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
        let flight = Flight::behind(None);
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
        // It has asked how long it may wait, and so is in the list.
        assert!(told.recv().is_err());
        flight.land(7);
        assert_eq!(thread.join().unwrap(), Some(7));
    }

    #[test]
    fn those_who_come_and_go_leave_nothing() {
        let flight = Flight::<u32>::behind(None);
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
    fn a_callback_may_come_straight_back() {
        let gate = Arc::new(Gate::<u32, u32>::new(0));
        let Entry::Piloting(flight) = gate.enter(|_| Wish::Fly) else { panic!("somebody else is the pilot") };
        let (tell, told) = mpsc::channel();
        let again = gate.clone();
        flight.on_landing(move |_| {
            let Entry::Answered(state) = again.enter(|state| Wish::Answer(*state)) else { panic!("not answered") };
            tell.send(state).unwrap();
        });
        gate.land(&flight, |state| {
            *state.unwrap() = 7;
            7
        });
        assert_eq!(told.recv().unwrap(), 7);
    }
}

/// Every interleaving, not the few that a test happens to meet: `cargo test -p aliyun-cred --features model-check`.
#[cfg(all(test, feature = "model-check"))]
mod model {
    use super::*;
    use shuttle::sync::atomic::{AtomicUsize, Ordering};
    use shuttle::thread;

    /// What a cache's state is to the gate: something cached or nothing, and how often it was fetched.
    #[derive(Default)]
    struct State {
        cached: Option<usize>,
        flights: usize,
        aloft: bool,
    }

    struct World {
        gate: Gate<State, Result<usize, &'static str>>,
        /// How many of the first refreshes fail.
        failing: usize,
    }

    fn world(failing: usize) -> Arc<World> {
        Arc::new(World { gate: Gate::new(State::default()), failing })
    }

    impl World {
        fn enter(&self) -> Entry<Result<usize, &'static str>> {
            self.gate.enter(|state| match state.cached {
                Some(value) => Wish::Answer(Ok(value)),
                None => {
                    state.aloft = true;
                    Wish::Fly
                }
            })
        }

        fn fly(&self, flight: &Flight<Result<usize, &'static str>>) {
            thread::yield_now();
            self.gate.land(flight, |state| {
                let state = state.unwrap();
                assert!(state.aloft, "two flights at once");
                state.aloft = false;
                state.flights += 1;
                if state.flights <= self.failing {
                    return Err("failed");
                }
                state.cached = Some(state.flights);
                Ok(state.flights)
            });
        }

        /// As a blocking call does.
        fn call(&self) -> Result<usize, &'static str> {
            let flight = match self.enter() {
                Entry::Answered(answer) | Entry::AnsweredAndPiloting(answer, _) => return answer,
                Entry::Joining(flight) => flight,
                Entry::Piloting(flight) => {
                    self.fly(&flight);
                    flight
                }
            };
            flight.wait(|| None).unwrap_or(Err("a wait without limit ended without an outcome"))
        }

        fn flights(&self) -> usize {
            self.gate.lock().state.flights
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
            assert_eq!(world.flights(), 1);
        });
    }

    #[test]
    fn a_failure_is_shared_by_those_who_waited_and_by_nobody_else() {
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
            assert_eq!(world.flights(), 2);
        });
    }

    #[test]
    fn a_waiter_that_gives_up_changes_nothing() {
        check(|| {
            let world = world(0);
            let Entry::Piloting(flight) = world.enter() else { panic!("somebody else is the pilot") };
            let pilot = {
                let (world, flight) = (world.clone(), flight.clone());
                thread::spawn(move || world.fly(&flight))
            };
            let leaver = {
                let flight = flight.clone();
                // It is polled, and dropped before or after the landing.
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
            for thread in [pilot, leaver, impatient] {
                thread.join().unwrap();
            }
        });
    }

    #[test]
    fn whoever_began_a_refresh_may_leave_it_to_another() {
        check(|| {
            let world = world(0);
            let Entry::Piloting(flight) = world.enter() else { panic!("somebody else is the pilot") };
            let driver = {
                let (world, flight) = (world.clone(), flight.clone());
                thread::spawn(move || world.fly(&flight))
            };
            drop(flight);
            assert_eq!(world.call(), Ok(1));
            driver.join().unwrap();
            assert_eq!(world.flights(), 1);
        });
    }

    #[test]
    fn the_world_may_end_during_a_refresh() {
        check(|| {
            let world = world(0);
            let Entry::Piloting(flight) = world.enter() else { panic!("somebody else is the pilot") };
            let told = Arc::new(AtomicUsize::new(0));
            let tell = told.clone();
            flight.on_landing(move |_| {
                tell.fetch_add(1, Ordering::SeqCst);
            });
            // The refresh holds what it needs; everyone else lets go.
            let driver = {
                let (world, flight) = (world.clone(), flight.clone());
                thread::spawn(move || world.fly(&flight))
            };
            drop((world, flight));
            driver.join().unwrap();
            assert_eq!(told.load(Ordering::SeqCst), 1);
        });
    }

    #[test]
    fn refreshes_that_are_disowned_take_turns() {
        check(|| {
            let gate = Arc::new(Gate::<(), ()>::new(()));
            let working = Arc::new(AtomicUsize::new(0));
            let callers: Vec<_> = (0..3)
                .map(|_| {
                    let (gate, working) = (gate.clone(), working.clone());
                    thread::spawn(move || match gate.enter(|()| Wish::Fly) {
                        Entry::Piloting(flight) => {
                            gate.disown();
                            if let Some(ahead) = flight.take_ahead() {
                                let _ = ahead.wait(|| None);
                            }
                            assert_eq!(working.fetch_add(1, Ordering::SeqCst), 0, "two work at once");
                            thread::yield_now();
                            working.fetch_sub(1, Ordering::SeqCst);
                            gate.land(&flight, |_| ());
                        }
                        Entry::Joining(flight) => drop(flight.wait(|| None)),
                        _ => panic!("answered"),
                    })
                })
                .collect();
            callers.into_iter().for_each(|caller| caller.join().unwrap());
        });
    }

    #[test]
    fn a_refresh_in_the_background_starts_once() {
        check(|| {
            let gate = Arc::new(Gate::<usize, usize>::new(0));
            let callers: Vec<_> = (0..3)
                .map(|_| {
                    let gate = gate.clone();
                    thread::spawn(move || {
                        let wish = |state: &mut usize| match *state {
                            0 => Wish::AnswerAndFly(0),
                            fetched => Wish::Answer(fetched),
                        };
                        if let Entry::AnsweredAndPiloting(_, flight) = gate.enter(wish) {
                            thread::yield_now();
                            gate.land(&flight, |state| {
                                let state = state.unwrap();
                                *state += 1;
                                *state
                            });
                        }
                    })
                })
                .collect();
            callers.into_iter().for_each(|caller| caller.join().unwrap());
            assert_eq!(gate.lock().state, 1);
        });
    }
}
