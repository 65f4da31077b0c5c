//! The part of this crate that language bindings use besides its public API.
//!
//! A binding only translates types: defaults, checks and retries belong in the core, so that every language has them.
//! Nothing here is covered by semantic versioning.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use crate::builder::ClientBuilder;
use crate::client::Client;
use crate::config::{Config, IGNORED_OPTIONS, OptionValue};
use crate::credentials::Credentials;
use crate::error::{Error, Result};
use crate::event::Event;
use crate::explain::Explain;
use crate::host::Host;
use crate::protocol::sts::{DEFAULT_HOST, Sts};
use crate::provider::{CliProfile, IniProfile, shared_session};
use crate::report::Report;
use crate::runtime::driver;
use crate::runtime::event_queue::EventQueue;
use crate::status::{Refresh, Status};

pub use crate::credentials::Field;
pub use crate::host::{assign_variable, millis, unix_seconds, wall_millis as millis_since_epoch};
pub use crate::profile::{ListedProfile, ProfileFile};
pub use crate::protocol::sts::CallerIdentity;
pub use crate::provider::shared_session::ListedSession;
pub use crate::runtime::call_scope::Scope;
pub use crate::runtime::per_process::PerProcess;
pub use crate::wording::Surface;

/// A builder for the given language.
pub fn builder(surface: Surface) -> ClientBuilder {
    Client::builder().surface(surface)
}

/// Makes panics on every thread of this library go to the log instead of the program's standard error. Logs where a
/// panic occurred but not its message, which has not been checked for secrets. The hook belongs to this library's own
/// copy of the standard library.
#[cold]
pub fn log_panics() {
    std::panic::set_hook(Box::new(|info| {
        let (file, line) = info.location().map_or(("an unknown place", 0), |place| (place.file(), place.line()));
        log::error!(target: "aliyun_cred", "a fault inside aliyun_cred at {file}:{line}; please report it as a bug");
    }));
}

/// Panics, at its caller's place, if `ALIYUN_CRED_INJECT_PANIC` is set. Bindings that are built with their feature
/// `inject-panic` call this where code of the core begins, for tests of what a panic does.
///
/// # Panics
/// See above.
#[track_caller]
pub fn inject_panic() {
    #[allow(clippy::disallowed_methods, reason = "not configuration, and only in test builds")]
    let wanted = std::env::var_os("ALIYUN_CRED_INJECT_PANIC").is_some();
    assert!(!wanted, "canary");
}

/// The names of the options that Python and Node accept: those of [`Config`], and those that they ignore.
pub fn options() -> impl Iterator<Item = &'static str> {
    Config::options().chain(IGNORED_OPTIONS.iter().copied())
}

/// Sets an option for a language that accepts options of the official packages that have no effect: these are checked
/// like the others, and ignored.
///
/// # Errors
/// As [`Config::set`].
pub fn set_option(config: &mut Config, key: &str, value: OptionValue) -> Result<()> {
    crate::config::set_or_ignore(config, key, value)
}

/// The cached credential if it is fresh, and how long it can be reused without asking again: [`Duration::MAX`] for one
/// that never changes. For bindings that keep a copy because calling into the core costs more than the check.
/// Credentials of sources that must be asked at every call are never cached and never returned here.
pub fn cached_for(client: &Client) -> Option<(Arc<Credentials>, Duration)> {
    client.cache().fresh_for()
}

/// Returns the current credential, blocking this thread for at most `limit`, for languages whose users can interrupt a
/// wait: `interrupted` is called on this thread ten times a second.
///
/// # Errors
/// As [`Client::credentials_within`], and [`Cancelled`](crate::ErrorKind::Cancelled) once `interrupted` returns true;
/// the refresh continues.
pub fn credentials_unless(
    client: &Client,
    limit: Option<Duration>,
    interrupted: impl FnMut() -> bool,
) -> Result<Arc<Credentials>> {
    crate::client::credentials_unless(client, limit, interrupted)
}

/// Sets the event listener of a client that exists, or removes it; see [`ClientBuilder::on_event`]. For languages whose
/// users add listeners later.
pub fn set_event_listener<F: Fn(&Event) + Send + Sync + 'static>(client: &Client, listener: Option<F>) {
    client.cache().set_events(listener.map(EventQueue::new));
}

/// Like [`Client::explain`], for languages where [`Explain::all`] and [`Explain::rotate`] are flags.
pub fn explain(client: &Client, all: bool, rotate: bool) -> Explain {
    Explain::new(client.clone(), all, rotate)
}

/// Asks for a report, and calls `done` with it on the background thread, where `done` must not block.
pub fn explain_then(explain: Explain, done: impl FnOnce(Result<Arc<Report>>) + Send + 'static) {
    explain.begin().on_completion(done);
}

/// Like [`Explain::blocking`], for languages whose users can interrupt a wait; see [`credentials_unless`].
///
/// # Errors
/// As [`Explain::blocking`], and [`Cancelled`](crate::ErrorKind::Cancelled) once `interrupted` returns true.
pub fn explain_unless(explain: Explain, mut interrupted: impl FnMut() -> bool) -> Result<Arc<Report>> {
    crate::client::unless_interrupted(explain.begin(), None, &mut interrupted)
}

/// Reads the CLI's configuration file and the SDKs', as far as there is a home directory, and blocks this thread.
///
/// # Errors
/// As [`Client::credentials_blocking`], but for the files, each of which has its own.
pub fn profile_files() -> Result<Vec<ProfileFile>> {
    driver::wait(async {
        let (host, config) = (Host::new(Surface::Rust), Config::default());
        let cli = CliProfile::new(&config, &host).list(&host).await;
        let ini = IniProfile::new(&config, &host).list(&host).await;
        Ok([cli, ini].into_iter().flatten().collect())
    })
}

