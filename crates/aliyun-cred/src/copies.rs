//! One value in several copies, each with a count of references of its own: threads that take and give back references
//! at the same time would else hand one count from processor to processor, which costs more than all the rest.
//!
//! Invariants: what one thread uses exists once; a copy lives as long as the value; nobody waits for a copy, for a forked
//! child might wait for a thread that it does not have.

use std::cell::Cell;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use once_cell::race::OnceBox;

/// How many copies there are at most beside the first. More threads than that share them.
const MORE: usize = 15;

#[derive(Debug)]
pub(crate) struct Copies<T> {
    first: Arc<T>,
    more: OnceBox<[OnceBox<Arc<T>>; MORE]>,
}

impl<T: Clone> Copies<T> {
    pub(crate) fn new(first: Arc<T>) -> Self {
        Copies { first, more: OnceBox::new() }
    }

    /// The one that was there from the beginning.
    pub(crate) fn first(&self) -> &Arc<T> {
        &self.first
    }

    /// This thread's.
    pub(crate) fn own(&self) -> &Arc<T> {
        let Some(number) = thread_number().checked_sub(1) else { return &self.first };
        let more = self.more.get_or_init(|| Box::new([const { OnceBox::new() }; MORE]));
        let copy = || Box::new(Arc::new(T::clone(&self.first)));
        more.get(number).map_or(&self.first, |own| own.get_or_init(copy))
    }
}

/// From 0 to `MORE`, in turn for each thread that asks.
fn thread_number() -> usize {
    static THREADS: AtomicUsize = AtomicUsize::new(0);
    thread_local! {
        static NUMBER: Cell<Option<usize>> = const { Cell::new(None) };
    }
    NUMBER.get().unwrap_or_else(|| {
        let number = THREADS.fetch_add(1, Ordering::Relaxed) % (MORE + 1);
        NUMBER.set(Some(number));
        number
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_thread_has_the_same_copy_every_time_and_few_threads_share_one() {
        let copies = Arc::new(Copies::new(Arc::new("credential".to_owned())));
        let own = || copies.own().clone();
        let (here, there) = (own(), std::thread::scope(|scope| scope.spawn(own).join().unwrap()));
        assert!(*here == *there && !Arc::ptr_eq(&here, &there));
        assert!(Arc::ptr_eq(&here, &own()));
        let many: Vec<_> = std::thread::scope(|scope| {
            let threads: Vec<_> = (0..4 * MORE).map(|_| scope.spawn(own)).collect();
            threads.into_iter().map(|thread| thread.join().unwrap()).collect()
        });
        let mut places: Vec<_> = many.iter().map(Arc::as_ptr).collect();
        places.sort_unstable();
        places.dedup();
        assert_eq!(places.len(), MORE + 1);
        let weak = Arc::downgrade(&there);
        drop((here, there, many, copies));
        assert!(weak.upgrade().is_none(), "a copy outlives the value");
    }
}
