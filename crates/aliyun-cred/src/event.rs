//! What happens to a client's credential.

use std::time::{Duration, SystemTime};

use crate::error::Error;

/// What happened to a client's credential; see [`ClientBuilder::on_event`](crate::ClientBuilder::on_event).
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Event {
    /// What happened.
    pub kind: EventKind,
    /// When.
    pub at: SystemTime,
    /// How long the attempt to fetch a credential took.
    pub took: Duration,
    /// The sources behind the credential that is in use, such as `cli_profile/ram_role_arn/static_ak`.
    pub provider_name: Option<String>,
    /// For [`SourceChanged`](EventKind::SourceChanged): those of the credential before.
    pub previous_provider_name: Option<String>,
    /// When the credential in use expires; `None` if it never does, if that is unknown, or if there is none.
    pub expiration: Option<SystemTime>,
    /// Why the attempt failed.
    pub error: Option<Error>,
    /// How many attempts in a row have failed.
    pub failures: u32,
    /// How many events were dropped before this one, because the listener was too slow.
    pub dropped: u64,
}

/// What happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum EventKind {
    /// A credential was fetched.
    Refreshed,
    /// An attempt to fetch one failed; one that is still valid stays in use.
    RefreshFailed,
    /// An expired credential stays in use, because the metadata service is unreachable. Follows the
    /// [`RefreshFailed`](Self::RefreshFailed) of each failed attempt.
    ServingExpired,
    /// The credential that was just fetched comes from other sources than the one before.
    SourceChanged,
}

impl EventKind {
    /// Every kind.
    pub const ALL: &[EventKind] =
        &[EventKind::Refreshed, EventKind::RefreshFailed, EventKind::ServingExpired, EventKind::SourceChanged];

    /// The kind's stable name, such as `refresh_failed`.
    pub fn name(self) -> &'static str {
        match self {
            EventKind::Refreshed => "refreshed",
            EventKind::RefreshFailed => "refresh_failed",
            EventKind::ServingExpired => "serving_expired",
            EventKind::SourceChanged => "source_changed",
        }
    }
}
