//! How long before its end a credential is renewed.
//!
//! Invariant: it depends on nothing, so that the fleet simulation runs this very code.

/// How long before its expiration a credential is stale.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Lead {
    /// 900 s, or half the lifetime if that is less: everything issued by STS.
    Sts,
    /// 180 s, or half the lifetime if that is less: external commands and OAuth.
    Short,
    /// Like [`Sts`](Self::Sts), but refreshed an hour after it was fetched, and used past its expiration while the
    /// instance metadata service is unreachable.
    Metadata,
}

impl Lead {
    /// The age from which on a credential is stale; both in milliseconds.
    pub(crate) fn stale(self, lifetime: u64) -> u64 {
        let longest = match self {
            Lead::Sts | Lead::Metadata => 900_000,
            Lead::Short => 180_000,
        };
        lifetime - longest.min(lifetime / 2)
    }
}
