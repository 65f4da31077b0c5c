//! A file that a provider was made from, watched for changes without a thread: it is looked at when a call is due to do
//! so.
//!
//! Invariant: what was read last stays in use until a changed file is whole, and means something.

use std::io;
use std::path::Path;

use arc_swap::ArcSwapOption;
use zeroize::Zeroizing;

use crate::error::Result;
use crate::host::{FileStamp, Host};
use crate::profile::Written;
use crate::text::{GivenPath, shown_path, warn};

/// How long ago a file must have been written, in milliseconds. Its time is no finer than a tick of the kernel, and a
/// program may write it in several steps.
const SETTLED: u64 = 100;

/// A file, and the stamp of the content that is in use.
#[derive(Debug)]
pub(super) struct Watched {
    path: GivenPath,
    /// `None`: it had just been written, and may have been read half.
    read: ArcSwapOption<FileStamp>,
    /// What could not be used, and was warned of; of a file that is gone, `None`.
    refused: ArcSwapOption<Option<FileStamp>>,
}

impl Watched {
    /// A file that is about to be read.
    pub(super) fn new(path: impl Into<GivenPath>, host: &Host) -> Self {
        let path = path.into();
        let stamp = host.file_stamp(&path).filter(|stamp| is_settled(stamp, host));
        Watched { path, read: ArcSwapOption::from_pointee(stamp), refused: ArcSwapOption::empty() }
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Notes that this process has written the file. If it was not as it was read, another program's change is in it,
    /// too, and counts.
    pub(super) fn wrote(&self, written: &Written) {
        if written.before.is_some() && self.read.load().as_deref() == written.before.as_ref() {
            self.read.store(written.after.clone().map(Into::into));
        }
    }

    /// Reads the file if it has changed and is at rest, and returns what `make` makes of it. If that fails, says so
    /// once for each change, and returns `None`.
    pub(super) fn reread<T>(
        &self,
        host: &Host,
        make: impl FnOnce(io::Result<Zeroizing<Vec<u8>>>) -> Result<T>,
    ) -> Option<T> {
        let found = host.file_stamp(&self.path);
        let is_same = self.read.load().as_deref().is_some_and(|read| Some(read) == found.as_ref());
        if is_same || found.as_ref().is_some_and(|stamp| !is_settled(stamp, host)) {
            return None;
        }
        let made = make(host.read_file_now(&self.path));
        // Written while it was read: the next look finds it at rest.
        if host.file_stamp(&self.path) != found {
            return None;
        }
        match made {
            Ok(made) => {
                self.read.store(found.map(Into::into));
                self.refused.store(None);
                Some(made)
            }
            Err(error) => {
                let refused = self.refused.swap(Some(found.clone().into()));
                if refused.is_none_or(|refused| *refused != found) {
                    let path = shown_path(&self.path);
                    warn(&path, &format!("{path} has changed and cannot be used; what it had stays in use: {error}"));
                }
                None
            }
        }
    }
}

fn is_settled(stamp: &FileStamp, host: &Host) -> bool {
    let (changed, now) = (stamp.changed(), host.now().wall);
    // A time in the future is another machine's, whose clock says nothing about this moment.
    changed > now || now - changed >= SETTLED
}
