//! Wall-clock and monotonic time, read together, and how far the services' clock is ahead.
//!
//! Invariant: monotonic readings within a process never go back; wall-clock ones may jump either way. Ages are measured
//! by this machine's clocks alone: the offset only converts points of time that come from a service or go to one.

#[cfg(not(target_os = "linux"))]
use std::sync::OnceLock;
use std::sync::atomic::{AtomicI64, Ordering};
#[cfg(not(target_os = "linux"))]
use std::time::Instant;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// One reading of both clocks, in milliseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Now {
    /// Since the Unix epoch.
    pub(crate) wall: u64,
    /// Since a point in the past that is fixed while the system runs.
    pub(crate) monotonic: u64,
}

impl Now {
    /// For timestamps and rare decisions.
    #[allow(clippy::disallowed_methods, reason = "the one place that reads clocks")]
    pub(crate) fn precise() -> Now {
        // The standard library's `Instant` has no epoch; where a coarse clock exists, both must share one.
        #[cfg(target_os = "linux")]
        let monotonic = read(rustix::time::ClockId::Monotonic);
        #[cfg(not(target_os = "linux"))]
        let monotonic = millis(since_start(Instant::now()));
        Now { wall: wall_millis(SystemTime::now()), monotonic }
    }

    /// For cached reads: at most a few milliseconds late, at a fifth of the cost.
    #[cfg(target_os = "linux")]
    pub(crate) fn coarse() -> Now {
        use rustix::time::ClockId;
        Now { wall: read(ClockId::RealtimeCoarse), monotonic: read(ClockId::MonotonicCoarse) }
    }

    /// For cached reads.
    #[cfg(not(target_os = "linux"))]
    pub(crate) fn coarse() -> Now {
        Now::precise()
    }

    /// So many milliseconds earlier.
    pub(crate) fn before(self, millis: u64) -> Now {
        Now { wall: self.wall.saturating_sub(millis), monotonic: self.monotonic.saturating_sub(millis) }
    }

    /// What the two clocks differ by.
    fn epoch(self) -> i64 {
        self.wall.cast_signed().wrapping_sub(self.monotonic.cast_signed())
    }

    /// The time since `earlier`: the larger of the two clocks' answers, so that setting the wall clock back revives
    /// nothing, and time spent suspended counts.
    pub(crate) fn since(self, earlier: Now) -> u64 {
        let wall = self.wall.saturating_sub(earlier.wall);
        let monotonic = self.monotonic.saturating_sub(earlier.monotonic);
        wall.max(monotonic)
    }

    /// How long something took that began at `begun`, by the monotonic clock alone.
    pub(crate) fn after(self, begun: Now) -> Duration {
        Duration::from_millis(self.monotonic.saturating_sub(begun.monotonic))
    }
}

/// How far a service's `Date` may differ from the expected time before it counts, in milliseconds: more than any request
/// takes, and well within the 15 minutes that signatures are accepted for.
const TOLERANCE: u64 = 300_000;

/// How far the services' clock is ahead of this machine's, in milliseconds; 0 while they agree.
///
/// Plain numbers, which a forked child keeps.
#[derive(Debug)]
pub(crate) struct ClockOffset {
    ahead: AtomicI64,
    /// What the wall clock and the monotonic one differed by when it was learned: if they do no longer, the wall clock has
    /// been set, and the offset says nothing about it.
    epoch: AtomicI64,
}

/// The offset of this process.
pub(super) static CLOCK_OFFSET: ClockOffset = ClockOffset::none();

impl ClockOffset {
    pub(crate) const fn none() -> Self {
        ClockOffset { ahead: AtomicI64::new(0), epoch: AtomicI64::new(0) }
    }

    pub(crate) fn get(&self, now: Now) -> i64 {
        let is_set_since = now.epoch().abs_diff(self.epoch.load(Ordering::Relaxed)) > TOLERANCE;
        if is_set_since { 0 } else { self.ahead.load(Ordering::Relaxed) }
    }

    /// Takes the `Date` of a service, in milliseconds since the Unix epoch, that arrived now. Returns the new offset if that
    /// changes it: the `Date` must differ by more than [`TOLERANCE`] from the time expected so far. A clock that is right
    /// within the tolerance has no offset.
    pub(crate) fn learn(&self, date: u64, now: Now) -> Option<i64> {
        let (stored, known) = (self.ahead.load(Ordering::Relaxed), self.get(now));
        let ahead = i64::try_from(i128::from(date) - i128::from(now.wall)).ok()?;
        if ahead.abs_diff(known) <= TOLERANCE {
            return None;
        }
        let offset = if ahead.unsigned_abs() > TOLERANCE { ahead } else { 0 };
        // Of several replies at once, the first counts, and is logged.
        self.ahead.compare_exchange(stored, offset, Ordering::Relaxed, Ordering::Relaxed).ok()?;
        self.epoch.store(now.epoch(), Ordering::Relaxed);
        (offset != known).then_some(offset)
    }
}

