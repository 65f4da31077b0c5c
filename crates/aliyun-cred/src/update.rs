//! What a source has learned and somebody may want to keep: rotated tokens, a credential that was issued.

use std::fmt;

use crate::secret::Secret;

/// What an OAuth session or an external command has learned; see [`ClientBuilder::on_update`](crate::ClientBuilder::on_update).
///
/// `Debug` shows nothing of it.
#[derive(Clone)]
pub struct Update(pub(crate) Learned);

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

/// What a source has learned; `None` stays as it is in the file.
#[derive(Clone, Default, PartialEq, Eq)]
pub(crate) struct Learned {
    pub(crate) access_key_id: Option<String>,
    pub(crate) access_key_secret: Option<Secret>,
    pub(crate) sts_token: Option<Secret>,
    /// In seconds since the Unix epoch; 0 if unknown.
    pub(crate) sts_expiration: Option<i64>,
    pub(crate) oauth_access_token: Option<Secret>,
    pub(crate) oauth_access_token_expire: Option<i64>,
    pub(crate) oauth_refresh_token: Option<Secret>,
}

impl std::fmt::Debug for Learned {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Learned")
    }
}
