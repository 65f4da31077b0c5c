//! Decides when to refresh a credential: a pure function of its age and the failures so far.
//!
//! Invariant: nothing here reads a clock, draws a random number or knows what a credential is; all of that is passed
//! in. It depends only on `Lead`, so that the fleet simulation runs this very code.

use crate::lead::Lead;

/// The refresh schedule of a credential, as ages in milliseconds since it was fetched.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Times {
    /// From this age on, a refresh runs in the background.
    pub(crate) prefetch: u64,
    /// From this age on, a call waits for the refresh, unless one has failed since.
    pub(crate) stale: u64,
    /// From this age on, the credential is no longer returned.
    pub(crate) end: u64,
}

const MINUTE: u64 = 60_000;
const HOUR: u64 = 60 * MINUTE;
/// The longest back-off, in milliseconds.
const LONGEST_HOLD: u64 = MINUTE;
/// The same for a credential without end, of the metadata service or KMS.
const LONGEST_ENDLESS_HOLD: u64 = 2 * MINUTE;

impl Times {
    /// `lifetime` in milliseconds; `draw` is uniform in `0.0..1.0`. The first draw of a provider in a process covers a
    /// wide range, which spreads out a fleet whose members started together.
    pub(crate) fn new(lifetime: u64, lead: Lead, first: bool, draw: f64) -> Self {
        let stale = lead.stale(lifetime);
        let (from, to) = match (lead, first) {
            (Lead::Metadata, true) if lifetime > HOUR => (900_000, HOUR.min(stale)),
            (Lead::Metadata, false) if lifetime > HOUR => (stale.min(3_000_000), HOUR.min(stale)),
            (_, true) => (lifetime / 4, stale),
            (_, false) => (stale - (600_000).min(lifetime / 4), stale),
        };
        // Static stability: an instance keeps its credential for as long as the metadata service is unreachable.
        let end = if lead == Lead::Metadata { u64::MAX } else { lifetime };
        Times { prefetch: between(from, to, draw), stale, end }
    }

    /// The schedule of a key without end that is rotated `until_rotation` milliseconds from now, or was before: it is
    /// fetched again five to fifteen minutes after that, and at the age `at_most` in any case.
    pub(crate) fn rotating(until_rotation: Option<i64>, at_most: u64, first: bool, draw: f64) -> Self {
        let after_rotation = until_rotation.and_then(|left| left.checked_add_unsigned(15 * MINUTE));
        let (from, stale) = match after_rotation.and_then(|last| u64::try_from(last).ok()) {
            // At least a minute from now: until the rotation has shown, each fetch brings the same date.
            Some(last) if last <= at_most && last > 0 => {
                (last.saturating_sub(10 * MINUTE).max(MINUTE), last.max(MINUTE))
            }
            // The first range is wide, as above.
            _ if first => (at_most / 4, at_most),
            _ => (at_most - (10 * MINUTE).min(at_most / 4), at_most),
        };
        Times { prefetch: between(from, stale, draw), stale, end: u64::MAX }
    }

    /// The schedule for a process forked at `age`, redrawn so that processes forked together do not refresh together.
    pub(crate) fn redrawn(self, age: u64, draw: f64) -> Self {
        Times { prefetch: between(self.prefetch.max(age), self.stale, draw), ..self }
    }

    /// The next age at which a call must check again although a refresh is running: from there on it waits, or only the
    /// refresh can answer.
    pub(crate) fn boundary_after(self, age: u64) -> u64 {
        if age < self.stale { self.stale } else { self.end }
    }

    fn outlives_its_end(self) -> bool {
        self.end == u64::MAX
    }
}

/// A point of time in `from..to`.
#[allow(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::cast_precision_loss,
    reason = "a draw between two ages; a millisecond more or less is nothing"
)]
fn between(from: u64, to: u64, draw: f64) -> u64 {
    from + (to.saturating_sub(from) as f64 * draw) as u64
}

/// The failures since the last success.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Failures {
    pub(crate) count: u32,
    /// The age of the cached credential at the last failure.
    pub(crate) last_age: u64,
}

/// What to do for a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Decision {
    /// Return the cached credential.
    Use,
    /// Return the cached credential; start a refresh if none is running.
    UseAndRefresh,
    /// Join the refresh in flight, or start it, and wait.
    Wait,
    /// Only a successful refresh could answer, and the back-off has not run out.
    Fail,
}

