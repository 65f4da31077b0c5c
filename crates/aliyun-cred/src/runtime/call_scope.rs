//! What a piece of work is part of: the clients that it is done for, one on behalf of another, so that a provider of the
//! user's own which asks the client that is asking it gets an error instead of waiting for itself; and the turns of such
//! providers, which are over when one of them waits for another.
//!
//! Invariant: the scope of a thread is that of the work that runs on it at this moment, and of nothing else. A thread
//! whose locals are gone, as when the program ends, is in none.

use std::cell::RefCell;
use std::future::{Future, poll_fn};
use std::pin::pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::OwnedSemaphorePermit;

/// A client's number in this process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Id(u64);

impl Id {
    pub(crate) fn next() -> Self {
        static LAST: AtomicU64 = AtomicU64::new(0);
        Id(LAST.fetch_add(1, Ordering::Relaxed))
    }
}

/// What is going on, the innermost first.
#[derive(Clone, Debug, Default)]
pub struct Scope(Option<Arc<Link>>);

#[derive(Debug)]
struct Link {
    /// A child that is forked in the middle of it is not part of it.
    process: u32,
    what: What,
    outer: Scope,
}

#[derive(Debug)]
enum What {
    /// A client is being asked.
    Asking(Id),
    /// A function of the user's has its turn.
    Working(Arc<Turn>),
}

/// One of the places at which providers of the user's own are at work.
#[derive(Debug)]
pub(crate) struct Turn {
    process: u32,
    permit: Mutex<Option<OwnedSemaphorePermit>>,
}

impl Turn {
    /// Lets another have it.
    pub(crate) fn end(&self) {
        // A function that forks takes its turn along into the child, where it is nobody's.
        if self.process == std::process::id() {
            drop(self.permit.lock().unwrap_or_else(PoisonError::into_inner).take());
        }
    }
}

/// A turn that ends when this is dropped.
#[derive(Debug)]
pub(crate) struct TakenTurn(pub(crate) Arc<Turn>);

impl TakenTurn {
    pub(super) fn new(permit: Option<OwnedSemaphorePermit>) -> Self {
        TakenTurn(Arc::new(Turn { process: std::process::id(), permit: Mutex::new(permit) }))
    }
}

impl Drop for TakenTurn {
    fn drop(&mut self) {
        self.0.end();
    }
}

thread_local! {
    static CURRENT: RefCell<Scope> = const { RefCell::new(Scope(None)) };
}

impl Scope {
    /// That of what this thread is doing.
    pub fn current() -> Self {
        let scope = CURRENT.try_with(|current| current.borrow().clone()).unwrap_or_default();
        if scope.0.as_ref().is_some_and(|link| link.process != std::process::id()) { Scope::default() } else { scope }
    }

    /// Makes it that of this thread until the thread ends: for a language whose functions run on threads of its own.
    pub fn adopt(self) {
        self.replace();
    }

    /// With one more client being asked.
    pub(crate) fn asking(self, id: Id) -> Self {
        self.with(What::Asking(id))
    }

    /// With a function of the user's having its turn.
    pub(crate) fn working(self, turn: Arc<Turn>) -> Self {
        self.with(What::Working(turn))
    }

    pub(crate) fn asks(&self, id: Id) -> bool {
        self.links().any(|what| matches!(what, What::Asking(asked) if *asked == id))
    }

    /// Lets others have the turns of all who are waiting here.
    pub(crate) fn end_turns(&self) {
        for what in self.links() {
            if let What::Working(turn) = what {
                turn.end();
            }
        }
    }

    /// Whether so many clients ask one another that there may be little left of the stack.
    pub(crate) fn is_deep(&self) -> bool {
        const DEEP: usize = 8;
        self.links().nth(DEEP).is_some()
    }

    fn with(self, what: What) -> Self {
        Scope(Some(Arc::new(Link { process: std::process::id(), what, outer: self })))
    }

    fn links(&self) -> impl Iterator<Item = &What> {
        let links = std::iter::successors(self.0.as_deref(), |link| link.outer.0.as_deref());
        links.map(|link| &link.what)
    }

    /// Makes it that of this thread, and gives the one before.
    fn replace(self) -> Self {
        let mut scope = self;
        let _ = CURRENT.try_with(|current| std::mem::swap(&mut *current.borrow_mut(), &mut scope));
        scope
    }

    /// Does `work` in this scope.
    pub(crate) fn enter<T>(&self, work: impl FnOnce() -> T) -> T {
        /// Puts back what was there, even if the work panics.
        struct Leave(Scope);
        impl Drop for Leave {
            fn drop(&mut self) {
                std::mem::take(&mut self.0).replace();
            }
        }
        let _leave = Leave(self.clone().replace());
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
