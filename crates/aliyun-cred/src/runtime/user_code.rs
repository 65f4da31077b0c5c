//! Calling custom code: providers and update callbacks, in whatever language.
//!
//! Invariant: it never runs on the background thread if it may block, and one function never runs twice at the same time.

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
use crate::update::{Learned, Update};

/// How long a refresh waits for an update callback.
const PATIENCE: Duration = Duration::from_secs(60);

/// What one call of a function of the user's holds until it returns, so that there is never another at the same time.
#[derive(Debug)]
pub(crate) struct Place {
    lock: PerProcess<Arc<tokio::sync::Mutex<()>>>,
    takes_turns: bool,
}

impl Place {
    /// For a provider, of which only some may be at work at once.
    pub(crate) const fn in_turn() -> Self {
        Place { lock: PerProcess::new(), takes_turns: true }
    }

    /// For what must not wait for others.
    pub(crate) const fn apart() -> Self {
        Place { lock: PerProcess::new(), takes_turns: false }
    }
}

/// Why a function of the user's gave nothing.
#[derive(Debug)]
pub(crate) enum Unanswered {
    /// Its call before has not returned.
    Busy,
    /// It was never its turn.
    Crowded,
    /// It was called, and took too long.
    Slow,
    Panicked,
    /// It could not be called.
    Failed(Error),
}

impl From<Error> for Unanswered {
    fn from(error: Error) -> Self {
        Unanswered::Failed(error)
    }
}

/// Calls a function of the user's on a thread of its own, once no other holds its `place`, and waits no longer than
/// `limit` for each. A call that has begun goes on after that.
pub(crate) async fn call_within<T: Send + 'static>(
    limit: Duration,
    place: &Place,
    function: impl FnOnce() -> T + Send + 'static,
) -> Result<T, Unanswered> {
    let driver = driver::current()?;
    let (own, takes_turns) = (driver.clone(), place.takes_turns);
    let place = Arc::clone(&**place.lock.get(Arc::default));
    // Whose call it is goes along.
    let scope = Scope::current();
    let work = async move {
        let taken = driver::within(limit, place.lock_owned()).await.ok_or(Unanswered::Busy)?;
        let turn = match takes_turns {
            true => Some(driver::within(limit, own.turn()).await.ok_or(Unanswered::Crowded)?),
            false => None,
        };
        let scope = match &turn {
            Some(turn) => scope.working(turn.0.clone()),
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

/// Runs what never blocks on the background thread, for as long as `limit` says.
pub(crate) async fn run_within<T: Send + 'static>(
    limit: Duration,
    work: impl Future<Output = T> + Send + 'static,
) -> Result<T> {
    let done = driver::current()?.run(driver::within(limit, work)).await?;
    done.ok_or_else(|| Error::new(ErrorKind::Timeout, format!("it took longer than {} s", limit.as_secs_f32())))
}

/// Runs what is not the library's own: with the program's signals, whenever it is polled.
pub(crate) async fn as_the_program<T>(work: impl Future<Output = T>) -> T {
    let mut work = pin!(work);
    poll_fn(move |context| driver::with_the_programs_signals(|| work.as_mut().poll(context))).await
}

/// Who is told what a source has learned: one update after another, and of two that wait for their turn only the newer.
#[derive(Clone)]
pub(crate) struct Listener(Arc<Told>);

struct Told {
    tell: Box<dyn Fn(&Update) + Send + Sync>,
    place: Place,
    /// What is still to be told.
    newest: PerProcess<Mutex<Option<Update>>>,
    patience: Duration,
}

impl Told {
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
        let (tell, place, newest) = (Box::new(tell), Place::apart(), PerProcess::new());
        Listener(Arc::new(Told { tell, place, newest, patience }))
    }

    /// Tells them, on a helper thread, and waits. Whatever becomes of it costs nobody the credential. A call that takes
    /// too long is followed, when it returns, by what is to be told by then.
    pub(crate) async fn tell(&self, learned: &Learned) {
        let told = self.0.clone();
        told.put(Update(learned.clone()));
        let tell = move || {
            while let Some(update) = told.take() {
                (told.tell)(&update);
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

    /// Tells of a refresh token on the background thread, and waits as long as a refresh does.
    fn tell(listener: &Listener, token: &str) {
        let learned = Learned { oauth_refresh_token: Some(token.into()), ..Learned::default() };
        let (listener, (done, over)) = (listener.clone(), mpsc::channel());
        crate::runtime::driver::current().unwrap().spawn(async move {
            listener.tell(&learned).await;
            done.send(()).unwrap();
        });
        over.recv().unwrap();
    }

    #[test]
    fn one_that_hangs_is_told_what_is_new_when_it_returns_and_never_what_is_old() {
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
    fn a_panic_in_it_costs_no_later_update() {
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
