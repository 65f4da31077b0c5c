//! Caches the last credential of a provider, and fetches the next one in a single flight.
//!
//! Invariants: reading a fresh credential takes no lock; at most one refresh is in flight per client and process; no
//! lock is held while a provider runs; a forked child starts with fresh locks.

mod freshness;
#[cfg(all(test, not(feature = "model-check")))]
mod reload_tests;
pub(crate) mod single_flight;

use std::future::Future;
use std::panic::AssertUnwindSafe;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, Weak};
use std::task::{Context, Waker};
use std::time::Duration;

use arc_swap::ArcSwapOption;

use crate::credentials::{Credentials, Freshness};
use crate::error::{Error, ErrorKind, Result};
use crate::event::{Event, EventKind};
use crate::host::{Host, Now, here, wall_millis, wall_time};
use crate::provider::Provider;
use crate::runtime::call_scope::{Id, Scope};
use crate::runtime::driver;
use crate::runtime::event_queue::EventQueue;
use crate::runtime::per_process::{Own, PerProcess};
use crate::status::{Refresh, Status};
use crate::text::warn;
use freshness::{Decision, Failures, Times, back_off, decide};
use single_flight::{Flight, Inside, Place, SingleFlight};

/// How long a binding's copy can be reused while a refresh is running, in milliseconds.
const RECHECK: u64 = 1_000;
/// How long callers ignore a refresh that is running, in milliseconds. Kept short because a child forked meanwhile does
/// not have that refresh.
const UNDER_WAY: u64 = 30_000;

/// How often a call looks whether files have changed, in milliseconds.
const LOOK_EVERY: u64 = 5_000;

/// What a call returns.
pub(crate) type Outcome = Result<Arc<Credentials>>;

/// A cached credential.
#[derive(Debug)]
struct Cached {
    credentials: Arc<Credentials>,
    /// `None`: does not expire.
    times: Option<Times>,
    window: ReuseWindow,
}

/// How long a credential is returned without any further check.
#[derive(Debug)]
struct ReuseWindow {
    fetched: Now,
    /// `None`: forever.
    bounds: Option<Bounds>,
    /// A monotonic time, from which on a call looks at the files behind it; `None` if there are none.
    next_look: Option<AtomicU64>,
}

#[derive(Debug)]
struct Bounds {
    /// An age: the prefetch point.
    until: u64,
    /// Past that, while a refresh is running or held back: a monotonic time, so that a wall clock that jumps cannot
    /// move it.
    extended_until: AtomicU64,
    /// The upper limit, an age at which a call must wait or fails.
    boundary: AtomicU64,
}

impl ReuseWindow {
    fn is_open(&self, now: impl FnOnce() -> Now) -> bool {
        self.is_endless() || self.left(now()).is_some()
    }

    /// Whether no call ever has to check anything.
    fn is_endless(&self) -> bool {
        self.bounds.is_none() && self.next_look.is_none()
    }

    /// The milliseconds left until a refresh or a look at files; `None` if either is due.
    fn left(&self, now: Now) -> Option<u64> {
        let next_look = self.next_look.as_ref().map_or(u64::MAX, |at| at.load(Ordering::Relaxed));
        let until_look = next_look.saturating_sub(now.monotonic);
        self.until_refresh(now).map(|left| left.min(until_look)).filter(|left| *left > 0)
    }

    /// The milliseconds left until a refresh; `None` if it is due.
    fn until_refresh(&self, now: Now) -> Option<u64> {
        let Some(bounds) = &self.bounds else { return Some(u64::MAX) };
        let age = now.since(self.fetched);
        let left = match bounds.until.checked_sub(age) {
            Some(left) if left > 0 => left,
            _ => {
                let then = bounds.extended_until.load(Ordering::Relaxed).saturating_sub(now.monotonic);
                then.min(bounds.boundary.load(Ordering::Relaxed).saturating_sub(age))
            }
        };
        (left > 0).then_some(left)
    }

    /// Whether the caller has to look at files, once for all callers.
    fn takes_look(&self, now: Now) -> bool {
        let Some(next) = &self.next_look else { return false };
        let at = next.load(Ordering::Relaxed);
        let then = now.monotonic.saturating_add(LOOK_EVERY);
        at <= now.monotonic && next.compare_exchange(at, then, Ordering::Relaxed, Ordering::Relaxed).is_ok()
    }
}

impl Cached {
    fn new(credentials: Arc<Credentials>, fetched: Now, times: Option<Times>) -> Self {
        let bounds = times.map(|times| {
            let (extended_until, boundary) = (AtomicU64::new(0), AtomicU64::new(0));
            Bounds { until: times.prefetch, extended_until, boundary }
        });
        Cached { credentials, times, window: ReuseWindow { fetched, bounds, next_look: None } }
    }

    /// The same, with files behind it that are looked at from time to time.
    fn watching_files(mut self, now: Now) -> Self {
        self.window.next_look = Some(AtomicU64::new(now.monotonic.saturating_add(LOOK_EVERY)));
        self
    }

    /// Lets callers skip the check for `duration` more milliseconds, but not past the next age at which one must wait.
    fn extend_window(&self, now: Now, duration: u64) {
        if let Some((bounds, times)) = self.window.bounds.as_ref().zip(self.times) {
            bounds.boundary.store(times.boundary_after(self.age(now)), Ordering::Relaxed);
            bounds.extended_until.store(now.monotonic.saturating_add(duration), Ordering::Relaxed);
        }
    }

    fn age(&self, now: Now) -> u64 {
        now.since(self.window.fetched)
    }

    fn is_valid(&self, now: Now) -> bool {
        self.times.is_none_or(|times| self.age(now) < times.end)
    }
}

#[derive(Debug)]
pub(crate) struct Cache {
    provider: Provider,
    host: Host,
    type_name: String,
    /// A credential from the options. It never changes, so it skips all of the checks below.
    constant: Option<Arc<Credentials>>,
    cached: ArcSwapOption<Cached>,
    /// The last credential made from environment variables. They are read at every call, but only new values make a new
    /// one.
    from_variables: ArcSwapOption<Credentials>,
    flights: PerProcess<Flights>,
    id: Id,
    /// How many clients are chained below this one.
    depth: u32,
    /// How often the files behind it have changed.
    changes: AtomicU32,
    events: ArcSwapOption<EventQueue>,
    /// For [`Cache::status`], which takes no lock that a refresh holds.
    known: ArcSwapOption<Known>,
}

/// How the last refresh ended.
#[derive(Debug)]
struct Known {
    /// A forked child has had none.
    process: u32,
    last_refresh: Refresh,
    failures: u32,
    last_error: Option<Error>,
}

/// The state and the flights of one process.
type Flights = SingleFlight<State, Outcome>;

/// What a process knows besides the cached credential.
#[derive(Debug, Default)]
struct State {
    failures: Failures,
    last_error: Option<Error>,
    /// No attempt before this monotonic time.
    hold_until: u64,
    /// Whether a credential has ever been fetched.
    fetched: bool,
    /// Whether a timer keeps the credential fresh.
    timed: bool,
    /// Whether the provider has changed since the cached credential was fetched.
    reloaded: bool,
    /// The sources of the last credential; only kept for an event listener.
    provider_name: Option<Box<str>>,
}

