//! The provider that a configuration file describes.
//!
//! Invariant: tokens that exist only in this process are never replaced by those of a file.

use std::future::Future;
use std::io;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use arc_swap::ArcSwapOption;
use zeroize::Zeroizing;

use super::Provider;
use super::watched::Watched;
use crate::credentials::Credentials;
use crate::error::Result;
use crate::host::Host;
use crate::profile::{Plan, Store};

/// Created on first use, again once it is forgotten, and replaced when the file changes.
#[derive(Debug, Default)]
pub(super) struct Loaded {
    current: ArcSwapOption<FromFile>,
    /// Whether the next fetch rereads the file.
    forgotten: AtomicBool,
}

/// A provider, what it was made from, and the file that said so.
#[derive(Debug)]
pub(super) struct FromFile {
    provider: Arc<Provider>,
    plan: Plan,
    file: Arc<Watched>,
    /// Where the provider writes, if it does.
    store: Option<Store>,
}

impl FromFile {
    pub(super) fn new(plan: Plan, file: Watched, store: Option<Store>, host: &Host) -> Result<Self> {
        let provider = Arc::new(Provider::from_plan(&plan, store.as_ref(), host)?);
        Ok(FromFile { provider, plan, file: Arc::new(file), store })
    }
}

impl Loaded {
    /// Asks the provider; `load` reads the file. `name` is the source's, for the provider's path.
    pub(super) async fn fetch(
        &self,
        name: &'static str,
        load: impl Future<Output = Result<FromFile>>,
        host: &Host,
    ) -> Result<Credentials> {
        let provider = self.or_load(load).await.map_err(|error| error.at_provider(name))?;
        Ok(provider.fetch(host).await?.within(name))
    }

    async fn or_load(&self, load: impl Future<Output = Result<FromFile>>) -> Result<Arc<Provider>> {
        let forgotten = self.forgotten.swap(false, Ordering::Relaxed);
        match self.current.load_full() {
            Some(current) if !forgotten => Ok(current.provider.clone()),
            // Keep tokens that exist only in this process, until they are in the file.
            Some(current) if current.provider.is_ahead_of_its_file() => {
                self.forgotten.store(true, Ordering::Relaxed);
                Ok(current.provider.clone())
            }
            before => {
                // If this fails, the next fetch tries again.
                let loaded = load.await.inspect_err(|_| self.forgotten.store(true, Ordering::Relaxed))?;
                if let Some(before) = before {
                    loaded.provider.inherit(&before.provider);
                }
                let provider = loaded.provider.clone();
                self.current.store(Some(loaded.into()));
                Ok(provider)
            }
        }
    }

    /// Marks the provider for reloading. Returns whether one was loaded.
    // Not dropped right away: a running fetch may still obtain values that cannot be written to the file.
    pub(super) fn forget(&self) -> bool {
        // Also while the file is read for the first time: its content may be older than this call.
        self.forgotten.store(true, Ordering::Relaxed);
        self.current.load().is_some()
    }

    /// See [`Provider::watches_files`].
    pub(super) fn is_watched(&self) -> bool {
        self.current.load().is_some()
    }

    /// See [`Provider::reload`]. `plan` parses the file.
    pub(super) fn reload(
        &self,
        host: &Host,
        plan: impl FnOnce(&Path, io::Result<Zeroizing<Vec<u8>>>) -> Result<Plan>,
    ) -> bool {
        let Some(current) = self.current.load_full() else { return false };
        if current.provider.is_ahead_of_its_file() {
            return false;
        }
        if let Some(written) = current.store.as_ref().and_then(Store::take_written) {
            current.file.wrote(&written);
        }
        let changed = current.file.reread(host, |bytes| {
            let plan = plan(current.file.path(), bytes)?;
            // Most changes are of other profiles.
            if plan == current.plan {
                return Ok(None);
            }
            let provider = Arc::new(Provider::from_plan(&plan, current.store.as_ref(), host)?);
            Ok(Some(FromFile { provider, plan, file: current.file.clone(), store: current.store.clone() }))
        });
        match changed.flatten() {
            Some(replaced) => {
                replaced.provider.inherit(&current.provider);
                self.current.store(Some(replaced.into()));
                true
            }
            None => current.provider.reload(host),
        }
    }
}
