//! Which signals a thread of the library's own takes: none of the program's, whose handlers run on threads of its own; and
//! not SIGPIPE, which would end the process because a service hung up.

#[cfg(unix)]
mod unix {
    use nix::sys::signal::{SigSet, SigmaskHow, Signal};

    /// What a fault of the thread itself raises, and profilers, reach it all the same.
    const TAKEN: [Signal; 8] = [
        Signal::SIGSEGV,
        Signal::SIGBUS,
        Signal::SIGFPE,
        Signal::SIGILL,
        Signal::SIGTRAP,
        Signal::SIGABRT,
        Signal::SIGSYS,
        Signal::SIGPROF,
    ];

    /// What a thread blocks.
    #[derive(Clone, Debug)]
    pub(crate) struct Signals(Option<SigSet>);

    impl Signals {
        /// Blocks them in this thread, and gives what it blocked before.
        pub(crate) fn block() -> Self {
            let mut blocked = SigSet::all();
            TAKEN.iter().for_each(|signal| blocked.remove(*signal));
            Signals(blocked.thread_swap_mask(SigmaskHow::SIG_SETMASK).ok())
        }

        /// With SIGPIPE: for a thread that may have one waiting since a service hung up.
        pub(crate) fn with_pipe(&self) -> Self {
            let mut signals = self.clone();
            signals.0.iter_mut().for_each(|set| set.add(Signal::SIGPIPE));
            signals
        }

        /// Has this thread block what is meant, no more and no less.
        pub(crate) fn restore(&self) {
            // It fails only for a number that means nothing.
            let _ = self.0.as_ref().map(SigSet::thread_set_mask);
        }

        /// Does `work`, such as to start a process, which takes over what its thread blocks.
        pub(crate) fn during<T>(&self, work: impl FnOnce() -> T) -> T {
            /// What was blocked before is again, even if the work panics.
            struct Back(Signals);
            impl Drop for Back {
                fn drop(&mut self) {
                    self.0.restore();
                }
            }
            let _back = Back(Signals(SigSet::thread_get_mask().ok()));
            self.restore();
            work()
        }
    }
}

#[cfg(not(unix))]
mod other {
    /// There are none.
    #[derive(Clone, Debug)]
    pub(crate) struct Signals;

    impl Signals {
        pub(crate) fn block() -> Self {
            Signals
        }

        pub(crate) fn with_pipe(&self) -> Self {
            Signals
        }

        pub(crate) fn restore(&self) {}

        pub(crate) fn during<T>(&self, work: impl FnOnce() -> T) -> T {
            work()
        }
    }
}

#[cfg(not(unix))]
pub(crate) use other::Signals;
#[cfg(unix)]
pub(crate) use unix::Signals;
