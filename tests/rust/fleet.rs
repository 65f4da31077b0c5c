//! Simulates a fleet that starts together, with the library's own refresh decisions, and prints the requests that its
//! services receive: one line with minute, STS and instance metadata each. Fails if requests bunch up.
//!
//! `make fleet` draws the curve in `docs/fleet.png`.

#[allow(dead_code, unreachable_pub, reason = "the module as it is, of which only the points of time are used")]
#[path = "../../crates/aliyun-cred/src/cache/freshness.rs"]
mod freshness;

#[allow(dead_code, reason = "the fleet has two kinds")]
#[path = "../../crates/aliyun-cred/src/lead.rs"]
mod lead;

use freshness::Times;
use lead::Lead;

const PROCESSES: usize = 100_000;
const START_MS: u64 = 60_000;
const HOUR_MS: u64 = 3_600_000;
const MINUTES: usize = 24 * 60;
/// From this minute on, the initial crowd must have dispersed.
const SETTLED_MINUTE: usize = 3 * 60;
const MOST_OVER_MEAN: f64 = 2.0;

/// SplitMix64: the same fleet in every run.
struct Random(u64);

impl Random {
    /// Uniform in `0.0..1.0`.
    fn draw(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^= mixed >> 31;
        f64::from((mixed >> 32) as u32) / (f64::from(u32::MAX) + 1.0)
    }
}

/// Requests per minute if each process refreshes at its prefetch point.
fn simulate(lifetime: u64, lead: Lead) -> Vec<u32> {
    let mut random = Random(20_261_122);
    let mut minutes = vec![0; MINUTES];
    for _ in 0..PROCESSES {
        let mut now = (START_MS as f64 * random.draw()) as u64;
        let mut first = true;
        while let Some(count) = usize::try_from(now / 60_000).ok().and_then(|minute| minutes.get_mut(minute)) {
            *count += 1;
            now += Times::new(lifetime, lead, first, random.draw()).prefetch;
            first = false;
        }
    }
    minutes
}

/// The ratio of the largest bin to the mean, after the fleet has settled.
fn peak(minutes: &[u32], bin: usize) -> f64 {
    let settled = minutes.get(SETTLED_MINUTE..).unwrap_or_default();
    let bins: Vec<u32> = settled.chunks_exact(bin).map(|bin| bin.iter().sum()).collect();
    let mean = f64::from(bins.iter().sum::<u32>()) / bins.len() as f64;
    f64::from(bins.iter().copied().max().unwrap_or(0)) / mean
}

#[allow(clippy::print_stdout, clippy::print_stderr, reason = "this is a program")]
fn main() -> std::process::ExitCode {
    let sts = simulate(HOUR_MS, Lead::Sts);
    let metadata = simulate(6 * HOUR_MS, Lead::Metadata);
    for (minute, (sts, metadata)) in sts.iter().zip(&metadata).enumerate() {
        println!("{minute} {sts} {metadata}");
    }
    let mut crowded = false;
    for (name, minutes) in [("STS, 1 h", &sts), ("instance metadata, 6 h", &metadata)] {
        for bin in [1, 5] {
            let peak = peak(minutes, bin);
            eprintln!("{name}, {bin}-minute bins: peak {peak:.2} x mean after the third hour");
            crowded |= peak >= MOST_OVER_MEAN;
        }
    }
    if crowded { std::process::ExitCode::FAILURE } else { std::process::ExitCode::SUCCESS }
}
