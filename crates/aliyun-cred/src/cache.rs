//! When to refresh, and the single flight around it.
//!
//! Invariants: the decision is a pure function of the entry, the time and the failures so far; one refresh is in
//! flight per client at most; no lock is held while a provider runs; a forked child starts with fresh locks.

use std::future::Future;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use arc_swap::{ArcSwap, ArcSwapOption};

use crate::credentials::{Credentials, Freshness, Lead};
use crate::driver;
use crate::error::{Error, ErrorKind, Result};
use crate::flight::Flight;
use crate::host::{Host, Now, wall_millis};
use crate::provider::Provider;

/// What a call gets.
pub(crate) type Outcome = Result<Arc<Credentials>>;

/// A cached credential and its points of time, as ages in milliseconds since it was fetched.
#[derive(Debug)]
struct Entry {
    credentials: Arc<Credentials>,
    fetched: Now,
    /// From this age on a refresh runs in the background. `None`: never.
    times: Option<Times>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Times {
    prefetch: u64,
    stale: u64,
    end: u64,
}

impl Times {
    /// `lifetime` in milliseconds; `draw` is uniform in `0.0..1.0`. The first draw of a provider in a process is wide:
    /// that is what spreads a fleet whose members started together.
    fn new(lifetime: u64, lead: Lead, first: bool, draw: f64) -> Self {
        const HOUR: u64 = 3_600_000;
        let longest_lead = match lead {
            Lead::Sts | Lead::Metadata => 900_000,
            Lead::Short => 180_000,
        };
        let stale = lifetime - longest_lead.min(lifetime / 2);
        let (from, to) = match (lead, first) {
            (Lead::Metadata, true) if lifetime > HOUR => (900_000, HOUR.min(stale)),
            (Lead::Metadata, false) if lifetime > HOUR => (3_000_000, HOUR.min(stale)),
            (_, true) => (lifetime / 4, stale),
            (_, false) => (stale - (600_000).min(lifetime / 4), stale),
        };
        let span = to.saturating_sub(from);
        #[allow(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            clippy::cast_precision_loss,
            reason = "a draw between two ages; a millisecond more or less is nothing"
        )]
        let prefetch = from + (span as f64 * draw) as u64;
        // Static stability: an instance goes on with what it has for as long as its metadata service is away.
        let end = if lead == Lead::Metadata { u64::MAX } else { lifetime };
        Times { prefetch, stale, end }
    }

    /// The longest that a failure holds back the next attempt.
    fn longest_hold(self) -> u64 {
        if self.end == u64::MAX { 120_000 } else { LONGEST_HOLD }
    }
}

/// The longest that a failure holds back the next attempt, in milliseconds, but for the metadata service.
const LONGEST_HOLD: u64 = 60_000;

/// The failures since the last success.
#[derive(Debug)]
struct Failures {
    count: u32,
    last: Error,
    last_at: Now,
    /// No attempt before this monotonic time.
    hold_until: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Decision {
    /// Hand out what is cached.
    Use,
    /// Hand out what is cached; start a refresh if none runs.
    UseAndRefresh,
    /// Join the refresh in flight, or start it, and wait.
    Wait,
    /// Only a success would answer, and the next attempt is not due yet.
    Fail,
}

fn decide(entry: Option<&Entry>, failures: Option<&Failures>, now: Now) -> Decision {
    let held = failures.is_some_and(|failures| now.monotonic < failures.hold_until);
    let Some(entry) = entry else { return Decision::Wait };
    let Some(times) = entry.times else { return Decision::Use };
    let age = now.since(entry.fetched);
    let failed_since_stale = failures.is_some_and(|failures| failures.last_at.since(entry.fetched) >= times.stale);
    match age {
        age if age < times.prefetch => Decision::Use,
        age if age < times.stale || (age < times.end && failed_since_stale) => {
            if held {
                Decision::Use
            } else {
                Decision::UseAndRefresh
            }
        }
        age if age < times.end => Decision::Wait,
        _ => {
            if held {
                Decision::Fail
            } else {
                Decision::Wait
            }
        }
    }
}

/// How long to hold back after the `count`th failure in a row, in milliseconds: full jitter, base 1 s, doubling, up to
/// `longest`. `draw` is uniform in `0.0..1.0`.
#[allow(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::cast_precision_loss,
    reason = "a few minutes at most"
)]
fn back_off(count: u32, longest: u64, draw: f64) -> u64 {
    let longest = (1_000_u64 << count.saturating_sub(1).min(16)).min(longest);
    (longest as f64 * draw) as u64
}