impl Cache {
    pub(crate) fn new(provider: Provider, host: Host, type_name: &str) -> Self {
        let constant = match &provider {
            Provider::Static(credentials) => Some(Arc::new(Credentials::clone(credentials).with_type(type_name))),
            _ => None,
        };
        Cache {
            provider,
            host,
            type_name: type_name.to_owned(),
            constant,
            cached: ArcSwapOption::empty(),
            from_variables: ArcSwapOption::empty(),
            flights: PerProcess::new(),
            id: Id::next(),
            depth: 0,
            changes: AtomicU32::new(0),
            events: ArcSwapOption::empty(),
            known: ArcSwapOption::empty(),
        }
    }

    /// Sets the event listener, or removes it.
    pub(crate) fn set_events(&self, events: Option<EventQueue>) {
        if let Some(before) = self.events.swap(events.map(Arc::new)) {
            before.close();
        }
    }

    /// Sets the number of clients below.
    pub(crate) fn at_depth(self, depth: u32) -> Self {
        Cache { depth, ..self }
    }

    pub(crate) fn provider(&self) -> &Provider {
        &self.provider
    }

    pub(crate) fn host(&self) -> &Host {
        &self.host
    }

    pub(crate) fn id(&self) -> Id {
        self.id
    }

    pub(crate) fn depth(&self) -> u32 {
        self.depth
    }

    pub(crate) fn type_name(&self) -> &str {
        &self.type_name
    }

    /// The cached credential, if it needs no refresh yet. Takes no lock and allocates nothing.
    pub(crate) fn fresh(&self) -> Option<Arc<Credentials>> {
        if let Some(constant) = &self.constant {
            return Some(constant.clone());
        }
        let cached = self.cached.load();
        let cached = cached.as_ref().filter(|cached| cached.window.is_open(|| self.host.coarse_now()))?;
        Some(cached.credentials.clone())
    }

    /// Replaces what is cached.
    fn store(&self, cached: Option<Cached>) {
        self.cached.store(cached.map(Arc::new));
    }

    /// Like [`Cache::fresh`], with the time left until a refresh is needed.
    pub(crate) fn fresh_for(&self) -> Option<(Arc<Credentials>, Duration)> {
        if let Some(constant) = &self.constant {
            return Some((constant.clone(), Duration::MAX));
        }
        let cached = self.cached.load();
        let cached = cached.as_ref()?;
        if cached.window.is_endless() {
            return Some((cached.credentials.clone(), Duration::MAX));
        }
        let now = self.host.coarse_now();
        let left = cached.window.left(now)?;
        // Past the prefetch point a new credential may arrive at any moment.
        let is_due = cached.times.is_some_and(|times| cached.age(now) >= times.prefetch);
        let left = if is_due { left.min(RECHECK) } else { left };
        Some((cached.credentials.clone(), Duration::from_millis(left)))
    }

    /// What is known without asking the source.
    pub(crate) fn status(&self) -> Status {
        let now = self.host.now();
        let cached = self.cached.load_full();
        let constant = self.constant.clone().or_else(|| self.unchanged_variables());
        let credentials = cached.as_ref().map(|cached| cached.credentials.clone()).or(constant);
        let times = cached.as_ref().and_then(|cached| Some((cached.times?, cached.age(now))));
        let is_valid = cached.as_ref().is_none_or(|cached| cached.is_valid(now));
        let expiration = credentials.as_ref().and_then(|credentials| credentials.expiration());
        let expires_here = credentials.as_deref().and_then(expires_here);
        let known = self.known.load();
        let known = known.as_deref().filter(|known| known.process == std::process::id());
        Status {
            type_name: self.type_name.clone(),
            has_credentials: credentials.is_some() && is_valid,
            provider_name: credentials.and_then(|credentials| credentials.provider_name().map(str::to_owned)),
            expiration,
            age: times.map(|(_, age)| Duration::from_millis(age)),
            refresh_in: times.map(|(times, age)| Duration::from_millis(times.prefetch.saturating_sub(age))),
            is_past_expiration: is_valid && expires_here.is_some_and(|at| at <= now.wall),
            last_refresh: known.map(|known| known.last_refresh),
            failures: known.map_or(0, |known| known.failures),
            last_error: known.and_then(|known| known.last_error.clone()),
            clock_offset_ms: self.host.clock_offset(),
        }
    }

    /// Makes the next call ask the source again and reread configuration files.
    pub(crate) fn invalidate(&self) {
        self.provider.forget_files();
        self.forget();
    }

    /// Like [`Cache::invalidate`], if a configuration file is in use below. Returns whether one is.
    pub(crate) fn forget_files(&self) -> bool {
        let forgotten = self.provider.forget_files();
        if forgotten {
            self.forget();
        }
        forgotten
    }

    /// Drops the cached credential, and detaches a running refresh: it may have started from values that are no longer
    /// valid.
    fn forget(&self) {
        self.flights().detach();
        self.store(None);
    }

    /// The flight that answers a call; already complete if no wait is needed. A fetch continues on the driver even if
    /// the caller goes away.
    pub(crate) fn begin(self: &Arc<Self>) -> Arc<Flight<Outcome>> {
        if Scope::current().asks(self.id) {
            return Flight::completed(Err(recursion()));
        }
        self.reload();
        let flights = self.flights();
        let now = self.host.now();
        // Start work only after releasing the lock: it may complete on this thread.
        let (answer, place, is_new) = flights.enter(|inside| {
            let cached = self.cached.load_full();
            let decision = inside.state.decide(cached.as_deref(), now);
            let answer = match decision {
                Decision::Use | Decision::UseAndRefresh => cached.map(|cached| Ok(cached.credentials.clone())),
                Decision::Wait => None,
                Decision::Fail => Some(Err(inside.state.last_error.clone().unwrap_or_else(abandoned))),
            };
            let refreshes = matches!(decision, Decision::UseAndRefresh | Decision::Wait);
            (answer, refreshes.then(|| inside.join_or_lead()), inside.state.reloaded)
        });
        if let Some(answer) = answer {
            return match place {
                // What a file holds is there at once; anything else replaces the answer later.
                Some(Place::Leader(flight)) if is_new => {
                    self.refresh(flights, flight.clone());
                    Flight::completed(flight.outcome().unwrap_or(answer))
                }
                Some(Place::Leader(flight)) => {
                    // No caller waits for this one, so it has no scope.
                    self.refresh_elsewhere(flights, flight, Scope::default());
                    Flight::completed(answer)
                }
                _ => Flight::completed(answer),
            };
        }
        let flight = match place {
            Some(Place::Waiter(flight)) => flight,
            Some(Place::Leader(flight)) => {
                self.refresh(flights, flight.clone());
                flight
            }
            None => return Flight::completed(Err(abandoned())),
        };
        // The caller waits. If it is a custom provider, its concurrency slot is for others meanwhile.
        if flight.outcome().is_none() {
            Scope::current().release_slots();
        }
        flight
    }

