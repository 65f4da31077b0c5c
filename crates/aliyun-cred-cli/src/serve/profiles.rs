//! What is served: one client per profile, so that everyone shares its refreshes.
//!
//! Invariant: reading the configuration again never takes away a credential that is served.

use std::fmt::Write as _;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::SystemTime;

use aliyun_cred::{Client, Event, EventKind, binding};

use crate::arguments::Origin;
use crate::client;
use crate::failure::Failure;

use super::reply;
use super::say;

/// The name of what is served when no profile is named.
const DEFAULT: &str = "default";

/// The profiles that are served; the first is for requests that name none.
pub(crate) struct Profiles {
    names: Vec<String>,
    origin: Origin,
    counts: Vec<Arc<Counts>>,
    clients: RwLock<Arc<[Client]>>,
}

/// What happened to a profile's credential since the server started.
#[derive(Default)]
struct Counts {
    refreshed: AtomicU64,
    failed: AtomicU64,
}

impl Counts {
    /// Counts an event, and says why a refresh failed.
    fn note(&self, event: &Event, profile: &str) {
        match event.kind {
            EventKind::Refreshed => _ = self.refreshed.fetch_add(1, Relaxed),
            EventKind::RefreshFailed => {
                self.failed.fetch_add(1, Relaxed);
                if let Some(error) = &event.error {
                    say(&format!("profile {profile}: {error}"));
                }
            }
            _ => {}
        }
    }
}

impl Profiles {
    /// Creates the clients. Checks that the profiles exist; nobody is asked yet.
    pub(crate) fn new(names: Vec<String>, origin: Origin) -> Result<Self, Failure> {
        check_names(&names)?;
        let counts = (0..names.len().max(1)).map(|_| Arc::default()).collect();
        let profiles = Profiles { names, origin, counts, clients: RwLock::new(Arc::default()) };
        profiles.serve(profiles.build()?);
        Ok(profiles)
    }

    /// One credential, whatever it comes from.
    #[cfg(any(test, feature = "fuzzing"))]
    pub(super) fn of(client: Client) -> Self {
        let clients = RwLock::new(Arc::from([client]));
        Profiles { names: Vec::new(), origin: Origin::default(), counts: vec![Arc::default()], clients }
    }

    /// Reads the configuration again, and replaces the clients whose new ones get a credential.
    pub(crate) async fn reload(&self) -> Result<(), Failure> {
        let mut clients = self.build()?;
        let current = self.clients();
        let mut failed = Ok(());
        for ((client, current), name) in clients.iter_mut().zip(&*current).zip(self.names()) {
            if let Err((_, failure)) = reply::session(client).await {
                failed = Err(Failure::new(format!("profile {name}: {}", failure.text())));
                *client = current.clone();
            }
        }
        self.serve(clients);
        failed
    }

    fn build(&self) -> Result<Vec<Client>, Failure> {
        let named: Vec<Option<&str>> = match self.names.as_slice() {
            [] => vec![None],
            names => names.iter().map(|name| Some(name.as_str())).collect(),
        };
        named.into_iter().map(|name| client::of_profile(name, &self.origin)).collect()
    }

    /// Serves these from now on, and counts what happens to them.
    fn serve(&self, clients: Vec<Client>) {
        for ((client, name), counts) in clients.iter().zip(self.names()).zip(&self.counts) {
            let (name, counts) = (name.to_owned(), Arc::clone(counts));
            binding::set_event_listener(client, Some(move |event: &Event| counts.note(event, &name)));
        }
        *self.clients.write().unwrap_or_else(PoisonError::into_inner) = clients.into();
    }

    /// The client of a profile, or of the first.
    pub(crate) fn client(&self, name: Option<&str>) -> Option<Client> {
        let index = match name {
            None => 0,
            Some(name) => self.names().position(|known| known == name)?,
        };
        self.clients().get(index).cloned()
    }

    /// The names that requests may use.
    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        let default = self.names.is_empty().then_some(DEFAULT);
        default.into_iter().chain(self.names.iter().map(String::as_str))
    }

    /// Whether no profile is without a credential because of a failure.
    pub(crate) fn are_healthy(&self) -> bool {
        self.clients().iter().map(Client::status).all(|status| status.has_credentials || status.failures == 0)
    }

    /// The state of each profile as Prometheus reads it.
    pub(crate) fn metrics(&self, text: &mut String) {
        let clients = self.clients();
        let statuses: Vec<_> = clients.iter().map(Client::status).collect();
        let rows = || self.names().zip(&statuses).zip(&self.counts);
        let mut family = |name: &str, kind: &str, help: &str, values: Vec<(&str, String)>| {
            // Writing to a string cannot fail.
            let _ = writeln!(text, "# HELP {name} {help}\n# TYPE {name} {kind}");
            for (profile, value) in values {
                let profile = profile.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n");
                let _ = writeln!(text, "{name}{{profile=\"{profile}\"}} {value}");
            }
        };
        let left = |status: &aliyun_cred::Status| match (status.has_credentials, status.expiration) {
            (false, _) => "NaN".to_owned(),
            (true, None) => "+Inf".to_owned(),
            (true, Some(end)) => match end.duration_since(SystemTime::now()) {
                Ok(left) => format!("{:.0}", left.as_secs_f64()),
                Err(past) => format!("-{:.0}", past.duration().as_secs_f64()),
            },
        };
        family(
            "aliyun_cred_seconds_until_expiry",
            "gauge",
            "Seconds until the credential expires; +Inf if it never does, NaN if there is none",
            rows().map(|((name, status), _)| (name, left(status))).collect(),
        );
        family(
            "aliyun_cred_failures",
            "gauge",
            "Attempts in a row that failed to fetch a credential",
            rows().map(|((name, status), _)| (name, status.failures.to_string())).collect(),
        );
        family(
            "aliyun_cred_refreshes_total",
            "counter",
            "Credentials fetched",
            rows().map(|((name, _), counts)| (name, counts.refreshed.load(Relaxed).to_string())).collect(),
        );
        family(
            "aliyun_cred_refresh_failures_total",
            "counter",
            "Attempts that failed to fetch a credential",
            rows().map(|((name, _), counts)| (name, counts.failed.load(Relaxed).to_string())).collect(),
        );
    }

    fn clients(&self) -> Arc<[Client]> {
        Arc::clone(&self.clients.read().unwrap_or_else(PoisonError::into_inner))
    }
}

/// Whether the CLI's configuration file has the profiles.
fn check_names(names: &[String]) -> Result<(), Failure> {
    if names.is_empty() {
        return Ok(());
    }
    let Some(file) = binding::profile_files()?.into_iter().next() else {
        return Err(Failure::new("there is no home directory with a configuration file"));
    };
    let listed = file.profiles?;
    match names.iter().find(|name| listed.iter().all(|profile| profile.name != **name)) {
        None => Ok(()),
        Some(name) => {
            let known: Vec<_> = listed.iter().map(|profile| profile.name.as_str()).collect();
            let (path, known) = (binding::shown_path(&file.path), known.join(", "));
            Err(Failure::new(format!("there is no profile {name} in {path}, which has: {known}")))
        }
    }
}
