//! Strings that must not be printed, and strings that C can borrow.
//!
//! Invariant: a [`Secret`] is wiped on drop and never printed by `Debug`.

use std::fmt;

use zeroize::Zeroize;

/// A string that is wiped on drop and never printed.
///
/// Stored with a trailing NUL, so that C can borrow it. It should therefore contain no NUL: [`Secret::new`] does not
/// check, but the sources reject such values.
///
/// ```
/// use aliyun_cred::Secret;
///
/// let secret = Secret::new("password");
/// assert_eq!(secret.expose(), "password");
/// assert!(!format!("{secret:?}").contains("password"));
/// ```
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Secret(pub(crate) Terminated);

impl Secret {
    /// Takes ownership of `value`. The memory of a `String` passed by value is wiped as well.
    pub fn new(value: impl Into<String>) -> Self {
        Secret(Terminated::new(value))
    }

    /// The string itself. Keep it out of logs and errors.
    pub fn expose(&self) -> &str {
        self.0.as_str()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.expose().is_empty()
    }
}

impl Drop for Secret {
    fn drop(&mut self) {
        self.0.0.zeroize();
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

impl<T: Into<String>> From<T> for Secret {
    fn from(value: T) -> Self {
        Secret::new(value)
    }
}

/// A string stored with a trailing NUL, so that C can borrow it without a copy.
#[derive(Clone, PartialEq, Eq, Hash)]
pub(crate) struct Terminated(String);

impl Terminated {
    pub(crate) fn new(value: impl Into<String>) -> Self {
        let mut given = value.into();
        if given.capacity() > given.len() {
            given.push('\0');
            return Terminated(given);
        }
        // Growing in place would leave an unwiped copy behind.
        let mut text = String::with_capacity(given.len() + 1);
        text.push_str(&given);
        text.push('\0');
        given.zeroize();
        Terminated(text)
    }

    pub(crate) fn with_nul(&self) -> &str {
        &self.0
    }

    pub(crate) fn as_str(&self) -> &str {
        self.0.strip_suffix('\0').unwrap_or(&self.0)
    }
}