/// The folder where processes share sessions: that of `ALIBABA_CLOUD_CREDENTIALS_CACHE`, else the usual one, which is
/// not used unless the variable says so; `None` without a home directory.
pub fn shared_sessions_folder() -> Option<std::path::PathBuf> {
    let host = Host::new(Surface::Rust);
    shared_session::folder(None, &host).or_else(|| shared_session::folder(Some("1"), &host))
}

/// The sessions in that folder.
///
/// # Errors
/// If the folder cannot be read, or if other users can write to it.
pub fn shared_sessions(folder: &std::path::Path) -> std::io::Result<Vec<ListedSession>> {
    shared_session::list(folder)
}

/// Removes the sessions in that folder. Returns how many there were.
///
/// # Errors
/// As [`shared_sessions`].
pub fn clear_shared_sessions(folder: &std::path::Path) -> std::io::Result<usize> {
    shared_session::clear(folder)
}

/// Asks STS who a credential belongs to, and blocks this thread. `config` has the endpoint, and how to reach it.
///
/// # Errors
/// As [`Client::credentials_blocking`] for a role.
pub fn caller_identity(credentials: Arc<Credentials>, config: &Config) -> Result<CallerIdentity> {
    let host = Host::new(Surface::Rust);
    let sts = Sts::new(config, &host, DEFAULT_HOST)?;
    driver::wait(async move { sts.caller_identity(&host, &credentials).await })
}

/// How far the services' clock is ahead of this machine's, in milliseconds; see
/// [`Status::clock_offset_ms`](crate::Status::clock_offset_ms).
pub fn clock_offset_ms() -> i64 {
    Host::new(Surface::Rust).clock_offset()
}

/// A status as JSON, with times in milliseconds; `last_error` is left to the language.
pub fn status_json(status: &Status) -> String {
    let refresh = |refresh: Refresh| {
        serde_json::json!({
            "at": millis_since_epoch(refresh.ended),
            "took": millis(refresh.took),
            "succeeded": refresh.succeeded,
        })
    };
    serde_json::json!({
        "type": status.type_name,
        "has_credentials": status.has_credentials,
        "provider_name": status.provider_name,
        "expiration": status.expiration.map(millis_since_epoch),
        "age": status.age.map(millis),
        "refresh_in": status.refresh_in.map(millis),
        "is_past_expiration": status.is_past_expiration,
        "last_refresh": status.last_refresh.map(refresh),
        "failures": status.failures,
        "clock_offset": status.clock_offset_ms,
    })
    .to_string()
}

/// An event as JSON, with times in milliseconds; `error` is left to the language.
pub fn event_json(event: &Event) -> String {
    serde_json::json!({
        "kind": event.kind.name(),
        "at": millis_since_epoch(event.at),
        "took": millis(event.took),
        "provider_name": event.provider_name,
        "previous_provider_name": event.previous_provider_name,
        "expiration": event.expiration.map(millis_since_epoch),
        "failures": event.failures,
        "dropped": event.dropped,
    })
    .to_string()
}

/// A string of a credential with a trailing NUL, for C to borrow.
pub fn nul_terminated(credentials: &Credentials, field: Field) -> Option<&str> {
    credentials.nul_terminated(field)
}

/// Whether `type` was missing or unknown: the only construction error that is not a `ValueError` in Python.
pub fn is_unknown_type(error: &Error) -> bool {
    error.is_unknown_type()
}

/// Whether a configured file does not exist: a `FileNotFoundError` in Python.
pub fn is_file_not_found(error: &Error) -> bool {
    error.is_file_not_found()
}

/// Checks the answer of a custom provider that the binding has called itself. Returns what a client called `name` would
/// return.
///
/// # Errors
/// Those of a client for that provider.
pub fn check_custom(name: &str, credentials: Credentials) -> Result<Credentials> {
    let checked = crate::provider::check_custom(name, credentials, &crate::host::Host::new(Surface::Rust))?;
    Ok(checked.with_type(name))
}

/// Checks a key, secret or token that was set without a client. Returns it without surrounding white space, which is
/// logged as a warning. `name` is what messages call it.
///
/// # Errors
/// The reason it is invalid, as a sentence that begins with `name`.
pub fn key<'a>(value: &'a str, name: &str) -> std::result::Result<&'a str, String> {
    crate::text::key(value, name)
}

/// Removes line breaks and everything else that could make one text look like another.
pub fn one_line(text: String) -> String {
    crate::text::one_line(text)
}

/// An AccessKey ID as reports show it.
pub fn shown_id(id: &str) -> String {
    crate::report::shortened(id)
}

/// A path in the form that errors may show; see [`Config`](crate::Config)'s `Debug`.
pub fn shown_path(path: &std::path::Path) -> String {
    crate::text::shown_path(path)
}

/// A time in RFC 3339, in UTC and whole seconds.
pub fn rfc3339(time: SystemTime) -> String {
    crate::text::rfc3339(time)
}

/// Reads a regular file of at most 1 MiB as UTF-8, or as UTF-16 with a byte order mark. A leading `~/` is the home
/// directory.
///
/// # Errors
/// The operating system's error, or the reason the file was rejected.
pub fn read_text(path: std::path::PathBuf) -> std::io::Result<zeroize::Zeroizing<String>> {
    crate::host::read_text(path)
}
