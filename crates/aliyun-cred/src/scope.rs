//! Which clients a piece of work is done for, one on behalf of another, so that a provider of the user's own which asks
//! the client that is asking it gets an error instead of waiting for itself.
//!
//! Invariant: the scope of a thread is that of the work that runs on it at this moment, and of nothing else.

use std::cell::RefCell;
use std::future::{Future, poll_fn};
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// A client's number in this process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Id(u64);

impl Id {
    pub(crate) fn next() -> Self {
        static LAST: AtomicU64 = AtomicU64::new(0);
        Id(LAST.fetch_add(1, Ordering::Relaxed))
    }
}

/// The clients that are being asked, the innermost first.
#[derive(Clone, Debug, Default)]
pub struct Scope(Option<Arc<Link>>);

#[derive(Debug)]
struct Link {
    id: Id,
    outer: Scope,
}

thread_local! {
    static CURRENT: RefCell<Scope> = const { RefCell::new(Scope(None)) };
}

impl Scope {
    /// That of what this thread is doing.
    pub fn current() -> Self {
        CURRENT.with_borrow(Clone::clone)
    }

    /// Makes it that of this thread until the thread ends: for a language whose functions run on threads of its own.
    pub fn adopt(self) {
        CURRENT.set(self);
    }

    /// With one more client being asked.
    pub(crate) fn asking(self, id: Id) -> Self {
        Scope(Some(Arc::new(Link { id, outer: self })))
    }

    pub(crate) fn asks(&self, id: Id) -> bool {
        let mut scope = self;
        while let Scope(Some(link)) = scope {
            if link.id == id {
                return true;
            }
            scope = &link.outer;
        }
        false
    }

    /// Does `work` in this scope.
    pub(crate) fn enter<T>(&self, work: impl FnOnce() -> T) -> T {
        /// Puts back what was there, even if the work panics.
        struct Leave(Scope);
        impl Drop for Leave {
            fn drop(&mut self) {
                CURRENT.set(std::mem::take(&mut self.0));
            }
        }
        let _leave = Leave(CURRENT.replace(self.clone()));
        work()
    }

    /// Runs `work` in this scope, whichever threads poll it.
    pub(crate) async fn run<T>(self, work: impl Future<Output = T>) -> T {
        let mut work = pin!(work);
        poll_fn(move |context| self.enter(|| work.as_mut().poll(context))).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scope_ends_with_its_work() {
        let (outer, inner, other) = (Id::next(), Id::next(), Id::next());
        let scope = Scope::default().asking(outer).asking(inner);
        scope.enter(|| {
            let here = Scope::current();
            assert!(here.asks(outer) && here.asks(inner) && !here.asks(other));
            Scope::default().enter(|| assert!(!Scope::current().asks(outer)));
            let here = here.clone();
            let adopted = std::thread::spawn(move || {
                here.adopt();
                Scope::current().asks(outer)
            });
            assert!(adopted.join().unwrap());
            assert!(Scope::current().asks(outer));
        });
        assert!(!Scope::current().asks(outer));
        let panicked = std::panic::catch_unwind(|| scope.enter(|| panic!("on purpose")));
        assert!(panicked.is_err() && !Scope::current().asks(outer));
    }
}
