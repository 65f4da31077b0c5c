//! What each process has one of, a forked child another than its parent: locks, which a thread that the child does not
//! have may hold, and threads.
//!
//! Invariant: a child never waits for, nor drops, what its parent was using.

use std::convert::Infallible;
use std::ops::Deref;
use std::sync::Arc;

use arc_swap::ArcSwapOption;

/// A value of this process's own, made when it is first wanted.
#[derive(Debug)]
pub struct PerProcess<T>(ArcSwapOption<Own<T>>);

/// The value, for as long as it is in use.
#[derive(Debug)]
pub struct Own<T> {
    process: u32,
    value: T,
}

impl<T> PerProcess<T> {
    /// With nothing in it.
    pub const fn new() -> Self {
        PerProcess(ArcSwapOption::const_empty())
    }

    /// This process's value. If there is none, `make` makes one, and of several made at once one stays.
    pub fn get(&self, mut make: impl FnMut() -> T) -> Arc<Own<T>> {
        match self.try_get(|| Ok::<_, Infallible>(make())) {
            Ok(own) => own,
            Err(never) => match never {},
        }
    }

    /// As [`PerProcess::get`], of what may be impossible to make.
    ///
    /// # Errors
    /// What `make` says.
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
                // The parent's stays as it is for ever, with whatever a thread that is not here was doing to it.
                std::mem::forget(found);
                return Ok(made);
            }
        }
    }
}

#[cfg(test)]
impl<T> PerProcess<T> {
    /// As a forked child finds it: with a value that is its parent's.
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
    fn it_is_made_once_and_again_for_a_child() {
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
    fn of_several_made_at_once_one_stays() {
        let value = PerProcess::new();
        let inner = value.get(|| {
            // As another thread would, meanwhile.
            value.get(|| 1);
            2
        });
        assert_eq!(**inner, 1);
    }
}
