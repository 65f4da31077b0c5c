//! The values that an update callback receives: rotated tokens, a new credential.

use std::fmt;
use std::time::{Duration, SystemTime};

use crate::secret::Secret;

/// New values from an OAuth session or an external command; see
/// [`ClientBuilder::on_update`](crate::ClientBuilder::on_update).
///
/// `Debug` prints none of them.
///
/// ```
/// # fn store(_id: &str, _secret: &str, _token: Option<&str>) {}
/// # fn callback(update: &aliyun_cred::Update) {
/// if let (Some(id), Some(secret)) = (update.access_key_id(), update.access_key_secret()) {
///     store(id, secret, update.security_token());
/// }
/// # }
/// ```
#[derive(Clone)]
pub struct Update(pub(crate) NewValues);

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

    /// When the credential expires; `None` if unknown.
    pub fn expiration(&self) -> Option<SystemTime> {
        self.0.sts_expiration.and_then(point_of_time)
    }

    /// The OAuth refresh token; any earlier one is no longer valid.
    pub fn refresh_token(&self) -> Option<&str> {
        self.0.oauth_refresh_token.as_ref().map(Secret::expose)
    }

    /// The OAuth access token.
    pub fn access_token(&self) -> Option<&str> {
        self.0.oauth_access_token.as_ref().map(Secret::expose)
    }

    /// When the access token expires; `None` if unknown.
    pub fn access_token_expiration(&self) -> Option<SystemTime> {
        self.0.oauth_access_token_expire.and_then(point_of_time)
    }
}

/// Converts seconds since the Unix epoch; 0 means unknown.
pub(crate) fn point_of_time(seconds: i64) -> Option<SystemTime> {
    let seconds = u64::try_from(seconds).ok().filter(|seconds| *seconds > 0)?;
    SystemTime::UNIX_EPOCH.checked_add(Duration::from_secs(seconds))
}

impl fmt::Debug for Update {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Update")
    }
}

/// New values of a source; those that are `None` stay unchanged in the file.
#[derive(Clone, Default, PartialEq, Eq)]
pub(crate) struct NewValues {
    pub(crate) access_key_id: Option<String>,
    pub(crate) access_key_secret: Option<Secret>,
    pub(crate) sts_token: Option<Secret>,
    /// In seconds since the Unix epoch; 0 if unknown.
    pub(crate) sts_expiration: Option<i64>,
    pub(crate) oauth_access_token: Option<Secret>,
    pub(crate) oauth_access_token_expire: Option<i64>,
    pub(crate) oauth_refresh_token: Option<Secret>,
}

impl std::fmt::Debug for NewValues {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("NewValues")
    }
}
