//! A custom provider: a user's function that returns a credential, in any language.
//!
//! Invariant: a provider that may block never runs on the background thread, and none runs twice at the same time. Each
//! wait is capped at one minute: for the previous call, for a slot, and for the call itself.

use std::cell::RefCell;
use std::fmt;
use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use super::Fetch;
use crate::credentials::{Credentials, Freshness};
use crate::error::{Error, ErrorKind, Result};
use crate::host::Host;
use crate::runtime::call_scope::Scope;
use crate::runtime::driver::MAX_SLOTS;
use crate::runtime::user_code::{Place, Unanswered, as_the_program, call_within, run_within};

/// The time limit of one call.
const LIMIT: Duration = Duration::from_secs(60);

pub(crate) struct Custom {
    name: String,
    ask: Ask,
    limit: Duration,
    /// How often the files behind the client below had changed at the last look.
    changes: AtomicU32,
}

enum Ask {
    /// Blocks the thread that calls it.
    Blocking(Arc<dyn Fn() -> Result<Credentials> + Send + Sync>, Place),
    /// Returns a future, which never blocks.
    Future(Arc<dyn Fn() -> Fetch<'static> + Send + Sync>),
    /// Like `Future`, of another client, which has its own time limits and checks its credentials.
    Client(Below),
}

/// The client below this one. In a chain, each is freed after the one above it returns, not inside it: recursion would
/// need a stack as deep as the chain.
struct Below(Box<dyn Base>);

/// A client as seen by the one above it.
pub(crate) trait Base: Send + Sync {
    /// The credential, checked, within the client's own time limits.
    fn ask(&self) -> Fetch<'static>;

    /// See [`super::Provider::forget_files`].
    fn forget_files(&self) -> bool;

    /// See [`super::Provider::watches_files`].
    fn watches_files(&self) -> bool;

    /// Looks at the files behind it, and returns how often they have changed.
    fn reload(&self) -> u32;

    /// A base that asks the client's source anew, on this host, without touching what the client has cached.
    fn anew(&self, host: &Host) -> Box<dyn Base>;
}

/// A placeholder for a base that is being freed.
impl Base for () {
    fn ask(&self) -> Fetch<'static> {
        Box::pin(std::future::pending())
    }

    fn forget_files(&self) -> bool {
        false
    }

    fn watches_files(&self) -> bool {
        false
    }

    fn reload(&self) -> u32 {
        0
    }

    fn anew(&self, _: &Host) -> Box<dyn Base> {
        Box::new(())
    }
}

impl Drop for Below {
    fn drop(&mut self) {
        thread_local! {
            /// The bases that this thread still has to free.
            static FREED: RefCell<Option<Vec<Box<dyn Base>>>> = const { RefCell::new(None) };
        }
        /// Clears the list, even if something panics.
        struct Done;
        impl Drop for Done {
            fn drop(&mut self) {
                let _ = FREED.try_with(RefCell::take);
            }
        }
        let mut next = Some(std::mem::replace(&mut self.0, Box::new(())));
        // A thread that is ending frees recursively.
        let is_inside = FREED.try_with(|freed| match &mut *freed.borrow_mut() {
            Some(freed) => {
                freed.extend(next.take());
                true
            }
            outermost => {
                *outermost = Some(Vec::new());
                false
            }
        });
        if let Ok(false) = is_inside {
            let _done = Done;
            while let Some(below) = next {
                drop(below);
                next = FREED.try_with(|freed| freed.borrow_mut().as_mut()?.pop()).ok().flatten();
            }
        }
    }
}

impl Custom {
    pub(crate) fn blocking(name: String, ask: impl Fn() -> Result<Credentials> + Send + Sync + 'static) -> Self {
        Custom { name, ask: Ask::Blocking(Arc::new(ask), Place::with_slot()), limit: LIMIT, changes: AtomicU32::new(0) }
    }

