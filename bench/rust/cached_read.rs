//! Nanoseconds per cached read from Rust, in one thread and in two, beside the floors. `cached_read <samples>`
//!
//! A credentials URI stands for every source that expires: what is cached does not say where it came from.

#![allow(clippy::disallowed_methods, reason = "a program that measures, not a part of the core")]

use std::future::Future;
use std::hint::black_box;
use std::pin::pin;
use std::sync::{Arc, Barrier};
use std::task::{Context, Poll, Waker};
use std::time::Instant;

use aliyun_cred::{Client, Config};

// Short enough that most samples pass without an interruption on a busy machine.
const TURNS: u32 = 20_000;
const SAMPLES_FOR_ONE: usize = 20;
// So long that the start of the second thread is nothing beside them.
const TURNS_IN_TWO_THREADS: u32 = 200_000;

/// Nanoseconds per turn.
fn time(turns: u32, mut body: impl FnMut()) -> f64 {
    let begin = Instant::now();
    for _ in 0..turns {
        body();
    }
    begin.elapsed().as_secs_f64() * 1e9 / f64::from(turns)
}

/// Nanoseconds per turn of each of two threads.
fn in_two_threads(body: impl Fn() + Sync) -> f64 {
    let (body, start) = (&body, &Barrier::new(2));
    std::thread::scope(|scope| {
        let workers: Vec<_> = (0..2)
            .map(|_| {
                scope.spawn(move || {
                    start.wait();
                    time(TURNS_IN_TWO_THREADS, body)
                })
            })
            .collect();
        workers.into_iter().filter_map(|worker| worker.join().ok()).sum::<f64>() / 2.0
    })
}

/// What a future gives that is ready at once.
fn now<T>(future: impl Future<Output = T>) -> Option<T> {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(value) => Some(value),
        Poll::Pending => None,
    }
}

#[allow(clippy::print_stdout, reason = "its numbers are what it is for")]
fn main() -> Result<(), Box<dyn std::error::Error>> {
    let samples: usize = std::env::args().nth(1).map_or(Ok(15), |text| text.parse())?;
    let client = Client::new(&Config::new("credentials_uri").credentials_uri(std::env::var("BENCH_URI")?))?;
    let first = client.credentials_blocking()?;
    let fields = || {
        let credentials = client.cached();
        black_box(credentials.as_ref().map(|found| {
            (black_box(found.access_key_id()), black_box(found.access_key_secret()), black_box(found.security_token()))
        }));
    };
    type Measure<'a> = Box<dyn Fn() -> f64 + 'a>;
    let measures: [(&str, Measure<'_>); 9] = [
        ("reference", Box::new(|| time(TURNS, || drop(black_box(Arc::clone(&first)))))),
        ("reference_2", Box::new(|| in_two_threads(|| drop(black_box(Arc::clone(&first)))))),
        ("cached", Box::new(|| time(TURNS, || drop(black_box(client.cached()))))),
        ("fields", Box::new(|| time(TURNS, fields))),
        ("fields_2", Box::new(|| in_two_threads(fields))),
        ("blocking", Box::new(|| time(TURNS, || drop(black_box(client.credentials_blocking()))))),
        ("await", Box::new(|| time(TURNS, || drop(black_box(now(client.credentials())))))),
        ("status", Box::new(|| time(TURNS, || drop(black_box(client.status()))))),
        ("await floor", Box::new(|| time(TURNS, || _ = black_box(now(async { black_box(1) }))))),
    ];
    // The samples take turns, so that a neighbour on the machine disturbs all.
    let mut times = vec![Vec::new(); measures.len()];
    for sample in 0..samples * SAMPLES_FOR_ONE {
        for ((name, measure), times) in measures.iter().zip(&mut times) {
            if !name.ends_with("_2") || sample % 10 == 0 {
                times.push(measure());
            }
        }
    }
    let shown: Vec<String> = measures
        .iter()
        .zip(&mut times)
        .map(|((name, _), times)| {
            times.sort_by(f64::total_cmp);
            format!("\"{name}\": {:.3}", times.get(times.len() / 2).copied().unwrap_or_default())
        })
        .collect();
    println!("{{{}}}", shown.join(", "));
    Ok(())
}
