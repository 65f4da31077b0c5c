//! What a client knows without asking its source.

use std::time::{Duration, SystemTime};

use crate::error::Error;

/// What a client knows without asking its source; see [`Client::status`](crate::Client::status).
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Status {
    /// The client's type, such as `ram_role_arn`.
    pub type_name: String,
    /// Whether there is a valid credential in hand. For a source that is asked at every call there is none, but for
    /// environment variables, whose last one is kept.
    pub has_credentials: bool,
    /// The sources that gave it, such as `cli_profile/ram_role_arn/static_ak`.
    pub provider_name: Option<String>,
    /// When it expires; `None` if it does not, or is not known to.
    pub expiration: Option<SystemTime>,
    /// How long ago it was fetched; `None` for one that is never fetched again.
    pub age: Option<Duration>,
    /// In how long a call will start its refresh; zero if one would now.
    pub refresh_in: Option<Duration>,
    /// Whether it is served past its expiration, as only the metadata service's is while that service is away.
    pub is_past_expiration: bool,
    /// The last attempt to fetch one in this process.
    pub last_refresh: Option<Refresh>,
    /// How many attempts in a row have failed.
    pub failures: u32,
    /// Why the last of them failed.
    pub last_error: Option<Error>,
}

/// An attempt to fetch a credential that has ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Refresh {
    /// When it ended.
    pub ended: SystemTime,
    /// How long it took.
    pub took: Duration,
    /// Whether it brought a credential.
    pub succeeded: bool,
}