    pub(crate) fn future<F>(name: String, ask: impl Fn() -> F + Send + Sync + 'static) -> Self
    where
        F: Future<Output = Result<Credentials>> + Send + 'static,
    {
        Custom { name, ask: Ask::Future(Arc::new(move || Box::pin(ask()))), limit: LIMIT, changes: AtomicU32::new(0) }
    }

    pub(crate) fn client(name: String, base: Box<dyn Base>) -> Self {
        let changes = AtomicU32::new(base.reload());
        Custom { name, ask: Ask::Client(Below(base)), limit: LIMIT, changes }
    }

    pub(super) fn base_anew(&self, host: &Host) -> Option<Custom> {
        match &self.ask {
            Ask::Client(Below(base)) => Some(Custom::client(self.name.clone(), base.anew(host))),
            _ => None,
        }
    }

    /// The name of the custom provider, or of the client's type.
    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    pub(super) fn forget_files(&self) -> bool {
        match &self.ask {
            Ask::Client(Below(base)) => base.forget_files(),
            _ => false,
        }
    }

    pub(super) fn watches_files(&self) -> bool {
        matches!(&self.ask, Ask::Client(Below(base)) if base.watches_files())
    }

    pub(super) fn reload(&self) -> bool {
        let Ask::Client(Below(base)) = &self.ask else { return false };
        // Another client on top of the same one, or the program itself, may have looked before.
        let changes = base.reload();
        self.changes.swap(changes, Ordering::Relaxed) != changes
    }

    pub(super) async fn fetch(&self, host: &Host) -> Result<Credentials> {
        // Continues on whichever thread does the work.
        let scope = Scope::current();
        let given = match &self.ask {
            Ask::Client(Below(base)) => return scope.run(base.ask()).await,
            Ask::Blocking(ask, place) => {
                let ask = ask.clone();
                call_within(self.limit, place, move || ask()).await
            }
            Ask::Future(ask) => {
                // Called only on the background thread, because custom code may panic.
                let ask = ask.clone();
                let work = scope.run(as_the_program(async move { ask().await }));
                run_within(self.limit, work).await.map_err(|error| match error.kind() {
                    ErrorKind::Timeout => Unanswered::Slow,
                    ErrorKind::Internal => Unanswered::Panicked,
                    _ => Unanswered::Failed(error),
                })
            }
        };
        let limit = self.limit.as_secs_f32();
        let given = given.unwrap_or_else(|unanswered| {
            let (kind, what) = match unanswered {
                Unanswered::Slow => (ErrorKind::Timeout, format!("gave no credential within {limit} s")),
                Unanswered::Busy => {
                    (ErrorKind::Timeout, format!("was not asked: its call before has not returned for {limit} s"))
                }
                Unanswered::Crowded => {
                    (ErrorKind::Timeout, format!("was not asked: {MAX_SLOTS} others have been at work for {limit} s"))
                }
                Unanswered::Panicked => (ErrorKind::Internal, "panicked".to_owned()),
                Unanswered::Failed(error) => (error.kind(), format!("was not asked: {}", error.message())),
            };
            Err(Error::new(kind, format!("the provider '{}' {what}", self.name)))
        });
        given
            .and_then(|credentials| check(&self.name, credentials, host))
            .map_err(|error| error.at_provider(self.name.clone()))
    }
}

/// Checks the answer of the custom provider called `name`. An answer without an expiration is never cached: the provider is
/// called every time, as in the official packages.
pub(crate) fn check(name: &str, credentials: Credentials, host: &Host) -> Result<Credentials> {
    let credentials = if credentials.provider_name().is_none() { credentials.named(name) } else { credentials };
    let credentials = credentials.checked(name).map_err(|why| Error::new(ErrorKind::Internal, why))?;
    match credentials.freshness() {
        Freshness::Expires { at, .. } if crate::host::wall_millis(at) <= host.now().wall => {
            let text = format!("the provider '{name}' gave a credential that has already expired");
            Err(Error::new(ErrorKind::Expired, text))
        }
        Freshness::Expires { .. } => Ok(credentials),
        Freshness::Constant | Freshness::Uncached | Freshness::Rotates { .. } => {
            Ok(credentials.with_freshness(Freshness::Uncached))
        }
    }
}

impl fmt::Debug for Custom {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Custom").field(&self.name).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wording::Surface;
    use std::sync::{Mutex, mpsc};