/// Decides for a credential with this schedule at this `age`; `held` means that the back-off of the last failure has
/// not run out.
pub(crate) fn decide(times: Times, age: u64, failures: Failures, held: bool) -> Decision {
    let failed_since_stale = failures.count > 0 && failures.last_age >= times.stale;
    if age < times.prefetch {
        Decision::Use
    } else if age < times.stale || (age < times.end && failed_since_stale) {
        if held { Decision::Use } else { Decision::UseAndRefresh }
    } else if age < times.end || !held {
        Decision::Wait
    } else {
        Decision::Fail
    }
}

/// The back-off after `count` failures in a row, in milliseconds: full jitter, starting at 1 s and doubling, at most 60
/// s, or 120 s for a credential without end. `draw` is uniform in `0.0..1.0`.
pub(crate) fn back_off(count: u32, times: Option<Times>, draw: f64) -> u64 {
    let longest = if times.is_some_and(Times::outlives_its_end) { LONGEST_ENDLESS_HOLD } else { LONGEST_HOLD };
    between(0, (1_000_u64 << count.saturating_sub(1).min(16)).min(longest), draw)
}

#[cfg(test)]
mod tests {
    use super::*;

    const FINE: Failures = Failures { count: 0, last_age: 0 };

    fn failed_at(last_age: u64) -> Failures {
        Failures { count: 1, last_age }
    }

    #[test]
    fn points_of_time_follow_the_lifetime() {
        let times = |lifetime, first, draw| Times::new(lifetime, Lead::Sts, first, draw);
        // One hour: stale 900 s before the end; the first prefetch between a quarter and stale, later ones within 600 s
        // before stale.
        assert_eq!(times(HOUR, true, 0.0), Times { prefetch: 900_000, stale: 2_700_000, end: HOUR });
        assert_eq!(times(HOUR, true, 1.0).prefetch, 2_700_000);
        assert_eq!(times(HOUR, false, 0.0).prefetch, 2_100_000);
        assert_eq!(times(HOUR, false, 1.0).prefetch, 2_700_000);
        // One minute: stale at half.
        assert_eq!(times(60_000, true, 0.0), Times { prefetch: 15_000, stale: 30_000, end: 60_000 });
        assert_eq!(times(60_000, false, 0.0).prefetch, 15_000);
        assert_eq!(times(0, true, 0.5), Times { prefetch: 0, stale: 0, end: 0 });
        // External commands and OAuth: stale 180 s before the end.
        let short = Times { prefetch: 3_420_000, stale: 3_420_000, end: HOUR };
        assert_eq!(Times::new(HOUR, Lead::Short, true, 1.0), short);
    }

    #[test]
    fn points_of_time_keep_their_order() {
        for lead in [Lead::Sts, Lead::Short, Lead::Metadata] {
            for seconds in [0, 1, 2, 10, 60, 359, 360, 900, 1_800, 1_801, 3_600, 3_601, 4_500, 43_200, 1 << 40] {
                for first in [true, false] {
                    for draw in [0.0, 0.3, 0.999_999] {
                        let lifetime = seconds * 1000;
                        let Times { prefetch, stale, end } = Times::new(lifetime, lead, first, draw);
                        assert!(prefetch <= stale && stale <= end, "{lead:?} {seconds} {first} {draw}");
                        assert!(stale >= lifetime / 2, "{lead:?} {seconds}");
                    }
                }
            }
        }
    }

    #[test]
    fn decisions_over_a_lifetime() {
        // With a lifetime of a minute, an hour, twelve hours: prefetch at half, stale at three quarters.
        for unit in [1_000, 60_000, 720_000] {
            let times = Times { prefetch: 30 * unit, stale: 45 * unit, end: 60 * unit };
            for (age, failures, held, decision) in [
                (0, FINE, false, Decision::Use),
                (30 * unit - 1, FINE, false, Decision::Use),
                (30 * unit, FINE, false, Decision::UseAndRefresh),
                (40 * unit, failed_at(35 * unit), true, Decision::Use),
                (40 * unit, failed_at(35 * unit), false, Decision::UseAndRefresh),
                (45 * unit, FINE, false, Decision::Wait),
                // A failure before the stale point does not spare a call from waiting once.
                (46 * unit, failed_at(44 * unit), false, Decision::Wait),
                (46 * unit, failed_at(44 * unit), true, Decision::Wait),
                (47 * unit, failed_at(46 * unit), true, Decision::Use),
                (47 * unit, failed_at(46 * unit), false, Decision::UseAndRefresh),
                (60 * unit - 1, failed_at(59 * unit), true, Decision::Use),
                (60 * unit, FINE, false, Decision::Wait),
                (60 * unit, failed_at(59 * unit), true, Decision::Fail),
                (60 * unit, failed_at(59 * unit), false, Decision::Wait),
                (u64::MAX, failed_at(u64::MAX), true, Decision::Fail),
            ] {
                assert_eq!(decide(times, age, failures, held), decision, "at {age} of {unit}, {failures:?}, {held}");
            }
        }
    }