/// Whether the next call should try again at once: it was the configuration, and somebody may have changed it.
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

/// A provider with its last credential in front of it.
#[derive(Debug)]
pub(crate) struct Cache {
    provider: Provider,
    host: Host,
    type_name: String,
    entry: ArcSwapOption<Entry>,
    epoch: ArcSwap<Epoch>,
}

/// What belongs to one process: a forked child replaces it as a whole, for a lock in it may be held by a thread that
/// the child does not have.
#[derive(Debug)]
struct Epoch {
    process: u32,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    flight: Option<Arc<Flight<Outcome>>>,
    failures: Option<Failures>,
    /// Whether a credential has been fetched in this process.
    fetched: bool,
}

impl std::fmt::Debug for State {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("State").field("in_flight", &self.flight.is_some()).field("failures", &self.failures).finish()
    }
}

impl Epoch {
    fn new() -> Arc<Self> {
        Arc::new(Epoch { process: std::process::id(), state: Mutex::default() })
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What a call finds.
pub(crate) enum Step {
    Done(Outcome),
    Join(Arc<Flight<Outcome>>),
}

impl Cache {
    pub(crate) fn new(provider: Provider, host: Host, type_name: &str) -> Arc<Self> {
        let entry = match &provider {
            Provider::Static(credentials) => Some(Arc::new(Entry {
                credentials: Arc::new(Credentials::clone(credentials).with_type(type_name)),
                fetched: host.now(),
                times: None,
            })),
            _ => None,
        };
        Arc::new(Cache {
            provider,
            host,
            type_name: type_name.to_owned(),
            entry: ArcSwapOption::new(entry),
            epoch: ArcSwap::new(Epoch::new()),
        })
    }

    pub(crate) fn type_name(&self) -> &str {
        &self.type_name
    }

    /// The cached credential, if it needs no refresh yet. No lock, no allocation.
    pub(crate) fn fresh(&self) -> Option<Arc<Credentials>> {
        let entry = self.entry.load();
        let entry = entry.as_ref()?;
        let fresh = entry.times.is_none_or(|times| Now::coarse().since(entry.fetched) < times.prefetch);
        fresh.then(|| entry.credentials.clone())
    }

    /// As [`Cache::fresh`], with the time that is left until it needs a refresh.
    pub(crate) fn fresh_for(&self) -> Option<(Arc<Credentials>, Duration)> {
        let entry = self.entry.load();
        let entry = entry.as_ref()?;
        let left = match entry.times {
            None => Duration::MAX,
            Some(times) => {
                let left = times.prefetch.checked_sub(Now::coarse().since(entry.fetched)).filter(|left| *left > 0)?;
                Duration::from_millis(left)
            }
        };
        Some((entry.credentials.clone(), left))
    }

    /// The next call asks the source again.
    pub(crate) fn invalidate(&self) {
        if !matches!(self.provider, Provider::Static(_)) {
            self.entry.store(None);
        }
    }

    /// Finds or starts what answers a call. Where the provider can answer without waiting, it has; the rest of its
    /// work goes on in the driver, whatever becomes of the caller.
    pub(crate) fn begin(self: &Arc<Self>) -> Step {
        let epoch = self.epoch();
        let now = self.host.now();
        let mut state = epoch.lock();
        let entry = self.entry.load_full();
        let decision = decide(entry.as_deref(), state.failures.as_ref(), now);
        match (decision, entry) {
            (Decision::Use, Some(entry)) => Step::Done(Ok(entry.credentials.clone())),
            (Decision::UseAndRefresh, Some(entry)) => {
                if state.flight.is_none() {
                    let flight = state.take_off();
                    drop(state);
                    self.refresh_in_background(epoch, flight);
                }
                Step::Done(Ok(entry.credentials.clone()))
            }
            (Decision::Fail, _) => {
                let last = state.failures.as_ref().map(|failures| failures.last.clone());
                Step::Done(Err(last.unwrap_or_else(abandoned)))
            }
            _ => {
                if let Some(flight) = &state.flight {
                    return Step::Join(flight.clone());
                }
                let flight = state.take_off();
                drop(state);
                self.refresh(epoch, flight.clone());
                Step::Join(flight)
            }
        }
    }

    /// Runs the provider as far as it goes without waiting, and the rest on the driver.
    fn refresh(self: &Arc<Self>, epoch: Arc<Epoch>, flight: Arc<Flight<Outcome>>) {
        let mut work = Box::pin(self.clone().run(epoch, flight));
        // A future may be polled by one executor after another. Sources that need no network end here, and need no
        // thread.
        if work.as_mut().poll(&mut Context::from_waker(Waker::noop())) == Poll::Pending {
            // Dropping the work on failure lands the flight.
            if let Ok(driver) = driver::current() {
                driver.spawn(work);
            }
        }
    }

    fn refresh_in_background(self: &Arc<Self>, epoch: Arc<Epoch>, flight: Arc<Flight<Outcome>>) {
        if let Ok(driver) = driver::current() {
            driver.spawn(self.clone().run(epoch, flight));
        } else {
            Landing { cache: self, epoch: &epoch, flight: &flight, outcome: None };
        }
    }

    async fn run(self: Arc<Self>, epoch: Arc<Epoch>, flight: Arc<Flight<Outcome>>) {
        let mut landing = Landing { cache: &self, epoch: &epoch, flight: &flight, outcome: None };
        let fetched = self.provider.fetch(&self.host).await;
        landing.outcome = Some(fetched.map(|credentials| Arc::new(credentials.with_type(&self.type_name))));
    }

    /// Takes in what a refresh brought, and says what those who waited get.
    fn settle(&self, state: &mut State, fetched: Outcome) -> Outcome {
        let now = self.host.now();
        match fetched {
            Ok(credentials) => {
                if let Some(times) = self.times(&credentials, now, !state.fetched) {
                    let entry = Entry { credentials: credentials.clone(), fetched: now, times };
                    self.entry.store(Some(Arc::new(entry)));
                }
                state.fetched = true;
                state.failures = None;
                Ok(credentials)
            }
            Err(error) => {
                let count = state.failures.as_ref().map_or(0, |failures| failures.count).saturating_add(1);
                let longest = self.entry.load().as_ref().and_then(|entry| entry.times).map(Times::longest_hold);
                let hold = if is_configuration(error.kind()) {
                    0
                } else {
                    back_off(count, longest.unwrap_or(LONGEST_HOLD), fastrand::f64())
                };
                let hold_until = now.monotonic.saturating_add(hold);
                state.failures = Some(Failures { count, last: error.clone(), last_at: now, hold_until });
                // A valid credential is never withheld because a refresh failed.
                match self.entry.load_full() {
                    Some(entry) if entry.times.is_none_or(|times| now.since(entry.fetched) < times.end) => {
                        let source = error.provider().unwrap_or(&self.type_name);
                        log::warn!(target: "aliyun_cred", source; "the cached credential stays in use: {error}");
                        Ok(entry.credentials.clone())
                    }
                    _ => Err(error),
                }
            }
        }
    }

    /// `None`: not to be cached at all. `Some(None)`: for ever.
    fn times(&self, credentials: &Credentials, now: Now, first: bool) -> Option<Option<Times>> {
        match credentials.freshness() {
            Freshness::Uncached => None,
            Freshness::Constant => Some(None),
            Freshness::Expires { at, lead } => {
                let lifetime = wall_millis(at).saturating_sub(now.wall);
                Some(Some(Times::new(lifetime, lead, first, fastrand::f64())))
            }
        }
    }

    fn epoch(&self) -> Arc<Epoch> {
        loop {
            let epoch = self.epoch.load_full();
            if epoch.process == std::process::id() {
                return epoch;
            }
            self.epoch.compare_and_swap(&epoch, Epoch::new());
            // The parent's stays as it is, with whatever a thread that is not here was doing to it.
            std::mem::forget(epoch);
        }
    }
}

impl State {
    fn take_off(&mut self) -> Arc<Flight<Outcome>> {
        let flight = Flight::new();
        self.flight = Some(flight.clone());
        flight
    }
}

/// Ends a refresh, even one that panics or that nobody runs to its end.
struct Landing<'a> {
    cache: &'a Cache,
    epoch: &'a Epoch,
    flight: &'a Flight<Outcome>,
    outcome: Option<Outcome>,
}

impl Drop for Landing<'_> {
    fn drop(&mut self) {
        let fetched = self.outcome.take().unwrap_or_else(|| Err(abandoned()));
        let outcome = {
            let mut state = self.epoch.lock();
            state.flight = None;
            self.cache.settle(&mut state, fetched)
        };
        self.flight.land(outcome);
    }
}

