//! Calls custom code: providers and update callbacks, in any language.
//!
//! Invariant: code that may block never runs on the background thread, and no function runs twice at the same time.

use std::fmt;
use std::future::{Future, poll_fn};
use std::pin::pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use super::call_scope::Scope;
use super::driver;
use super::per_process::PerProcess;
use crate::error::{Error, ErrorKind, Result};
use crate::text::warn;
use crate::update::{NewValues, Update};

/// How long a refresh waits for an update callback.
const PATIENCE: Duration = Duration::from_secs(60);

/// Held by a call of a custom function until it returns, so that a second call waits.
#[derive(Debug)]
pub(crate) struct Place {
    lock: PerProcess<Arc<tokio::sync::Mutex<()>>>,
    needs_slot: bool,
}

impl Place {
    /// For a provider; needs a concurrency slot.
    pub(crate) const fn with_slot() -> Self {
        Place { lock: PerProcess::new(), needs_slot: true }
    }

    /// For a callback that must not wait for a slot.
    pub(crate) const fn without_slot() -> Self {
        Place { lock: PerProcess::new(), needs_slot: false }
    }
}

/// Why a custom function returned nothing.
#[derive(Debug)]
pub(crate) enum Unanswered {
    /// The previous call has not returned.
    Busy,
    /// No concurrency slot became free.
    Crowded,
    /// The call timed out.
    Slow,
    Panicked,
    /// The function could not be called.
    Failed(Error),
}

impl From<Error> for Unanswered {
    fn from(error: Error) -> Self {
        Unanswered::Failed(error)
    }
}

/// Calls a custom function on a worker thread. Waits up to `limit` each for the previous call, for a concurrency slot
/// and for the call itself. A call that has started continues after a timeout.
pub(crate) async fn call_within<T: Send + 'static>(
    limit: Duration,
    place: &Place,
    function: impl FnOnce() -> T + Send + 'static,
) -> Result<T, Unanswered> {
    let driver = driver::current()?;
    let (own, needs_slot) = (driver.clone(), place.needs_slot);
    let place = Arc::clone(&**place.lock.get(Arc::default));
    // The worker thread continues this scope.
    let scope = Scope::current();
    let work = async move {
        let taken = driver::within(limit, place.lock_owned()).await.ok_or(Unanswered::Busy)?;
        let slot = match needs_slot {
            true => Some(driver::within(limit, own.slot()).await.ok_or(Unanswered::Crowded)?),
            false => None,
        };
        let scope = match &slot {
            Some(slot) => scope.working(slot.0.clone()),
            None => scope,
        };
        let function = move || {
            let _taken = taken;
            function()
        };
        let answer = driver::within(limit, own.call(scope, function)?).await.ok_or(Unanswered::Slow)?;
        answer.map_err(|_| Unanswered::Panicked)
    };
    driver.run(work).await?
}

/// Runs a future that never blocks on the background thread, for at most `limit`.
pub(crate) async fn run_within<T: Send + 'static>(
    limit: Duration,
    work: impl Future<Output = T> + Send + 'static,
) -> Result<T> {
    let done = driver::current()?.run(driver::within(limit, work)).await?;
    done.ok_or_else(|| Error::new(ErrorKind::Timeout, format!("it took longer than {} s", limit.as_secs_f32())))
}

/// Polls custom code with the program's signal mask.
pub(crate) async fn as_the_program<T>(work: impl Future<Output = T>) -> T {
    let mut work = pin!(work);
    poll_fn(move |context| driver::with_the_programs_signals(|| work.as_mut().poll(context))).await
}

/// The update callback. Calls never overlap; of several pending updates only the newest is delivered.
#[derive(Clone)]
pub(crate) struct Listener(Arc<Callback>);

struct Callback {
    tell: Box<dyn Fn(&Update) + Send + Sync>,
    place: Place,
    /// The update that is still to be delivered.
    newest: PerProcess<Mutex<Option<Update>>>,
    patience: Duration,
}

impl Callback {
    fn put(&self, update: Update) {
        *self.newest.get(Mutex::default).lock().unwrap_or_else(PoisonError::into_inner) = Some(update);
    }

    fn take(&self) -> Option<Update> {
        self.newest.get(Mutex::default).lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

impl Listener {
    pub(crate) fn new(tell: impl Fn(&Update) + Send + Sync + 'static) -> Self {
        Listener::patient(PATIENCE, tell)
    }

    fn patient(patience: Duration, tell: impl Fn(&Update) + Send + Sync + 'static) -> Self {
        let (tell, place, newest) = (Box::new(tell), Place::without_slot(), PerProcess::new());
        Listener(Arc::new(Callback { tell, place, newest, patience }))
    }

    /// Calls the callback on a worker thread and waits. A failure never costs the credential. A call that times out
    /// still delivers the newest pending update when it returns.
    pub(crate) async fn tell(&self, values: &NewValues) {
        let callback = self.0.clone();
        callback.put(Update(values.clone()));
        let tell = move || {
            while let Some(update) = callback.take() {
                (callback.tell)(&update);
            }
        };
        let patience = self.0.patience.as_secs_f32();
        let why = match call_within(self.0.patience, &self.0.place, tell).await {
            Ok(()) => return,
            Err(Unanswered::Busy | Unanswered::Crowded) => format!("the call before has not returned for {patience} s"),
            Err(Unanswered::Slow) => format!("it takes longer than {patience} s"),
            Err(Unanswered::Panicked) => "it panicked".to_owned(),
            Err(Unanswered::Failed(error)) => error.to_string(),
        };
        warn("update", &format!("what was learned may not have been handed over: {why}"));
    }
}

impl fmt::Debug for Listener {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Listener")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::mpsc;

    /// Delivers a refresh token from the background thread, and waits as long as a refresh does.
    fn tell(listener: &Listener, token: &str) {
        let values = NewValues { oauth_refresh_token: Some(token.into()), ..NewValues::default() };
        let (listener, (done, over)) = (listener.clone(), mpsc::channel());
        crate::runtime::driver::current().unwrap().spawn(async move {
            listener.tell(&values).await;
            done.send(()).unwrap();
        });
        over.recv().unwrap();
    }

    #[test]
    fn a_hanging_callback_gets_only_the_newest_update_when_it_returns() {
        let ((heard, hears), (go_on, wait)) = (mpsc::channel(), mpsc::channel());
        let (wait, inside) = (Mutex::new(wait), Mutex::new(()));
        let listener = Listener::patient(Duration::from_millis(20), move |update| {
            let _alone = inside.try_lock().expect("two calls at once");
            heard.send(update.refresh_token().unwrap().to_owned()).unwrap();
            wait.lock().unwrap().recv().unwrap();
        });
        while hears.try_recv().is_err() {
            tell(&listener, "first");
        }
        for token in ["second", "third"] {
            tell(&listener, token);
        }
        assert!(hears.try_recv().is_err(), "it was called while it ran");
        go_on.send(()).unwrap();
        assert_eq!(hears.recv().unwrap(), "third");
        go_on.send(()).unwrap();
        while hears.try_recv().is_err() {
            go_on.send(()).unwrap();
            tell(&listener, "fourth");
        }
    }

    #[test]
    fn a_panic_loses_no_later_update() {
        let (heard, hears) = mpsc::channel();
        let listener = Listener::new(move |update| {
            let token = update.refresh_token().unwrap().to_owned();
            heard.send(token.clone()).unwrap();
            assert_ne!(token, "first", "on purpose");
        });
        for token in ["first", "second"] {
            tell(&listener, token);
            assert_eq!(hears.recv().unwrap(), token);
        }
    }
}