    /// How often the files behind the credential have changed, for clients on top of this one.
    pub(crate) fn changes(&self) -> u32 {
        self.changes.load(Ordering::Relaxed)
    }

    /// Looks at the files behind the cached credential if it is time to do so; if they have changed, the next call
    /// refreshes it, and it stays in use until that succeeds. The background thread never looks: a disk may hang.
    pub(crate) fn reload(&self) {
        let Some(cached) = self.cached.load_full() else { return };
        if driver::is_here() || !cached.window.takes_look(self.host.now()) || !self.provider.reload(&self.host) {
            return;
        }
        self.changes.fetch_add(1, Ordering::Relaxed);
        let flights = self.flights();
        // A running refresh uses what the file said before.
        flights.detach();
        flights.enter(|inside| inside.state.reload());
    }

    /// Joins the refresh in flight, or starts one, whether or not the cached credential is fresh.
    pub(crate) fn refresh_now(self: &Arc<Self>) -> Arc<Flight<Outcome>> {
        let flights = self.flights();
        match flights.enter(Inside::join_or_lead) {
            Place::Waiter(flight) => flight,
            Place::Leader(flight) => {
                self.refresh_elsewhere(flights, flight.clone(), Scope::current());
                flight
            }
        }
    }

    /// The last credential made from environment variables, if they have not changed.
    pub(crate) fn unchanged_variables(&self) -> Option<Arc<Credentials>> {
        let last = self.from_variables.load_full()?;
        self.provider.variables()?.still_holds(&last, &self.host).then_some(last)
    }

    /// Runs the provider until it first waits, and the rest on the driver.
    fn refresh(self: &Arc<Self>, flights: Arc<Own<Flights>>, flight: Arc<Flight<Outcome>>) {
        let scope = Scope::current();
        // Each chained role would start inside the one above; restart on an empty stack now and then.
        if scope.is_deep() {
            return self.refresh_elsewhere(flights, flight, scope);
        }
        let mut work = Box::pin(self.clone().run(flights, flight, scope));
        // A future may be polled by one executor after another. Sources without network complete here and need no
        // thread. A panic has completed the flight, and reaches its waiters as an error.
        let polled = std::panic::catch_unwind(AssertUnwindSafe(|| {
            work.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending()
        }));
        if matches!(polled, Ok(true)) {
            // Without a driver the work is dropped, which completes the flight.
            if let Ok(driver) = driver::current() {
                driver.spawn(work);
            }
        }
    }

    /// Runs the provider on the driver.
    fn refresh_elsewhere(self: &Arc<Self>, flights: Arc<Own<Flights>>, flight: Arc<Flight<Outcome>>, scope: Scope) {
        match driver::current() {
            Ok(driver) => driver.spawn(self.clone().run(flights, flight, scope)),
            Err(error) => Completion::new(self, &flights, &flight).outcome = Some(Err(error)),
        }
    }

    /// `scope` is the scope of the caller.
    async fn run(self: Arc<Self>, flights: Arc<Own<Flights>>, flight: Arc<Flight<Outcome>>, scope: Scope) {
        let mut completion = Completion::new(&self, &flights, &flight);
        // Run one fetch at a time: concurrent ones could lose rotated tokens.
        while let Some(predecessor) = flight.start() {
            let _ = predecessor.join().await;
            completion.begun = self.host.now();
        }
        let fetched = scope.asking(self.id).run(self.provider.fetch(&self.host)).await;
        completion.outcome = Some(fetched.map(|credentials| Arc::new(credentials.with_type(&self.type_name))));
    }

    /// Updates the state with the result of a refresh, and returns the outcome for the waiters. A failure that they do
    /// not see is left in `hidden`.
    fn settle(self: &Arc<Self>, state: &mut State, fetched: Outcome, hidden: &mut Option<Error>) -> Outcome {
        let now = self.host.now();
        match fetched {
            Ok(credentials) => {
                let cached = state.succeeded(credentials.clone(), now, || self.host.draw());
                let watches_files = self.provider.watches_files();
                let cached = cached.map(|cached| if watches_files { cached.watching_files(now) } else { cached });
                if self.provider.variables().is_some() {
                    self.from_variables.store(Some(credentials.clone()));
                }
                let timed = matches!(credentials.freshness(), Freshness::Expires { renewed: true, .. });
                // Also when the source is no longer cacheable: its earlier credential has been replaced.
                if cached.is_some() || self.cached.load().is_some() {
                    self.store(cached);
                }
                if timed && !state.timed {
                    state.timed = true;
                    self.keep_fresh();
                }
                Ok(credentials)
            }
            Err(error) => {
                let cached = self.cached.load_full();
                let outcome = state.failed(error, cached.as_deref(), now, self.host.draw());
                if outcome.is_ok() {
                    *hidden = state.last_error.clone();
                }
                outcome
            }
        }
    }

    /// Starts the timer that refreshes the credential whether or not a caller asks. It holds the client weakly, and
    /// stops with it.
    fn keep_fresh(self: &Arc<Self>) {
        async fn tick(cache: Weak<Cache>) {
            loop {
                let Some(nap) = cache.upgrade().map(|cache| cache.host.sleep(cache.until_due())) else { return };
                nap.await;
                let Some(cache) = cache.upgrade() else { return };
                if cache.is_due() {
                    let flight = cache.begin();
                    drop(cache);
                    // The outcome is in the cache or in the log.
                    let _ = flight.join().await;
                }
            }
        }
        if let Ok(driver) = driver::current() {
            driver.spawn(tick(Arc::downgrade(self)));
        }
    }

    /// Whether the cached credential is due. An empty cache is never due: the timer refreshes only what a caller has
    /// asked for.
    fn is_due(&self) -> bool {
        self.cached.load().as_ref().is_some_and(|cached| cached.window.until_refresh(self.host.coarse_now()).is_none())
    }

    /// How long the timer sleeps. Kept short, so that it notices a clock change or a suspend.
    fn until_due(&self) -> Duration {
        const SHORTEST: Duration = Duration::from_secs(1);
        const LONGEST: Duration = Duration::from_secs(60);
        match self.fresh_for() {
            Some((_, left)) => left.clamp(SHORTEST, LONGEST),
            None if self.is_due() => SHORTEST,
            None => LONGEST,
        }
    }

    fn flights(&self) -> Arc<Own<Flights>> {
        self.flights.get(|| {
            self.redraw();
            SingleFlight::new(State::default())
        })
    }

    /// Redraws the refresh time in a forked child that inherited a cached credential.
    fn redraw(&self) {
        let Some(cached) = self.cached.load_full() else { return };
        let Some(times) = cached.times else { return };
        let times = times.redrawn(cached.age(self.host.now()), self.host.draw());
        let mut redrawn = Cached::new(cached.credentials.clone(), cached.window.fetched, Some(times));
        if cached.window.next_look.is_some() {
            redrawn = redrawn.watching_files(self.host.now());
        }
        self.cached.compare_and_swap(&cached, Some(Arc::new(redrawn)));
    }
}