fn abandoned() -> Error {
    Error::new(ErrorKind::Internal, "a refresh ended without a result; please report this as a bug")
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::SystemTime;

    const HOUR: u64 = 3_600_000;

    fn at(age: i64) -> Now {
        let shift = |base: u64| base.saturating_add_signed(age);
        Now { wall: shift(1_700_000_000_000), monotonic: shift(100_000_000) }
    }

    fn entry(lifetime: u64) -> Entry {
        Entry {
            credentials: Arc::new(Credentials::access_key("id", "s", "ram_role_arn")),
            fetched: at(0),
            times: Some(Times::new(lifetime, Lead::Sts, true, 0.5)),
        }
    }

    fn failure(last_at: i64, hold_until: i64) -> Option<Failures> {
        let last = Error::new(ErrorKind::Unavailable, "down");
        Some(Failures { count: 1, last, last_at: at(last_at), hold_until: at(hold_until).monotonic })
    }

    #[test]
    fn points_of_time_follow_the_lifetime() {
        let times = |lifetime, first, draw| Times::new(lifetime, Lead::Sts, first, draw);
        // One hour: stale 900 s before the end; prefetch between a quarter and stale at first, then within 600 s of it.
        assert_eq!(times(HOUR, true, 0.0), Times { prefetch: 900_000, stale: 2_700_000, end: HOUR });
        assert_eq!(times(HOUR, true, 1.0).prefetch, 2_700_000);
        assert_eq!(times(HOUR, false, 0.0).prefetch, 2_100_000);
        assert_eq!(times(HOUR, false, 1.0).prefetch, 2_700_000);
        // A minute: stale at half, not before it began.
        assert_eq!(times(60_000, true, 0.0), Times { prefetch: 15_000, stale: 30_000, end: 60_000 });
        assert_eq!(times(60_000, false, 0.0).prefetch, 15_000);
        assert_eq!(times(0, true, 0.5), Times { prefetch: 0, stale: 0, end: 0 });
        // External commands and OAuth: stale 180 s before the end.
        assert_eq!(
            Times::new(HOUR, Lead::Short, true, 1.0),
            Times { prefetch: 3_420_000, stale: 3_420_000, end: HOUR }
        );
    }

    #[test]
    fn the_metadata_service_is_asked_hourly_and_outlived() {
        let times = |first, draw| Times::new(6 * HOUR, Lead::Metadata, first, draw);
        assert_eq!(times(true, 0.0), Times { prefetch: 900_000, stale: 20_700_000, end: u64::MAX });
        assert_eq!(times(true, 1.0).prefetch, HOUR);
        assert_eq!((times(false, 0.0).prefetch, times(false, 1.0).prefetch), (3_000_000, HOUR));
        assert_eq!(Times::new(HOUR, Lead::Metadata, true, 0.0).prefetch, 900_000);
        let entry = Entry { times: Some(times(true, 0.5)), ..entry(HOUR) };
        let long_after = at(48 * 3_600_000);
        assert_eq!(decide(Some(&entry), None, long_after), Decision::Wait);
        let failed = |hold| failure(40 * 3_600_000, hold);
        assert_eq!(decide(Some(&entry), failed(50 * 3_600_000).as_ref(), long_after), Decision::Use);
        assert_eq!(decide(Some(&entry), failed(41 * 3_600_000).as_ref(), long_after), Decision::UseAndRefresh);
    }

    #[test]
    fn decisions_over_a_lifetime_of_an_hour() {
        let entry = entry(HOUR); // prefetch at 1,800 s, stale at 2,700 s, end at 3,600 s
        let ok = None;
        let held = |at| failure(at, 10_000_000);
        let due = |at| failure(at, at + 1);
        for (age, failures, decision) in [
            (0, &ok, Decision::Use),
            (1_799_999, &ok, Decision::Use),
            (1_800_000, &ok, Decision::UseAndRefresh),
            (1_900_000, &held(1_850_000), Decision::Use),
            (1_900_000, &due(1_850_000), Decision::UseAndRefresh),
            (2_700_000, &ok, Decision::Wait),
            (2_800_000, &held(2_600_000), Decision::Wait),
            (2_800_000, &held(2_750_000), Decision::Use),
            (2_800_000, &due(2_750_000), Decision::UseAndRefresh),
            (3_600_000, &ok, Decision::Wait),
            (3_600_000, &held(3_500_000), Decision::Fail),
            (3_600_000, &due(3_500_000), Decision::Wait),
            (-3_600_000, &ok, Decision::Use),
        ] {
            assert_eq!(decide(Some(&entry), failures.as_ref(), at(age)), decision, "at {age}, {failures:?}");
        }
    }

    #[test]
    fn nothing_cached_always_asks_and_a_constant_never() {
        assert_eq!(decide(None, None, at(0)), Decision::Wait);
        assert_eq!(decide(None, failure(0, 60_000).as_ref(), at(1)), Decision::Wait);
        let constant = Entry { times: None, ..entry(HOUR) };
        assert_eq!(decide(Some(&constant), None, at(i64::MAX / 2)), Decision::Use);
    }

    #[test]
    fn a_clock_set_back_revives_nothing() {
        let back = Now { wall: at(-3_600_000).wall, monotonic: at(2_700_000).monotonic };
        assert_eq!(decide(Some(&entry(HOUR)), None, back), Decision::Wait);
        let forward = Now { wall: at(3_600_000).wall, monotonic: at(1).monotonic };
        assert_eq!(decide(Some(&entry(HOUR)), None, forward), Decision::Wait);
    }

    #[test]
    fn back_off_doubles_to_a_minute() {
        let longest: Vec<u64> = (1..=8).map(|count| back_off(count, LONGEST_HOLD, 1.0)).collect();
        assert_eq!(longest, [1_000, 2_000, 4_000, 8_000, 16_000, 32_000, 60_000, 60_000]);
        assert_eq!(back_off(u32::MAX, 120_000, 1.0), 120_000);
        assert_eq!(back_off(5, LONGEST_HOLD, 0.0), 0);
    }

    #[test]
    fn a_valid_credential_survives_a_failed_refresh_and_an_invalid_one_does_not() {
        let host = Host::new(crate::surface::Surface::Rust);
        let cache = Cache::new(Provider::Env(crate::provider::Env::STANDARD), host, "env");
        let mut state = State::default();
        let expires = |seconds| {
            let at =
                SystemTime::UNIX_EPOCH + Duration::from_millis(cache.host.now().wall) + Duration::from_secs(seconds);
            let freshness = Freshness::Expires { at, lead: Lead::Sts };
            Arc::new(Credentials::access_key("id", "s", "ram_role_arn").with_freshness(freshness))
        };
        let down = || Err(Error::new(ErrorKind::Unavailable, "down"));
        assert!(cache.settle(&mut state, down()).is_err());
        assert!(cache.settle(&mut state, Ok(expires(3600))).is_ok());
        assert!(state.failures.is_none());
        assert!(cache.settle(&mut state, down()).is_ok());
        assert!(cache.settle(&mut state, Ok(expires(0))).is_ok());
        assert!(cache.settle(&mut state, down()).is_err());
        assert!(cache.settle(&mut state, down()).is_err());
        assert_eq!(state.failures.map(|failures| failures.count), Some(2), "a success starts the count anew");
    }
}
