//! Per-process values. A forked child gets fresh ones, because an inherited lock may be held by a thread that does not
//! exist there.
//!
//! Invariant: a child neither waits for nor drops a value that its parent was using.

use std::convert::Infallible;
use std::ops::Deref;
use std::sync::Arc;

use arc_swap::ArcSwapOption;

/// A value that each process creates for itself on first use.
#[derive(Debug)]
pub struct PerProcess<T>(ArcSwapOption<Own<T>>);

/// The value, for as long as it is in use.
#[derive(Debug)]
pub struct Own<T> {
    process: u32,
    value: T,
}

impl<T> PerProcess<T> {
    /// Creates an empty slot.
    pub const fn new() -> Self {
        PerProcess(ArcSwapOption::const_empty())
    }

    /// This process's value. If there is none, `make` creates it; if several threads do so at once, one value is kept.
    pub fn get(&self, mut make: impl FnMut() -> T) -> Arc<Own<T>> {
        match self.try_get(|| Ok::<_, Infallible>(make())) {
            Ok(own) => own,
            Err(never) => match never {},
        }
    }

    /// Like [`PerProcess::get`], with a `make` that may fail.
    ///
    /// # Errors
    /// The error of `make`.
    pub fn try_get<E>(&self, mut make: impl FnMut() -> Result<T, E>) -> Result<Arc<Own<T>>, E> {
        loop {
            let found = self.0.load_full();
            match found {
                Some(own) if own.process == std::process::id() => return Ok(own),
                _ => {}
            }
            let made = Arc::new(Own { process: std::process::id(), value: make()? });
            let previous = self.0.compare_and_swap(&found, Some(made.clone()));
            let won = match (&*previous, &found) {
                (None, None) => true,
                (Some(previous), Some(found)) => Arc::ptr_eq(previous, found),
                _ => false,
            };
            if won {
                // Leak the parent's value: a thread that does not exist here may have been using it.
                std::mem::forget(found);
                return Ok(made);
            }
        }
    }
}

#[cfg(test)]
impl<T> PerProcess<T> {
    /// Puts a parent's value in place, as after a fork.
    pub(crate) fn forked(&self, value: T) {
        self.0.store(Some(Arc::new(Own { process: 0, value })));
    }
}

impl<T> Default for PerProcess<T> {
    fn default() -> Self {
        PerProcess::new()
    }
}

impl<T> Deref for Own<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.value
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_created_once_and_again_in_a_child() {
        let value = PerProcess::new();
        let failed: Result<_, &str> = value.try_get(|| Err("not now"));
        assert_eq!(failed.unwrap_err(), "not now");
        assert_eq!(**value.get(|| 1), 1);
        assert_eq!(**value.get(|| 2), 1);
        value.forked(3);
        assert_eq!(**value.get(|| 4), 4);
        assert_eq!(**value.get(|| 5), 4);
    }

    #[test]
    fn concurrent_creation_keeps_one_value() {
        let value = PerProcess::new();
        let inner = value.get(|| {
            // As another thread would at the same time.
            value.get(|| 1);
            2
        });
        assert_eq!(**inner, 1);
    }
}

/// Checks every interleaving of threads that need the first value of a process at once, such as its driver:
/// `cargo test -p aliyun-cred --features model-check`.
#[cfg(all(test, feature = "model-check"))]
mod model {
    use super::*;
    use shuttle::sync::atomic::{AtomicUsize, Ordering};
    use shuttle::thread;

    const THREADS: usize = 4;

    /// Counts what is made and dropped.
    struct Counted {
        number: usize,
        drops: Arc<AtomicUsize>,
    }

    impl Drop for Counted {
        fn drop(&mut self) {
            self.drops.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// What each of the threads gets from a slot that may hold the value of a parent, and how many were made and dropped.
    fn race(is_forked: bool, failing: usize) {
        let (made, drops) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
        let counted = |number| Counted { number, drops: drops.clone() };
        let value = Arc::new(PerProcess::new());
        if is_forked {
            value.forked(counted(usize::MAX));
        }
        let threads: Vec<_> = (0..THREADS)
            .map(|_| {
                let (value, made, drops) = (value.clone(), made.clone(), drops.clone());
                thread::spawn(move || {
                    let make = || {
                        // Others come meanwhile.
                        thread::yield_now();
                        let number = made.fetch_add(1, Ordering::Relaxed);
                        thread::yield_now();
                        if number < failing { Err("failed") } else { Ok(Counted { number, drops: drops.clone() }) }
                    };
                    let own = value.try_get(make).ok()?;
                    assert_ne!(own.number, usize::MAX, "the parent's value was used");
                    Some(own.number)
                })
            })
            .collect();
        let got: Vec<_> = threads.into_iter().map(|thread| thread.join().unwrap()).collect();
        assert!(got.iter().filter(|number| number.is_none()).count() <= failing);
        let mut got: Vec<_> = got.into_iter().flatten().collect();
        got.dedup();
        assert_eq!(got.len(), 1, "every thread has the same value");
        // All but the one that is kept; the parent's is neither dropped nor kept.
        let succeeded = made.load(Ordering::Relaxed) - failing;
        assert_eq!(drops.load(Ordering::Relaxed), succeeded - 1);
    }

    fn check(is_forked: bool, failing: usize) {
        shuttle::check_random(move || race(is_forked, failing), 2_000);
    }

    #[test]
    fn one_value_is_kept() {
        check(false, 0);
    }

    #[test]
    fn a_forked_child_leaves_its_parents_value_alone() {
        check(true, 0);
    }

    #[test]
    fn a_failure_is_the_failing_threads_alone() {
        check(false, 2);
    }
}