impl State {
    /// What to do for a call at this time.
    fn decide(&self, cached: Option<&Cached>, now: Now) -> Decision {
        let Some(cached) = cached else { return Decision::Wait };
        let held = now.monotonic < self.hold_until;
        let decision = match cached.times {
            Some(times) => decide(times, cached.age(now), self.failures, held),
            None => Decision::Use,
        };
        if decision == Decision::Use && self.reloaded && !held {
            return Decision::UseAndRefresh;
        }
        if decision == Decision::UseAndRefresh {
            // A refresh is now running, so readers can skip the lock for `UNDER_WAY`.
            cached.extend_window(now, UNDER_WAY);
        }
        decision
    }

    /// The provider has changed: failures of the one before say nothing about it.
    fn reload(&mut self) {
        self.reloaded = true;
        self.hold_until = 0;
    }

    /// What to cache; `None` if the source must be asked at every call.
    fn succeeded(&mut self, credentials: Arc<Credentials>, now: Now, draw: impl FnOnce() -> f64) -> Option<Cached> {
        let first = !self.fetched;
        *self =
            State { fetched: true, timed: self.timed, provider_name: self.provider_name.take(), ..State::default() };
        if credentials.freshness() == Freshness::Uncached {
            return None;
        }
        let times = schedule(&credentials, now, first, draw);
        let fetched = now.before(credentials.age());
        Some(Cached::new(credentials, fetched, times))
    }

    /// A failed refresh never withholds a credential that is still valid.
    fn failed(&mut self, error: Error, cached: Option<&Cached>, now: Now, draw: f64) -> Outcome {
        let count = self.failures.count.saturating_add(1);
        let last_age = cached.map_or(0, |cached| cached.age(now));
        self.failures = Failures { count, last_age };
        let times = cached.and_then(|cached| cached.times);
        let hold = match cached.filter(|cached| cached.is_valid(now)) {
            // The user may fix it at any moment; with a valid credential, that is noticed within a second.
            Some(_) if is_configuration(error.kind()) => back_off(1, times, draw),
            None if is_configuration(error.kind()) => 0,
            _ => back_off(count, times, draw),
        };
        self.hold_until = now.monotonic.saturating_add(hold);
        self.last_error = Some(error.clone());
        if let Some(cached) = cached {
            cached.extend_window(now, hold);
        }
        match cached {
            Some(cached) if cached.is_valid(now) => Ok(cached.credentials.clone()),
            _ => Err(error),
        }
    }
}

/// Whether the next call should retry no matter how often it failed: a configuration error may be fixed at any time.
fn is_configuration(kind: ErrorKind) -> bool {
    matches!(
        kind,
        ErrorKind::InvalidConfig
            | ErrorKind::NotConfigured
            | ErrorKind::Disabled
            | ErrorKind::Io
            | ErrorKind::MalformedFile
    )
}

/// Completes a refresh, even one that panics or is dropped before its end.
struct Completion<'a> {
    cache: &'a Arc<Cache>,
    flights: &'a Flights,
    flight: &'a Flight<Outcome>,
    begun: Now,
    outcome: Option<Outcome>,
}

impl<'a> Completion<'a> {
    fn new(cache: &'a Arc<Cache>, flights: &'a Flights, flight: &'a Flight<Outcome>) -> Self {
        Completion { cache, flights, flight, begun: cache.host.now(), outcome: None }
    }

    fn refresh(&self, succeeded: bool) -> Refresh {
        let now = self.cache.host.now();
        Refresh { ended: wall_time(now.wall), took: now.after(self.begun), succeeded }
    }
}

impl Drop for Completion<'_> {
    fn drop(&mut self) {
        let fetched = self.outcome.take().unwrap_or_else(|| Err(abandoned()));
        let mut hidden = None;
        let events = self.cache.events.load_full();
        // Waiters notified here may call any client and start any process.
        driver::with_the_programs_signals(|| {
            Scope::default().enter(|| {
                self.flights.complete(self.flight, |state| {
                    let refresh = self.refresh(fetched.is_ok());
                    let mut overtaken = State::default();
                    let (state, outcome) = match state {
                        Some(state) => {
                            let outcome = self.cache.settle(state, fetched, &mut hidden);
                            self.cache.known.store(Some(Arc::new(Known {
                                process: std::process::id(),
                                last_refresh: refresh,
                                failures: state.failures.count,
                                last_error: state.last_error.clone(),
                            })));
                            (state, outcome)
                        }
                        // Invalidated meanwhile: for its waiters and the listener only.
                        None => {
                            overtaken.failures.count = u32::from(fetched.is_err());
                            overtaken.last_error = fetched.as_ref().err().cloned();
                            (&mut overtaken, fetched)
                        }
                    };
                    if let Some(events) = &events {
                        post_events(events, state, refresh, outcome.as_deref().ok());
                    }
                    outcome
                });
            });
        });
        // After releasing every lock and notifying every waiter: a listener or a logger may do anything, including
        // asking this client.
        if let Some(events) = events {
            events.deliver();
        }
        if let Some(error) = hidden {
            let source = error.provider().unwrap_or(&self.cache.type_name);
            warn(source, &format!("the cached credential stays in use: {error}"));
        }
    }
}

/// Posts what a refresh means for the credential in use. Under the lock, so that events keep the order of refreshes.
fn post_events(events: &EventQueue, state: &mut State, refresh: Refresh, in_use: Option<&Credentials>) {
    let provider_name = in_use.and_then(Credentials::provider_name).map(str::to_owned);
    let event = Event {
        kind: EventKind::Refreshed,
        at: refresh.ended,
        took: refresh.took,
        provider_name: provider_name.clone(),
        previous_provider_name: None,
        expiration: in_use.and_then(Credentials::expiration),
        error: state.last_error.clone(),
        failures: state.failures.count,
        dropped: 0,
    };
    if !refresh.succeeded {
        let is_past = in_use.and_then(expires_here).is_some_and(|at| at <= wall_millis(refresh.ended));
        events.post(Event { kind: EventKind::RefreshFailed, ..event.clone() });
        if is_past {
            events.post(Event { kind: EventKind::ServingExpired, ..event });
        }
        return;
    }
    events.post(event.clone());
    let previous = std::mem::replace(&mut state.provider_name, provider_name.map(String::into_boxed_str));
    if previous.is_some() && previous.as_deref() != event.provider_name.as_deref() {
        let previous_provider_name = previous.map(String::from);
        events.post(Event { kind: EventKind::SourceChanged, previous_provider_name, ..event });
    }
}

/// When a credential expires by this machine's clock, in milliseconds since the Unix epoch; `None` if it never does.
fn expires_here(credentials: &Credentials) -> Option<u64> {
    Some(here(wall_millis(credentials.expiration()?), credentials.clock_offset()))
}

/// The time until a credential expires, in milliseconds.
fn lifetime(credentials: &Credentials, now: Now) -> u64 {
    expires_here(credentials).map_or(0, |at| at.saturating_sub(now.wall))
}

/// The ages between which the first refresh of a credential is drawn; `None` if it is never refreshed.
pub(crate) fn refresh_window(credentials: &Credentials, now: Now) -> Option<(Duration, Duration)> {
    let drawn = |draw| Some(Duration::from_millis(schedule(credentials, now, true, || draw)?.prefetch));
    drawn(0.0).zip(drawn(1.0))
}