/// A point of time by this machine's clock that a clock `ahead` of it shows as `there`, in milliseconds.
pub(crate) fn here(there: u64, ahead: i64) -> u64 {
    there.saturating_add_signed(ahead.saturating_neg())
}

/// The point of time so many milliseconds after the Unix epoch: the inverse of [`wall_millis`].
pub(crate) fn wall_time(unix_ms: u64) -> SystemTime {
    UNIX_EPOCH + Duration::from_millis(unix_ms)
}

/// Seconds since the Unix epoch; `None` for earlier times.
pub fn unix_seconds(time: SystemTime) -> Option<i64> {
    i64::try_from(time.duration_since(UNIX_EPOCH).ok()?.as_secs()).ok()
}

/// Milliseconds since the Unix epoch; 0 for anything earlier.
pub fn wall_millis(time: SystemTime) -> u64 {
    time.duration_since(UNIX_EPOCH).map_or(0, millis)
}

/// Measures how long a wait takes.
pub(crate) struct Stopwatch(Now);

impl Stopwatch {
    pub(crate) fn start() -> Self {
        Stopwatch(Now::precise())
    }

    pub(crate) fn elapsed(&self) -> Duration {
        Now::precise().after(self.0)
    }
}

/// Whole milliseconds.
pub fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(target_os = "linux")]
fn read(clock: rustix::time::ClockId) -> u64 {
    let time = rustix::time::clock_gettime(clock);
    let seconds = u64::try_from(time.tv_sec).unwrap_or(0);
    let nanoseconds = u64::try_from(time.tv_nsec).unwrap_or(0);
    seconds.saturating_mul(1000).saturating_add(nanoseconds / 1_000_000)
}

#[cfg(not(target_os = "linux"))]
fn since_start(now: Instant) -> Duration {
    static START: OnceLock<Instant> = OnceLock::new();
    now.saturating_duration_since(*START.get_or_init(|| now))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn age_is_the_larger_of_both_clocks() {
        let born = Now { wall: 10_000, monotonic: 500 };
        let cases = [
            (Now { wall: 12_000, monotonic: 2_500 }, 2_000),
            (Now { wall: 1_000, monotonic: 2_500 }, 2_000),   // set back
            (Now { wall: 99_000, monotonic: 2_500 }, 89_000), // set forward, or slept
            (Now { wall: 1_000, monotonic: 100 }, 0),
        ];
        for (now, age) in cases {
            assert_eq!(now.since(born), age, "{now:?}");
        }
    }

    #[test]
    fn only_a_difference_that_matters_changes_the_offset() {
        const HOUR: i64 = 3_600_000;
        let offset = ClockOffset::none();
        let at = |wall| Now { wall, monotonic: wall - 1_600_000_000_000 };
        let wall: u64 = 1_700_000_000_000;
        for (ahead, learned, then) in [
            (0, None, 0),
            (300_000, None, 0),
            (-300_000, None, 0),
            (300_001, Some(300_001), 300_001),
            (10_000, None, 300_001), // within the tolerance of what is known: no flapping
            (6 * HOUR, Some(6 * HOUR), 6 * HOUR),
            (6 * HOUR + 1_000, None, 6 * HOUR),
            (-6 * HOUR, Some(-6 * HOUR), -6 * HOUR),
            (2_000, Some(0), 0), // the machine's clock was corrected
        ] {
            let date = wall.saturating_add_signed(ahead);
            assert_eq!((offset.learn(date, at(wall)), offset.get(at(wall))), (learned, then), "{ahead}");
        }
        assert_eq!(offset.learn(u64::MAX, Now { wall: 0, monotonic: 0 }), None, "no such time");
        // Set right meanwhile, without a request: the offset is over.
        let behind = at(wall);
        assert_eq!(offset.learn(wall + 8 * HOUR.unsigned_abs(), behind), Some(8 * HOUR));
        let corrected = Now { wall: wall + 8 * HOUR.unsigned_abs(), ..behind };
        assert_eq!((offset.get(behind), offset.get(corrected)), (8 * HOUR, 0));
        assert_eq!(offset.learn(corrected.wall, corrected), None);
        // And wrong again.
        assert_eq!(offset.learn(wall, corrected), Some(-8 * HOUR));
        assert_eq!(offset.get(corrected), -8 * HOUR);
    }

    #[test]
    fn coarse_and_precise_share_their_epochs() {
        let before = Now::coarse();
        let precise = Now::precise();
        let after = Now::precise();
        assert!(before.wall <= precise.wall && before.monotonic <= precise.monotonic);
        assert!(precise.monotonic <= after.monotonic);
        assert!(precise.monotonic - before.monotonic < 60_000);
    }
}
