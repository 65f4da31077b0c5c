//! Errors, in a form that programs can switch on and people can act on.
//!
//! Invariant: no message in this module's types ever holds a secret, a reply's body or a command line.

use std::borrow::Cow;
use std::fmt;

use crate::text::one_line;

/// The result of every fallible operation in this crate.
pub type Result<T, E = Error> = std::result::Result<T, E>;

macro_rules! kinds {
    ($( $(#[$doc:meta])* $variant:ident = $number:literal, $name:literal; )*) => {
        /// The kind of a failure. Numbers and names are stable.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        #[repr(u8)]
        pub enum ErrorKind {
            $( $(#[$doc])* $variant = $number, )*
        }

        impl ErrorKind {
            /// Every kind, ordered by number.
            pub const ALL: &'static [ErrorKind] = &[$( ErrorKind::$variant, )*];

            /// The kind's stable name, such as `not_configured`.
            pub fn name(self) -> &'static str {
                match self { $( ErrorKind::$variant => $name, )* }
            }
        }
    };
}

kinds! {
    /// The configuration is invalid: a missing or contradictory option, an unknown profile, a circle of profiles.
    /// Unlike [`NotConfigured`](Self::NotConfigured), the source was configured.
    InvalidConfig = 1, "invalid_config";
    /// The source is not configured: no variable, no file. A chain tries the next one.
    NotConfigured = 2, "not_configured";
    /// The source is disabled, by a variable or in its file.
    Disabled = 3, "disabled";
    /// A file exists but cannot be read or written, or the operating system refused a thread or a socket.
    Io = 4, "io";
    /// A file was read, but its content is invalid: not JSON, not UTF-8, a value of the wrong type.
    MalformedFile = 5, "malformed_file";
    /// The service refused the request: wrong key, wrong signature, no permission, no such role.
    Denied = 6, "denied";
    /// The service limited the request rate. Unlike [`Denied`](Self::Denied), a retry may succeed later.
    Throttled = 7, "throttled";
    /// The service could not be reached, or replied with a server error (5xx).
    Unavailable = 8, "unavailable";
    /// A time limit ran out: of a connection, a request, or the caller's own deadline.
    Timeout = 9, "timeout";
    /// The service's certificate could not be verified.
    Tls = 10, "tls";
    /// The service replied with success, but the reply is invalid. Unlike [`MalformedFile`](Self::MalformedFile), the
    /// fault is on the other side of the network.
    MalformedReply = 11, "malformed_reply";
    /// The only available credential has expired.
    Expired = 12, "expired";
    /// The user must log in again (CloudSSO, OAuth).
    LoginRequired = 13, "login_required";
    /// An external command could not be run, failed, or did not print a credential.
    Command = 14, "command";
    /// The caller gave up; the refresh continues for the others.
    Cancelled = 15, "cancelled";
    /// The call would deadlock: a provider asked the client that is asking it, or a callback on the background thread
    /// tried to wait.
    Recursion = 16, "recursion";
    /// A bug in this library or in a custom provider; please report it.
    Internal = 17, "internal";
}

impl fmt::Display for ErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A source of a chain that was asked and failed.
///
/// ```
/// # fn show(error: &aliyun_cred::Error) {
/// for attempt in error.attempts() {
///     println!("{}: {} ({})", attempt.provider(), attempt.message(), attempt.kind().name());
/// }
/// # }
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attempt {
    pub(crate) provider: &'static str,
    pub(crate) kind: ErrorKind,
    pub(crate) message: String,
}

impl Attempt {
    /// The source's name as in `provider_name`: `env`, `cli_profile`, ...
    pub fn provider(&self) -> &str {
        self.provider
    }

    /// The kind of its failure.
    pub fn kind(&self) -> ErrorKind {
        self.kind
    }

    /// Why it failed, and what to change, in one line.
    pub fn message(&self) -> &str {
        &self.message
    }
}

/// A failure to resolve a credential or to build a client.
///
/// `Display` prints one line: what was tried, what came back, what to change. It never holds a secret.
///
/// ```
/// use aliyun_cred::{Client, Config, ErrorKind};
///
/// let error = Client::new(&Config::new("sts")).and_then(|client| client.credentials_blocking()).unwrap_err();
/// assert_eq!(error.kind(), ErrorKind::InvalidConfig);
/// println!("{error}");
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct Error(Box<Details>);

#[derive(Clone, Debug, PartialEq, Eq)]
struct Details {
    kind: ErrorKind,
    provider: Option<Cow<'static, str>>,
    message: String,
    code: Option<String>,
    request_id: Option<String>,
    http_status: Option<u16>,
    attempts: Vec<Attempt>,
    special: Option<Special>,
}

/// A failure that some callers tell apart more finely than by its kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Special {
    UnknownType,
    FileNotFound,
    WouldRotate,
}

impl Error {
    pub(crate) fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Error(Box::new(Details {
            kind,
            provider: None,
            message: one_line(message.into()),
            code: None,
            request_id: None,
            http_status: None,
            attempts: Vec::new(),
            special: None,
        }))
    }

    /// Creates the error of a custom provider that has no credential; see
    /// [`Client::from_blocking`](crate::Client::from_blocking). `message` is one line for people: what was tried, what
    /// came back, what to change, and no secret.
    ///
    /// ```
    /// use aliyun_cred::{Client, Error, ErrorKind};
    ///
    /// let client = Client::from_blocking("vault", || Err(Error::from_provider(ErrorKind::Unavailable, "the vault is sealed")));
    /// assert_eq!(client.credentials_blocking().unwrap_err().kind(), ErrorKind::Unavailable);
    /// ```
    pub fn from_provider(kind: ErrorKind, message: impl Into<String>) -> Self {
        Error::new(kind, message)
    }

    pub(crate) fn invalid_config(message: impl Into<String>) -> Self {
        Error::new(ErrorKind::InvalidConfig, message)
    }

    /// The source was not asked, because it would have to rotate a refresh token.
    pub(crate) fn would_rotate() -> Self {
        let text = "its access token is over, and a new one costs its refresh token; the report may spend that with 'all' and 'rotate'";
        let mut error = Error::new(ErrorKind::Disabled, text);
        error.0.special = Some(Special::WouldRotate);
        error
    }

    pub(crate) fn is_would_rotate(&self) -> bool {
        self.0.special == Some(Special::WouldRotate)
    }

    pub(crate) fn unknown_type(message: impl Into<String>) -> Self {
        let mut error = Error::invalid_config(message);
        error.0.special = Some(Special::UnknownType);
        error
    }

    /// A configured file could not be read, for this reason.
    pub(crate) fn unreadable(reason: &std::io::Error, message: impl Into<String>) -> Self {
        let mut error = Error::new(ErrorKind::Io, message);
        error.0.special = (reason.kind() == std::io::ErrorKind::NotFound).then_some(Special::FileNotFound);
        error
    }

    /// Sets the source, unless a deeper one has been set already.
    pub(crate) fn at_provider(mut self, provider: impl Into<Cow<'static, str>>) -> Self {
        self.0.provider.get_or_insert_with(|| match provider.into() {
            Cow::Owned(name) => one_line(name).into(),
            known => known,
        });
        self
    }

    /// Prefixes the source that failed with `outer/`.
    pub(crate) fn below(mut self, outer: &str) -> Self {
        self.0.provider = Some(match &self.0.provider {
            Some(inner) => format!("{outer}/{inner}").into(),
            None => outer.to_owned().into(),
        });
        self
    }

    pub(crate) fn with_kind(mut self, kind: ErrorKind) -> Self {
        self.0.kind = kind;
        self
    }

    pub(crate) fn with_service(mut self, status: u16, code: Option<String>, request_id: Option<String>) -> Self {
        self.0.http_status = Some(status);
        self.0.code = code.map(one_line);
        self.0.request_id = request_id.map(one_line);
        self
    }

    pub(crate) fn with_attempts(mut self, attempts: Vec<Attempt>) -> Self {
        self.0.attempts = attempts;
        self
    }

    /// The kind of failure.
    pub fn kind(&self) -> ErrorKind {
        self.0.kind
    }

    /// The source that failed, as in `provider_name`; `None` if it was not a single one. A failed base of `kms_secret`
    /// has a path: `kms_secret/ecs_ram_role`.
    pub fn provider(&self) -> Option<&str> {
        self.0.provider.as_deref()
    }

    /// What was tried, what came back, and what to change, in one line.
    pub fn message(&self) -> &str {
        &self.0.message
    }

    /// The service's error code, such as `NoPermission`, if it sent one.
    pub fn code(&self) -> Option<&str> {
        self.0.code.as_deref()
    }

    /// The service's request ID, for its support.
    pub fn request_id(&self) -> Option<&str> {
        self.0.request_id.as_deref()
    }

    /// The HTTP status, if a service replied.
    pub fn http_status(&self) -> Option<u16> {
        self.0.http_status
    }

    /// Whether `type` was missing or unknown: the only construction error that is not a `ValueError` in Python.
    pub(crate) fn is_unknown_type(&self) -> bool {
        self.0.special == Some(Special::UnknownType)
    }

    /// Whether a configured file does not exist: a `FileNotFoundError` in Python.
    pub(crate) fn is_file_not_found(&self) -> bool {
        self.0.special == Some(Special::FileNotFound)
    }

    /// Every source that a chain asked, in order; empty if no chain failed.
    pub fn attempts(&self) -> &[Attempt] {
        &self.0.attempts
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.message)
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Error").field(&self.0).finish()
    }
}

impl std::error::Error for Error {}

#[cfg(test)]
mod tests {
    use super::{Error, ErrorKind};

    #[test]
    fn every_message_is_one_line() {
        let text = "no\r\n2026-01-01 all is well\u{1b}[2J\u{2028}凭证";
        let error = Error::from_provider(ErrorKind::Denied, text).at_provider("a\nb".to_owned());
        assert_eq!(error.to_string(), "no  2026-01-01 all is well [2J 凭证");
        assert_eq!(error.provider(), Some("a b"));
        let error = error.with_service(403, Some("A\nB".to_owned()), Some("\0".to_owned()));
        assert_eq!((error.code(), error.request_id()), (Some("A B"), Some(" ")));
    }

    #[test]
    fn numbers_are_consecutive_and_names_unique() {
        let names: std::collections::BTreeSet<_> = ErrorKind::ALL.iter().map(|kind| kind.name()).collect();
        assert_eq!(names.len(), 17);
        for (index, kind) in ErrorKind::ALL.iter().enumerate() {
            assert_eq!(*kind as usize, index + 1, "{kind}");
        }
    }
}