/// The schedule of a credential that was fetched now; `None` if it is never refreshed. `first` and `draw` as in
/// [`Times::new`].
fn schedule(credentials: &Credentials, now: Now, first: bool, draw: impl FnOnce() -> f64) -> Option<Times> {
    match credentials.freshness() {
        Freshness::Constant | Freshness::Uncached => None,
        Freshness::Expires { lead, .. } => {
            let (age, draw) = (credentials.age(), draw());
            let times = Times::new(lifetime(credentials, now).saturating_add(age), lead, first, draw);
            // One that another process fetched is as old as it is.
            Some(if age > 0 { times.redrawn(age, draw) } else { times })
        }
        Freshness::Rotates { rotation, at_most } => {
            let until_rotation = rotation.map(|rotation| {
                let left = i128::from(wall_millis(rotation)) - i128::from(now.wall);
                i64::try_from(left).unwrap_or(i64::MAX)
            });
            Some(Times::rotating(until_rotation, u64::from(at_most) * 1000, first, draw()))
        }
    }
}

pub(crate) fn recursion() -> Error {
    let text = "a provider asked the client that is asking it; give it a client of another source";
    Error::new(ErrorKind::Recursion, text)
}

fn abandoned() -> Error {
    Error::new(ErrorKind::Internal, "a refresh ended without a result; please report this as a bug")
}

#[cfg(all(test, not(feature = "model-check")))]
mod tests {
    use super::*;
    use crate::config::Config;
    use crate::credentials::Lead;
    use crate::host::fake::Fake;
    use crate::provider::{Custom, Extras};
    use crate::source::Source;
    use crate::text::rfc3339;
    use crate::wording::Surface;

    mod wrong_clock;

    const HOUR: i64 = 3_600;

    /// `seconds` after the start.
    fn at(seconds: i64) -> Now {
        let shift = |base: u64| base.saturating_add_signed(seconds * 1000);
        Now { wall: shift(1_700_000_000_000), monotonic: shift(100_000_000) }
    }

    /// A credential that expires `seconds` after the start.
    fn ends(seconds: i64, lead: Lead) -> Arc<Credentials> {
        let at = wall_time(at(seconds).wall);
        let freshness = Freshness::expires(at, 0, lead);
        Arc::new(Credentials::access_key("id", "s", "ram_role_arn").with_freshness(freshness))
    }

    fn down() -> Error {
        Error::new(ErrorKind::Unavailable, "down")
    }