    const SHORT: Duration = Duration::from_millis(20);

    /// Starts a fetch on the background thread.
    fn begin(custom: &Arc<Custom>) -> mpsc::Receiver<Result<Credentials>> {
        let (custom, (tell, told)) = (custom.clone(), mpsc::channel());
        crate::runtime::driver::current().unwrap().spawn(async move {
            tell.send(custom.fetch(&Host::new(Surface::Rust)).await).unwrap();
        });
        told
    }

    /// Runs a fetch to completion.
    fn fetch(custom: Custom) -> Result<Credentials> {
        begin(&Arc::new(custom)).recv().unwrap()
    }

    fn outcome(custom: Custom) -> (ErrorKind, String) {
        let error = fetch(custom).unwrap_err();
        assert_eq!(error.provider(), Some("mine"));
        (error.kind(), error.message().to_owned())
    }

    #[test]
    fn a_provider_that_never_answers_times_out() {
        let (_keep, forever) = mpsc::channel::<()>();
        let forever = std::sync::Mutex::new(forever);
        let blocking = Custom::blocking("mine".into(), move || {
            let _ = forever.lock().unwrap().recv();
            Err(Error::from_provider(ErrorKind::Unavailable, "too late"))
        });
        let pending = Custom::future("mine".into(), std::future::pending);
        for custom in [blocking, pending] {
            let (kind, text) = outcome(Custom { limit: SHORT, ..custom });
            assert_eq!(
                (kind, text.as_str()),
                (ErrorKind::Timeout, "the provider 'mine' gave no credential within 0.02 s")
            );
        }
    }

    /// A provider that reports that it was called, and waits for a signal to return.
    fn waiting() -> (Custom, mpsc::Receiver<()>, mpsc::Sender<()>) {
        let ((enter, entered), (go_on, wait)) = (mpsc::channel(), mpsc::channel());
        let (wait, inside) = (Mutex::new(wait), Mutex::new(()));
        let custom = Custom::blocking("mine".into(), move || {
            let _alone = inside.try_lock().expect("two calls at once");
            enter.send(()).unwrap();
            // Signalled to go on, or dropped by the test.
            let _ = wait.lock().unwrap().recv();
            Ok(Credentials::from_parts("id", "s"))
        });
        (custom, entered, go_on)
    }

    #[test]
    fn a_hanging_provider_is_not_called_again_before_it_returns() {
        let (custom, entered, go_on) = waiting();
        let custom = Arc::new(Custom { limit: SHORT, ..custom });
        let given_up = || assert_eq!(begin(&custom).recv().unwrap().unwrap_err().kind(), ErrorKind::Timeout);
        while entered.try_recv().is_err() {
            given_up();
        }
        (0..3).for_each(|_| given_up());
        assert!(entered.try_recv().is_err(), "it was entered twice");
        // It returns, and is called again; noticing that may take more than one attempt.
        go_on.send(()).unwrap();
        go_on.send(()).unwrap();
        while begin(&custom).recv().unwrap().is_err() {}
    }

