//! The state shared by every listener. One lock guards all service state. It is held for a decision and never across an
//! await, so that no request waits for another.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::authority::Authority;
use crate::hold::Holds;
use crate::world::{Changes, World};

/// A listener, by name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Port {
    /// STS over HTTP.
    StsHttp,
    /// STS over HTTPS.
    StsHttps,
    /// The CONNECT proxy.
    Proxy,
    /// The instance metadata service.
    Metadata,
    /// The control interface.
    Control,
}

impl Port {
    /// All listeners, in the order of [`Shared::connections`].
    pub(crate) const ALL: [Self; 5] = [Self::StsHttp, Self::StsHttps, Self::Proxy, Self::Metadata, Self::Control];

    /// The name in the printed line and in `GET /state`.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::StsHttp => "sts_http",
            Self::StsHttps => "sts_https",
            Self::Proxy => "proxy",
            Self::Metadata => "metadata",
            Self::Control => "control",
        }
    }
}

/// The state shared by every listener.
pub(crate) struct Shared {
    /// Signs the certificates of the TLS listeners.
    pub(crate) authority: Authority,
    /// The held requests.
    pub(crate) holds: Arc<Holds>,
    world: Mutex<World>,
    connections: [AtomicU64; Port::ALL.len()],
}

impl Shared {
    /// Wraps `world`.
    pub(crate) fn new(authority: Authority, world: World) -> Self {
        let (holds, world) = (Arc::new(Holds::new()), Mutex::new(world));
        Self { authority, holds, world, connections: Default::default() }
    }

    /// The state of the services, locked.
    pub(crate) fn world(&self) -> MutexGuard<'_, World> {
        // A panic elsewhere leaves at worst one unrecorded request, so going on is better.
        self.world.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Counts a connection to `port`.
    pub(crate) fn count(&self, port: Port) {
        if let Some(counter) = self.connections.get(port as usize) {
            counter.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// The connections since the last reset, by listener.
    pub(crate) fn connections(&self) -> impl Iterator<Item = (Port, u64)> {
        let counts = self.connections.iter().map(|count| count.load(Ordering::Relaxed));
        Port::ALL.into_iter().zip(counts)
    }

    /// Starts over with `world`, and releases held requests.
    pub(crate) fn reset(&self, world: World) {
        let mut current = self.world();
        *current = world;
        self.holds.release(None);
        self.holds.renew();
        for counter in &self.connections {
            counter.store(0, Ordering::Relaxed);
        }
    }

    /// Changes a part without a reset; new faults hold requests again.
    pub(crate) fn change(&self, changes: Changes) -> Result<(), String> {
        let replaces_faults = changes.faults.is_some();
        let mut world = self.world();
        world.change(changes)?;
        if replaces_faults {
            self.holds.renew();
        }
        Ok(())
    }
}