    /// What a call at this time does, as one word.
    fn call(state: &State, cached: Option<&Cached>, now: Now) -> &'static str {
        match state.decide(cached, now) {
            Decision::Use => "cached",
            Decision::Fail => "error",
            Decision::UseAndRefresh => "cached, refresh",
            Decision::Wait => "wait",
        }
    }

    #[test]
    fn nothing_cached_always_asks_and_a_constant_never() {
        let mut state = State::default();
        assert_eq!(call(&state, None, at(0)), "wait");
        assert!(state.failed(down(), None, at(0), 1.0).is_err());
        assert_eq!(call(&state, None, at(0)), "wait", "the next call tries again, back-off or not");
        let constant = Arc::new(Credentials::access_key("id", "s", "static_ak"));
        let cached = state.succeeded(constant, at(0), || 0.5).unwrap();
        assert_eq!(call(&state, Some(&cached), at(i64::MAX / 4000)), "cached");
        let uncached = Credentials::access_key("id", "s", "env").with_freshness(Freshness::Uncached);
        assert!(state.succeeded(Arc::new(uncached), at(0), || 0.5).is_none());
    }

    #[test]
    fn a_service_that_is_down_before_the_end_goes_unnoticed() {
        let mut state = State::default();
        let cached = state.succeeded(ends(HOUR, Lead::Sts), at(0), || 0.5).unwrap(); // prefetch 1800, stale 2700
        assert_eq!(call(&state, Some(&cached), at(1_800)), "cached, refresh");
        assert!(state.failed(down(), Some(&cached), at(1_800), 1.0).is_ok());
        assert_eq!(call(&state, Some(&cached), at(1_800)), "cached", "held back for a second");
        assert_eq!(call(&state, Some(&cached), at(1_801)), "cached, refresh");
        assert!(state.failed(down(), Some(&cached), at(2_600), 1.0).is_ok());
        assert_eq!(call(&state, Some(&cached), at(2_700)), "wait", "stale: one call waits for an attempt");
        assert!(state.failed(down(), Some(&cached), at(2_701), 1.0).is_ok());
        assert_eq!(call(&state, Some(&cached), at(2_702)), "cached");
        assert_eq!(call(&state, Some(&cached), at(2_705)), "cached, refresh");
        assert!(state.failed(down(), Some(&cached), at(3_599), 1.0).is_ok());
    }

    /// A background refresh costs other callers nothing, not even a lock.
    #[test]
    fn a_refresh_running_or_held_back_costs_callers_nothing() {
        let mut state = State::default();
        let cached = state.succeeded(ends(HOUR, Lead::Sts), at(0), || 0.5).unwrap(); // prefetch 1800, stale 2700
        let fresh = |second| cached.window.left(at(second)).is_some();
        assert!(fresh(1_799) && !fresh(1_800));
        assert_eq!(call(&state, Some(&cached), at(1_800)), "cached, refresh");
        assert!(fresh(1_800) && fresh(1_829) && !fresh(1_830), "a child that has no refresh under way looks again");
        assert_eq!(call(&state, Some(&cached), at(2_690)), "cached, refresh");
        assert!(fresh(2_699) && !fresh(2_700), "it is waited for from the stale point on");
        assert!(state.failed(down(), Some(&cached), at(2_000), 1.0).is_ok());
        assert!(cached.window.left(at(2_000)) == Some(1_000), "and tried again after a second");
        // A refresh has failed since the stale point, so calls do not wait again before the end.
        assert!(state.failed(down(), Some(&cached), at(2_800), 0.0).is_ok());
        assert_eq!(call(&state, Some(&cached), at(2_800)), "cached, refresh");
        assert_eq!(call(&state, Some(&cached), at(3_590)), "cached, refresh");
        assert!(fresh(3_599) && !fresh(3_600));
    }

    #[test]
    fn a_service_that_is_down_past_the_end_is_asked_at_a_bounded_rate() {
        let mut state = State::default();
        let cached = state.succeeded(ends(60, Lead::Sts), at(0), || 0.5).unwrap();
        let mut attempts = 0;
        for second in 60..660 {
            match call(&state, Some(&cached), at(second)) {
                "wait" => {
                    attempts += 1;
                    assert!(state.failed(down(), Some(&cached), at(second), 1.0).is_err());
                }
                other => assert_eq!(other, "error", "at {second}"),
            }
        }
        // After 1, 2, 4, 8, 16, 32 and then every 60 seconds.
        assert_eq!(attempts, 7 + 8);
        assert!(state.succeeded(ends(700, Lead::Sts), at(660), || 0.5).is_some());
        assert_eq!(state.failures, Failures::default());
    }

    #[test]
    fn a_credential_outlives_an_unreachable_metadata_service() {
        let mut state = State::default();
        let cached = state.succeeded(ends(6 * HOUR, Lead::Metadata), at(0), || 0.5).unwrap();
        assert_eq!(call(&state, Some(&cached), at(48 * HOUR)), "wait");
        for failures in 1..20 {
            assert!(state.failed(down(), Some(&cached), at(48 * HOUR + failures * 200), 1.0).is_ok());
            assert_eq!(call(&state, Some(&cached), at(48 * HOUR + failures * 200)), "cached");
            assert_eq!(call(&state, Some(&cached), at(48 * HOUR + failures * 200 + 120)), "cached, refresh");
        }
    }

    #[test]
    fn a_short_life_is_cached_too() {
        let mut state = State::default();
        let cached = state.succeeded(ends(10, Lead::Sts), at(0), || 0.0).unwrap();
        assert_eq!(call(&state, Some(&cached), at(2)), "cached");
        assert_eq!(call(&state, Some(&cached), at(3)), "cached, refresh");
        assert_eq!(call(&state, Some(&cached), at(5)), "wait");
        assert_eq!(call(&state, Some(&cached), at(10)), "wait");
    }

    #[test]
    fn a_clock_jump_revives_nothing_and_starts_no_storm() {
        let mut state = State::default();
        let cached = state.succeeded(ends(HOUR, Lead::Sts), at(0), || 0.5).unwrap();
        let later = |wall, monotonic| Now { wall: at(wall).wall, monotonic: at(monotonic).monotonic };
        // Set back by an hour: the monotonic clock gives the age.
        assert_eq!(call(&state, Some(&cached), later(-HOUR, 1)), "cached");
        assert_eq!(call(&state, Some(&cached), later(-HOUR, 2_700)), "wait");
        // Set forward by an hour, or suspended for one: one refresh, and its credential is then used normally.
        let ahead = later(HOUR + 10, 10);
        assert_eq!(call(&state, Some(&cached), ahead), "wait");
        let cached = state.succeeded(ends(2 * HOUR + 10, Lead::Sts), ahead, || 0.5).unwrap();
        assert_eq!(call(&state, Some(&cached), later(HOUR + 20, 20)), "cached");
        // Set right again: no further refresh.
        assert_eq!(call(&state, Some(&cached), later(30, 30)), "cached");
    }

    #[test]
    fn a_configuration_error_causes_no_back_off() {
        let mut state = State::default();
        let cached = state.succeeded(ends(HOUR, Lead::Sts), at(0), || 0.5).unwrap();
        let mistake = || Error::invalid_config("odd");
        for attempt in 0..20 {
            assert!(state.failed(mistake(), Some(&cached), at(2_000 + attempt), 1.0).is_ok());
            assert_eq!(call(&state, Some(&cached), at(2_000 + attempt)), "cached", "no storm either");
            assert_eq!(call(&state, Some(&cached), at(2_001 + attempt)), "cached, refresh");
        }
        assert!(state.failed(mistake(), Some(&cached), at(3_600), 1.0).is_err());
        assert_eq!(call(&state, Some(&cached), at(3_600)), "wait", "with nothing in hand it is tried at once");
    }

    /// Past the stale point, a credential is returned without a check while the back-off lasts, whatever the wall clock
    /// showed at the failure.
    #[test]
    fn a_clock_jump_during_a_failure_stops_no_refresh() {
        for (lead, lifetime) in [(Lead::Sts, HOUR), (Lead::Metadata, 6 * HOUR)] {
            let mut state = State::default();
            let cached = state.succeeded(ends(lifetime, lead), at(0), || 0.5).unwrap();
            let ahead = Now { wall: at(24 * HOUR).wall, monotonic: at(600).monotonic };
            let _ = state.failed(down(), Some(&cached), ahead, 1.0);
            // Set right again.
            assert!(cached.window.left(at(601)).is_some(), "it is fresh");
            for second in [lifetime - 60, lifetime + 60, 24 * HOUR - 60] {
                assert!(cached.window.left(at(second)).is_none(), "{second}");
            }
        }
    }

    #[test]
    fn a_valid_credential_survives_a_failed_refresh_and_an_invalid_one_does_not() {
        let mut state = State::default();
        assert!(state.failed(down(), None, at(0), 0.5).is_err());
        let cached = state.succeeded(ends(HOUR, Lead::Sts), at(0), || 0.5).unwrap();
        assert!(state.failed(down(), Some(&cached), at(HOUR - 1), 0.5).is_ok());
        assert!(state.failed(down(), Some(&cached), at(HOUR), 0.5).is_err());
        assert_eq!(state.failures.count, 2, "a success starts the count anew");
    }

    /// A client's cache on a fake system.
    fn cache_above(base: Option<Provider>, fake: &Fake, source: Source) -> Cache {
        let host = Host::on(fake.system.clone(), Surface::Rust);
        let config = Config {
            access_key_id: Some("LTAI5tCacheTest".to_owned()),
            access_key_secret: Some("secret".into()),
            role_arn: Some("acs:ram::1:role/test".to_owned()),
            role_name: Some("test".to_owned()),
            secret_name: Some("app/key".to_owned()),
            kms_region_id: Some("cn-hangzhou".to_owned()),
            ..Config::default()
        };
        let extras = Extras { base, ..Extras::default() };
        let provider = Provider::of(source, &config, extras, &host).unwrap();
        Cache::new(provider, host, source.name())
    }

    fn cache_on(fake: &Fake, source: Source) -> Arc<Cache> {
        Arc::new(cache_above(None, fake, source))
    }

    /// Answers the pending request with a credential of this lifetime.
    pub(super) fn issue(fake: &Fake, id: &str, lifetime: Duration) {
        let expiration = rfc3339(wall_time(fake.now().wall) + lifetime);
        let fields =
            format!(r#""AccessKeyId":"{id}","AccessKeySecret":"s","SecurityToken":"t","Expiration":"{expiration}""#);
        loop {
            let asked = fake.asked.recv().unwrap();
            match asked.request.url.as_str() {
                url if url.ends_with("/latest/api/token") => asked.reply(200, "token"),
                url if url.contains("/ram/security-credentials/") => {
                    return asked.reply(200, &format!(r#"{{"Code":"Success",{fields}}}"#));
                }
                _ => return asked.reply(200, &format!(r#"{{"Credentials":{{{fields}}}}}"#)),
            }
        }
    }

    fn id(outcome: Option<Outcome>) -> String {
        outcome.unwrap().unwrap().access_key_id().unwrap().to_owned()
    }

    fn wait(flight: Arc<Flight<Outcome>>) -> String {
        id(flight.wait(|| None))
    }

    const TEST_HOUR: Duration = Duration::from_secs(3_600);

    /// A cache holding the credential "first" with a lifetime of one hour: prefetch at 1,800 s, stale at 2,700 s.
    fn fetched(fake: &Fake) -> Arc<Cache> {
        let cache = cache_on(fake, Source::RamRoleArn);
        let flight = cache.begin();
        assert!(flight.outcome().is_none() && cache.fresh().is_none());
        issue(fake, "first", TEST_HOUR);
        assert_eq!(wait(flight), "first");
        cache
    }

    #[test]
    fn a_call_in_the_refresh_window_is_answered_and_one_past_it_waits() {
        let fake = Fake::new();
        let cache = fetched(&fake);
        fake.pass(Duration::from_secs(1_799));
        assert!(cache.fresh().is_some());
        fake.pass(Duration::from_secs(1));
        assert!(cache.fresh().is_none());
        assert_eq!(id(cache.begin().outcome()), "first");
        // A refresh is running: other calls skip the check, and no second refresh starts.
        assert!(cache.fresh().is_some());
        fake.pass(Duration::from_secs(31));
        assert_eq!(id(cache.begin().outcome()), "first");
        fake.pass(Duration::from_secs(869));
        let stale = [cache.begin(), cache.begin()];
        assert!(stale.iter().all(|flight| flight.outcome().is_none()), "they wait");
        issue(&fake, "second", TEST_HOUR);
        assert_eq!(stale.map(wait), ["second", "second"]);
        assert_eq!(cache.fresh().unwrap().access_key_id(), Some("second"));
        assert!(fake.asked.try_recv().is_err(), "one request for all of them");
    }

    #[test]
    fn a_service_that_fails_is_asked_again_after_the_back_off() {
        let fake = Fake::new();
        let cache = fetched(&fake);
        fake.pass(Duration::from_secs(2_700));
        // A back-off of one full second.
        fake.draws(&[1.0]);
        let flight = cache.begin();
        fake.asked.recv().unwrap().reply(500, "{}");
        assert_eq!(wait(flight), "first", "a valid credential is never withheld");
        fake.pass(Duration::from_millis(999));
        assert_eq!(id(Some(Ok(cache.fresh().unwrap()))), "first");
        assert!(fake.asked.try_recv().is_err());
        fake.pass(Duration::from_millis(1));
        assert!(cache.fresh().is_none());
        assert_eq!(id(cache.begin().outcome()), "first");
        issue(&fake, "second", TEST_HOUR);
    }

    #[test]
    fn an_invalidated_credential_is_not_waited_for_by_its_own_refresh() {
        let fake = Fake::new();
        let cache = cache_on(&fake, Source::RamRoleArn);
        let first = cache.begin();
        cache.invalidate();
        let second = cache.begin();
        cache.invalidate();
        // The second has not started yet, and will bring something new to both.
        let third = cache.begin();
        for id in ["first", "second"] {
            issue(&fake, id, TEST_HOUR);
        }
        assert_eq!([first, second, third].map(wait), ["first", "second", "second"]);
        assert_eq!(cache.fresh().unwrap().access_key_id(), Some("second"));
        assert!(fake.asked.try_recv().is_err());
    }

    /// Answers the pending request with a secret of KMS that is rotated an hour from now. Returns the request.
    fn give_secret(fake: &Fake, id: &str) -> String {
        let rotation = rfc3339(wall_time(fake.now().wall) + TEST_HOUR);
        let data = format!(r#"{{\"AccessKeyId\":\"{id}\",\"AccessKeySecret\":\"s\"}}"#);
        let asked = fake.asked.recv().unwrap();
        let url = asked.request.url.clone();
        assert!(url.contains("Action=GetSecretValue"), "{url}");
        asked.reply(200, &format!(r#"{{"SecretData":"{data}","NextRotationDate":"{rotation}"}}"#));
        url
    }

    #[test]
    fn a_secret_is_fetched_again_after_its_rotation_and_outlives_its_service() {
        let fake = Fake::new();
        let cache = cache_on(&fake, Source::KmsSecret);
        let flight = cache.begin();
        give_secret(&fake, "first");
        assert_eq!(wait(flight), "first");
        assert_eq!(cache.status().expiration, None);
        // Five to fifteen minutes after the rotation.
        fake.pass(TEST_HOUR + Duration::from_secs(599));
        assert!(cache.fresh().is_some());
        fake.pass(Duration::from_secs(1));
        assert!(cache.fresh().is_none());
        assert_eq!(id(cache.begin().outcome()), "first");
        let joined = cache.refresh_now();
        give_secret(&fake, "second");
        assert_eq!(wait(joined), "second");

        fake.pass(TEST_HOUR + Duration::from_secs(900));
        let stale = cache.begin();
        assert!(stale.outcome().is_none(), "the key may have been replaced twice since");
        fake.asked.recv().unwrap().reply(503, "{}");
        assert_eq!(wait(stale), "second");
        fake.pass(10_000 * TEST_HOUR);
        assert_eq!(id(cache.begin().outcome()), "second", "KMS being away never withholds it");
        let joined = cache.refresh_now();
        give_secret(&fake, "third");
        assert_eq!(wait(joined), "third");

        cache.invalidate();
        let flight = cache.begin();
        assert!(flight.outcome().is_none());
        give_secret(&fake, "fourth");
        assert_eq!(wait(flight), "fourth");
    }

    #[test]
    fn a_busy_kms_is_asked_thrice_with_pauses() {
        let fake = Fake::new();
        let cache = cache_on(&fake, Source::KmsSecret);
        fake.draws(&[0.5, 1.0]);
        let flight = cache.begin();
        for pause in [500, 2_000] {
            fake.asked.recv().unwrap().reply(429, r#"{"Code":"Rejected.Throttling"}"#);
            let nap = fake.naps.recv().unwrap();
            assert_eq!(nap.duration, Duration::from_millis(pause));
            assert!(fake.asked.try_recv().is_err());
            nap.end();
        }
        fake.asked.recv().unwrap().reply(503, r#"{"Code":"ServiceUnavailableTemporary"}"#);
        let error = flight.wait(|| None).unwrap().unwrap_err();
        assert_eq!((error.kind(), error.provider()), (ErrorKind::Unavailable, Some("kms_secret")));
        assert!(fake.asked.try_recv().is_err());
    }

    /// The session below has expired by the time of the rotation.
    #[test]
    fn a_secret_is_fetched_with_a_session_that_is_still_valid() {
        let fake = Fake::new();
        let role = cache_on(&fake, Source::RamRoleArn);
        let base = Custom::future("role".to_owned(), move || {
            let session = role.begin().join();
            async { session.await.map(|credentials| (*credentials).clone()) }
        });
        let cache = Arc::new(cache_above(Some(Provider::Custom(Box::new(base))), &fake, Source::KmsSecret));
        let flight = cache.begin();
        issue(&fake, "first", TEST_HOUR);
        assert!(give_secret(&fake, "key").contains("AccessKeyId=first&"));
        assert_eq!(wait(flight), "key");
        fake.pass(TEST_HOUR + Duration::from_secs(900));
        let flight = cache.begin();
        issue(&fake, "second", TEST_HOUR);
        assert!(give_secret(&fake, "rotated").contains("AccessKeyId=second&"));
        assert_eq!(wait(flight), "rotated");
        assert_eq!(cache.status().provider_name.as_deref(), Some("kms_secret/ram_role_arn/static_ak"));
    }

    #[test]
    fn a_timer_renews_an_instances_credential_without_a_caller() {
        let fake = Fake::new();
        let cache = cache_on(&fake, Source::EcsRamRole);
        let flight = cache.begin();
        issue(&fake, "first", 6 * TEST_HOUR);
        assert_eq!(wait(flight), "first");
        // The first draw is from 15 minutes to an hour.
        let prefetch = Duration::from_millis((900_000 + 3_600_000) / 2);
        let mut slept = Duration::ZERO;
        while slept < prefetch {
            let nap = fake.naps.recv().unwrap();
            assert!(nap.duration <= Duration::from_secs(60), "a clock that jumps is noticed");
            assert!(fake.asked.try_recv().is_err(), "after {slept:?}");
            slept += nap.duration;
            fake.pass(nap.duration);
            nap.end();
        }
        issue(&fake, "second", 6 * TEST_HOUR);
        // The timer checks every second until the new credential is there.
        let mut nap = fake.naps.recv().unwrap();
        while cache.fresh().unwrap().access_key_id() == Some("first") {
            assert_eq!(nap.duration, Duration::from_secs(1));
            nap.end();
            nap = fake.naps.recv().unwrap();
        }
        // While it sleeps, it does not keep the client alive; it sleeps again once the driver gets to other work.
        let gone = Arc::downgrade(&cache);
        drop(cache);
        let (tell, told) = std::sync::mpsc::channel();
        driver::current().unwrap().spawn(async move { tell.send(()).unwrap() });
        told.recv().unwrap();
        assert!(gone.upgrade().is_none());
        nap.end();
    }

    #[test]
    fn a_status_reports_the_state_without_a_request() {
        let fake = Fake::new();
        let cache = cache_on(&fake, Source::RamRoleArn);
        let status = cache.status();
        assert!(!status.has_credentials && status.last_refresh.is_none() && status.refresh_in.is_none());
        let flight = cache.begin();
        let asked = fake.asked.recv().unwrap();
        fake.pass(Duration::from_secs(1));
        assert!(cache.status().last_refresh.is_none(), "it is under way");
        asked.reply(503, "{}");
        flight.wait(|| None).unwrap().unwrap_err();
        let status = cache.status();
        let refresh = status.last_refresh.unwrap();
        assert_eq!((refresh.succeeded, refresh.took), (false, Duration::from_secs(1)));
        assert_eq!(refresh.ended, wall_time(fake.now().wall));
        assert_eq!((status.failures, status.last_error.unwrap().kind()), (1, ErrorKind::Unavailable));

        let flight = cache.begin();
        issue(&fake, "first", TEST_HOUR);
        wait(flight);
        fake.pass(Duration::from_secs(600));
        let status = cache.status();
        assert!(status.has_credentials && status.last_refresh.unwrap().succeeded);
        assert_eq!((status.failures, status.last_error), (0, None));
        assert_eq!(status.provider_name.as_deref(), Some("ram_role_arn/static_ak"));
        assert_eq!(status.age, Some(Duration::from_secs(600)));
        assert_eq!(status.refresh_in, Some(Duration::from_secs(1_200)));
        fake.pass(Duration::from_secs(3_000));
        let status = cache.status();
        assert!(!status.has_credentials && status.refresh_in == Some(Duration::ZERO));
        assert!(fake.asked.try_recv().is_err(), "nobody is asked");
    }

    #[test]
    fn events_follow_the_life_of_a_credential() {
        let fake = Fake::new();
        let cache = cache_on(&fake, Source::EcsRamRole);
        let (tell, told) = std::sync::mpsc::channel();
        cache.set_events(Some(EventQueue::new(move |event: &Event| tell.send(event.clone()).unwrap())));
        let flight = cache.begin();
        issue(&fake, "first", TEST_HOUR);
        wait(flight);
        let refreshed = told.recv().unwrap();
        assert_eq!((refreshed.kind, refreshed.failures), (EventKind::Refreshed, 0));
        assert_eq!(refreshed.provider_name.as_deref(), Some("ecs_ram_role"));
        let expiration = refreshed.expiration.unwrap();

        // The service fails before the credential expires, and after it.
        for (passed, past) in [(2_000, false), (2_000, true)] {
            fake.pass(Duration::from_secs(passed));
            let flight = cache.begin();
            // The token, and the request without one.
            for _ in 0..2 {
                fake.asked.recv().unwrap().reply(503, "{}");
            }
            assert_eq!(wait(flight), "first");
            let failed = told.recv().unwrap();
            assert_eq!((failed.kind, failed.expiration), (EventKind::RefreshFailed, Some(expiration)));
            assert_eq!(failed.error.as_ref().unwrap().kind(), ErrorKind::Unavailable);
            assert_eq!(failed.at, wall_time(fake.now().wall));
            if past {
                let serving = told.recv().unwrap();
                assert_eq!((serving.kind, serving.failures), (EventKind::ServingExpired, failed.failures));
                assert!(serving.at > expiration && serving.error.is_some());
            }
        }
        assert!(told.try_recv().is_err());
        cache.set_events(None);
    }

    #[test]
    fn refreshes_that_were_overtaken_are_events() {
        let fake = Fake::new();
        let cache = cache_on(&fake, Source::RamRoleArn);
        let (tell, told) = std::sync::mpsc::channel();
        cache.set_events(Some(EventQueue::new(move |event: &Event| tell.send(event.clone()).unwrap())));
        let flight = cache.begin();
        cache.invalidate();
        fake.asked.recv().unwrap().reply(403, "{}");
        let error = flight.wait(|| None).unwrap().unwrap_err();
        let flight = cache.begin();
        cache.invalidate();
        issue(&fake, "late", TEST_HOUR);
        assert_eq!(wait(flight), "late");
        assert!(cache.fresh().is_none());
        let flight = cache.begin();
        issue(&fake, "new", 2 * TEST_HOUR);
        wait(flight);
        let failed = told.recv().unwrap();
        assert_eq!((failed.kind, failed.failures, failed.error), (EventKind::RefreshFailed, 1, Some(error)));
        for lifetime in [TEST_HOUR, 2 * TEST_HOUR] {
            let refreshed = told.recv().unwrap();
            assert_eq!((refreshed.kind, refreshed.failures), (EventKind::Refreshed, 0));
            assert_eq!(refreshed.expiration, Some(wall_time(fake.now().wall) + lifetime));
        }
        assert!(told.try_recv().is_err());
        cache.set_events(None);
    }

    #[test]
    fn a_forked_child_redraws_its_refresh_time() {
        let fake = Fake::new();
        let cache = fetched(&fake);
        fake.pass(Duration::from_secs(1_800));
        // Between now and the stale point, at 2,700 s.
        fake.draws(&[0.5]);
        cache.flights.forked(SingleFlight::new(State::default()));
        assert_eq!(id(cache.begin().outcome()), "first");
        fake.pass(Duration::from_secs(449));
        assert!(cache.fresh().is_some());
        assert!(fake.asked.try_recv().is_err());
        fake.pass(Duration::from_secs(1));
        assert!(cache.fresh().is_none());
        assert_eq!(id(cache.begin().outcome()), "first");
        issue(&fake, "second", TEST_HOUR);
    }
}