    #[test]
    fn hanging_providers_free_their_slots() {
        let hanging: Vec<_> = (0..6).map(|_| waiting()).collect();
        let (customs, waits): (Vec<_>, Vec<_>) = hanging
            .into_iter()
            .map(|(custom, entered, go_on)| (Arc::new(Custom { limit: SHORT, ..custom }), (entered, go_on)))
            .unzip();
        // As many as can run at once; each that times out frees a slot for the next.
        for told in customs.iter().map(begin).collect::<Vec<_>>() {
            assert_eq!(told.recv().unwrap().unwrap_err().kind(), ErrorKind::Timeout);
        }
        let (own, owned) = mpsc::channel();
        crate::runtime::driver::current().unwrap().spawn(async move {
            own.send(Host::new(Surface::Rust).block(|| 7).await).unwrap();
        });
        assert_eq!(owned.recv().unwrap().unwrap(), 7, "the library's own work waits");
        assert!(fetch(Custom::blocking("mine".into(), || Ok(Credentials::from_parts("id", "s")))).is_ok());
        drop(waits);
    }

    #[test]
    fn nested_providers_release_their_slots() {
        const MANY: usize = 8;
        let all_here = Arc::new(std::sync::Barrier::new(4));
        let fetches: Vec<_> = (0..MANY)
            .map(|_| {
                let inner = crate::Client::from_blocking("inner", || Ok(Credentials::from_parts("id", "s")));
                let all_here = all_here.clone();
                begin(&Arc::new(Custom::blocking("mine".into(), move || {
                    // Every slot is taken: none of the inner ones could start now.
                    all_here.wait();
                    inner.credentials_blocking().map(|given| (*given).clone())
                })))
            })
            .collect();
        for told in fetches {
            assert_eq!(told.recv().unwrap().unwrap().provider_name(), Some("inner"));
        }
    }

    #[test]
    fn panics_and_incomplete_credentials_are_errors() {
        let panicking = || -> Result<Credentials> { panic!("canary") };
        let text = "the provider 'mine' panicked".to_owned();
        assert_eq!(outcome(Custom::blocking("mine".into(), panicking)), (ErrorKind::Internal, text.clone()));
        let future = Custom::future("mine".into(), move || async move { panicking() });
        assert_eq!(outcome(future), (ErrorKind::Internal, text));
        let incomplete = "the provider 'mine' gave a credential without AccessKey ID or secret";
        for (id, secret, expected) in [
            ("", "s", incomplete),
            ("id", "", incomplete),
            ("id", " ", incomplete),
            ("i\0d", "s", "the AccessKey ID of the provider 'mine' contains a control character"),
            ("id", "s\r\nX: y", "the AccessKey secret of the provider 'mine' contains a control character"),
        ] {
            let (kind, text) =
                outcome(Custom::blocking("mine".into(), move || Ok(Credentials::from_parts(id, secret))));
            assert_eq!((kind, text.as_str()), (ErrorKind::Internal, expected));
        }
        let padded = fetch(Custom::blocking("mine".into(), || Ok(Credentials::from_parts(" id\n", "s ")))).unwrap();
        assert_eq!((padded.access_key_id(), padded.access_key_secret()), (Some("id"), Some("s")));
        let past = std::time::UNIX_EPOCH + Duration::from_secs(1);
        let expired = move || Ok(Credentials::from_parts("id", "s").with_expiration(past));
        assert_eq!(outcome(Custom::blocking("mine".into(), expired)).0, ErrorKind::Expired);
    }

    #[test]
    fn credentials_are_named_and_not_cached() {
        let given = fetch(Custom::blocking("mine".into(), || Ok(Credentials::from_parts("id", "s")))).unwrap();
        assert_eq!((given.provider_name(), given.freshness()), (Some("mine"), Freshness::Uncached));
        let named = || Ok(Credentials::from_parts("id", "s").with_provider_name("vault"));
        assert_eq!(fetch(Custom::blocking("mine".into(), named)).unwrap().provider_name(), Some("vault"));
        let later = std::time::SystemTime::UNIX_EPOCH + Duration::from_secs(1 << 36);
        let expiring = move || Ok(Credentials::from_parts("id", "s").with_expiration(later));
        assert_eq!(fetch(Custom::blocking("mine".into(), expiring)).unwrap().expiration(), Some(later));
    }
}
