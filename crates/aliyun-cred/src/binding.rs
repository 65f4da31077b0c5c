//! The part of this crate that language bindings use besides its public API.
//!
//! A binding only translates types: defaults, checks and retries belong in the core, so that every language has them.
//! Nothing here is covered by semantic versioning.

use std::sync::Arc;
use std::time::Duration;

use crate::builder::ClientBuilder;
use crate::client::Client;
use crate::config::{Config, IGNORED_OPTIONS, OptionValue};
use crate::credentials::Credentials;
use crate::error::{Error, Result};

pub use crate::credentials::Field;
pub use crate::host::{assign_variable, unix_seconds};
pub use crate::runtime::call_scope::Scope;
pub use crate::runtime::per_process::PerProcess;
pub use crate::wording::Surface;

/// A builder for the given language.
pub fn builder(surface: Surface) -> ClientBuilder {
    Client::builder().surface(surface)
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

/// A path in the form that errors may show; see [`Config`](crate::Config)'s `Debug`.
pub fn shown_path(path: &std::path::Path) -> String {
    crate::text::shown_path(path)
}

/// Reads a regular file of at most 1 MiB as UTF-8, or as UTF-16 with a byte order mark. A leading `~/` is the home
/// directory.
///
/// # Errors
/// The operating system's error, or the reason the file was rejected.
pub fn read_text(path: std::path::PathBuf) -> std::io::Result<zeroize::Zeroizing<String>> {
    crate::host::read_text(path)
}