    #[test]
    fn the_metadata_service_is_asked_hourly_and_outlived() {
        let times = |first, draw| Times::new(6 * HOUR, Lead::Metadata, first, draw);
        assert_eq!(times(true, 0.0), Times { prefetch: 900_000, stale: 20_700_000, end: u64::MAX });
        assert_eq!(times(true, 1.0).prefetch, HOUR);
        assert_eq!((times(false, 0.0).prefetch, times(false, 1.0).prefetch), (3_000_000, HOUR));
        assert_eq!(Times::new(HOUR, Lead::Metadata, true, 0.0).prefetch, 900_000);
        let decide = |failures, held| decide(times(true, 0.5), 48 * HOUR, failures, held);
        assert_eq!(decide(FINE, false), Decision::Wait);
        assert_eq!(decide(failed_at(40 * HOUR), true), Decision::Use);
        assert_eq!(decide(failed_at(40 * HOUR), false), Decision::UseAndRefresh);
    }

    #[test]
    fn a_rotated_key_is_fetched_again_after_its_rotation_and_every_six_hours() {
        let times = |until_rotation, first| {
            let drawn = |draw| Times::rotating(until_rotation, 6 * HOUR, first, draw);
            assert_eq!((drawn(0.0).end, drawn(0.0).stale), (u64::MAX, drawn(1.0).prefetch));
            (drawn(0.0).prefetch / MINUTE, drawn(1.0).prefetch / MINUTE)
        };
        let minutes = |count: i64| Some(count * 60_000);
        for first in [true, false] {
            assert_eq!(times(minutes(60), first), (65, 75));
            assert_eq!(times(minutes(345), first), (350, 360));
            // It is due now, or was a moment ago: the rotation takes its time.
            assert_eq!(times(minutes(0), first), (5, 15));
            assert_eq!(times(minutes(-8), first), (1, 7));
            assert_eq!(times(minutes(-15).map(|left| left + 1), first), (1, 1));
        }
        // Far away, long past, or never.
        for until_rotation in [minutes(346), minutes(-15), Some(i64::MAX), Some(i64::MIN), None] {
            assert_eq!(times(until_rotation, true), (90, 360));
            assert_eq!(times(until_rotation, false), (350, 360));
        }
        assert_eq!(back_off(9, Some(Times::rotating(None, 6 * HOUR, true, 0.5)), 1.0), 120_000);
    }

    #[test]
    fn processes_forked_together_refresh_apart() {
        let times = Times { prefetch: 1_000, stale: 9_000, end: 10_000 };
        assert_eq!(times.redrawn(5_000, 0.0), Times { prefetch: 5_000, ..times });
        assert_eq!(times.redrawn(5_000, 0.5), Times { prefetch: 7_000, ..times });
        assert_eq!(times.redrawn(0, 0.5), Times { prefetch: 5_000, ..times });
        assert_eq!(times.redrawn(20_000, 0.5), Times { prefetch: 20_000, ..times });
    }

    #[test]
    fn back_off_doubles_to_a_minute_or_two() {
        let longest: Vec<u64> = (1..=8).map(|count| back_off(count, None, 1.0)).collect();
        assert_eq!(longest, [1_000, 2_000, 4_000, 8_000, 16_000, 32_000, 60_000, 60_000]);
        let metadata = Some(Times::new(6 * HOUR, Lead::Metadata, true, 0.5));
        assert_eq!(back_off(u32::MAX, metadata, 1.0), 120_000);
        assert_eq!(back_off(5, None, 0.0), 0);
    }
}
