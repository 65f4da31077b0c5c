//! What a client knows without asking its source.

use std::time::{Duration, SystemTime};

use crate::error::Error;

/// What a client knows without asking its source; see [`Client::status`](crate::Client::status).
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Status {
    /// The client's type, such as `ram_role_arn`.
    pub type_name: String,
    /// Whether there is a valid credential. Always false for a source that is asked at every call, except environment
    /// variables, whose last credential is kept.
    pub has_credentials: bool,
    /// The sources behind it, such as `cli_profile/ram_role_arn/static_ak`.
    pub provider_name: Option<String>,
    /// When it expires; `None` if it never does, or if that is unknown.
    pub expiration: Option<SystemTime>,
    /// How long ago it was fetched; `None` for one that is never refreshed.
    pub age: Option<Duration>,
    /// The time until a call starts its refresh; zero if it is due.
    pub refresh_in: Option<Duration>,
    /// Whether it is used past its expiration; only for the metadata service, while that is unreachable.
    pub is_past_expiration: bool,
    /// The last attempt to fetch a credential in this process.
    pub last_refresh: Option<Refresh>,
    /// How many attempts in a row have failed.
    pub failures: u32,
    /// Why the last one failed.
    pub last_error: Option<Error>,
    /// How far the services' clock is ahead of this machine's, in milliseconds, as far as this process has learned from
    /// HTTPS services of Alibaba Cloud; negative if it is behind, 0 while they agree.
    pub clock_offset_ms: i64,
}

/// A completed attempt to fetch a credential.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Refresh {
    /// When it ended.
    pub ended: SystemTime,
    /// How long it took.
    pub took: Duration,
    /// Whether it succeeded.
    pub succeeded: bool,
}
