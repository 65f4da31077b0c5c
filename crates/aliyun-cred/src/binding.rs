//! What a language binding may use beside the public names of this crate, and nothing else.
//!
//! A binding translates types: a default, a check or a retry belongs in the core, so that every language has it. Nothing
//! here is covered by semantic versioning.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use crate::builder::ClientBuilder;
use crate::client::Client;
use crate::config::{Config, IGNORED_OPTIONS, OptionValue};
use crate::credentials::Credentials;
use crate::error::{Error, Result};

pub use crate::credentials::Field;
pub use crate::host::assign_variable;
pub use crate::runtime::call_scope::Scope;
pub use crate::runtime::per_process::PerProcess;
pub use crate::wording::Surface;

/// A builder on behalf of a language.
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

/// The cached credential if it is fresh, and for how long it may be handed out without asking again: [`Duration::MAX`] for
/// one that never changes. For a binding that keeps a copy, because its way here is longer than the check. What the source
/// must be asked for every time is never cached, and never shows here.
pub fn cached_for(client: &Client) -> Option<(Arc<Credentials>, Duration)> {
    client.cache().fresh_for()
}

/// The current credential, waiting in this thread for `limit` at most, for a language whose users can interrupt a wait:
/// `interrupted` is asked in this thread, ten times a second.
///
/// # Errors
/// As [`Client::credentials_within`], and [`Cancelled`](crate::ErrorKind::Cancelled) once `interrupted` says yes; the
/// refresh goes on.
pub fn credentials_unless(
    client: &Client,
    limit: Option<Duration>,
    interrupted: impl FnMut() -> bool,
) -> Result<Arc<Credentials>> {
    crate::client::credentials_unless(client, limit, interrupted)
}

/// Seconds since the Unix epoch, for languages that count in them; none for what lies before it.
pub fn unix_seconds(time: SystemTime) -> Option<i64> {
    i64::try_from(time.duration_since(SystemTime::UNIX_EPOCH).ok()?.as_secs()).ok()
}

/// A string of a credential with a NUL behind it, for C to borrow.
pub fn nul_terminated(credentials: &Credentials, field: Field) -> Option<&str> {
    credentials.nul_terminated(field)
}

/// Whether the configuration's `type` was missing or unknown: the one construction error that is no `ValueError` in Python.
pub fn is_unknown_type(error: &Error) -> bool {
    error.is_unknown_type()
}

/// Whether a file that was named does not exist: a `FileNotFoundError` in Python.
pub fn is_file_not_found(error: &Error) -> bool {
    error.is_file_not_found()
}

/// Checks the answer of a custom provider that the binding has called itself. Returns what a client called `name` would
/// return.
///
/// # Errors
/// As a client of that provider.
pub fn check_custom(name: &str, credentials: Credentials) -> Result<Credentials> {
    let checked = crate::provider::check_custom(name, credentials, &crate::host::Host::new(Surface::Rust))?;
    Ok(checked.with_type(name))
}

/// A key, secret or token that did not come through a client, without the white space around it, of which a warning tells.
/// `name` is what texts call it.
///
/// # Errors
/// Why it cannot be one, as a sentence that begins with `name`.
pub fn key<'a>(value: &'a str, name: &str) -> std::result::Result<&'a str, String> {
    crate::text::key(value, name)
}

/// A text without line breaks and whatever else could make it look like another one.
pub fn one_line(text: String) -> String {
    crate::text::one_line(text)
}

/// A path as an error may show it; see [`Config`](crate::Config)'s `Debug`.
pub fn shown_path(path: &std::path::Path) -> String {
    crate::text::shown_path(path)
}

/// A whole regular file of 1 MiB at most, decoded: UTF-8, or UTF-16 with a byte order mark. `~/` at the beginning of the
/// path is the home directory.
///
/// # Errors
/// What the operating system says, or why the file is refused.
pub fn read_text(path: std::path::PathBuf) -> std::io::Result<zeroize::Zeroizing<String>> {
    crate::host::read_text(path)
}
