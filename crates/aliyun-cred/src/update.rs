//! What a source has learned and somebody may want to keep: rotated tokens, a credential that was issued.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use crate::credentials::Secret;
use crate::host::{Host, Place, Unanswered};
use crate::per_process::PerProcess;
use crate::profile::Learned;

/// How long a refresh waits for whoever is told.
const PATIENCE: Duration = Duration::from_secs(60);

/// What an OAuth session or an external command has learned; see [`ClientBuilder::on_update`](crate::ClientBuilder::on_update).
///
/// `Debug` shows nothing of it.
#[derive(Clone)]
pub struct Update(Learned);

impl Update {
    /// The AccessKey ID; `None` if no credential has been issued yet.
    pub fn access_key_id(&self) -> Option<&str> {
        self.0.access_key_id.as_deref()
    }

    /// The AccessKey secret; `None` if no credential has been issued yet.
    pub fn access_key_secret(&self) -> Option<&str> {
        self.0.access_key_secret.as_ref().map(Secret::expose)
    }

    /// The security token; `None` for a long-lived pair, or if no credential has been issued yet.
    pub fn security_token(&self) -> Option<&str> {
        self.0.sts_token.as_ref().map(Secret::expose).filter(|token| !token.is_empty())
    }

    /// When the credential expires, in seconds since the Unix epoch; `None` if nobody said so.
    pub fn expiration(&self) -> Option<i64> {
        self.0.sts_expiration.filter(|seconds| *seconds > 0)
    }

    /// The OAuth refresh token; whatever was used before is no longer good.
    pub fn refresh_token(&self) -> Option<&str> {
        self.0.oauth_refresh_token.as_ref().map(Secret::expose)
    }

    /// The OAuth access token.
    pub fn access_token(&self) -> Option<&str> {
        self.0.oauth_access_token.as_ref().map(Secret::expose)
    }

    /// When the access token expires, in seconds since the Unix epoch.
    pub fn access_token_expire(&self) -> Option<i64> {
        self.0.oauth_access_token_expire
    }
}

impl fmt::Debug for Update {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Update")
    }
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
    pub(crate) async fn tell(&self, host: &Host, learned: &Learned) {
        let told = self.0.clone();
        told.put(Update(learned.clone()));
        let tell = move || {
            while let Some(update) = told.take() {
                (told.tell)(&update);
            }
        };
        let patience = self.0.patience.as_secs_f32();
        let why = match host.call_within(self.0.patience, &self.0.place, tell).await {
            Ok(()) => return,
            Err(Unanswered::Busy | Unanswered::Crowded) => format!("the call before has not returned for {patience} s"),
            Err(Unanswered::Slow) => format!("it takes longer than {patience} s"),
            Err(Unanswered::Panicked) => "it panicked".to_owned(),
            Err(Unanswered::Failed(error)) => error.to_string(),
        };
        log::warn!(target: "aliyun_cred", "what was learned may not have been handed over: {why}");
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
    use crate::surface::Surface;
    use std::sync::mpsc;

    /// Tells of a refresh token on the background thread, and waits as long as a refresh does.
    fn tell(listener: &Listener, token: &str) {
        let learned = Learned { oauth_refresh_token: Some(token.into()), ..Learned::default() };
        let (listener, (done, over)) = (listener.clone(), mpsc::channel());
        crate::driver::current().unwrap().spawn(async move {
            listener.tell(&Host::new(Surface::Rust), &learned).await;
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
