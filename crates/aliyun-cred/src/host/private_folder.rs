//! A folder that the processes of one user share.
//!
//! Invariant: nothing is read that another user could have written, and nothing is written where another could read.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use zeroize::Zeroizing;

use super::files::{self, is_lock_of, step};

/// What the names of entries, of their locks, and of entries that are being written end with.
const ENTRY: &str = ".json";
const LOCK: &str = ".lock";
const TEMPORARY: &str = ".tmp";
/// The most entries that are listed.
const MOST: usize = 1_000;

/// A folder that belongs to this user, and that nobody else can write to.
#[derive(Clone, Debug)]
pub(crate) struct PrivateFolder(PathBuf);

impl PrivateFolder {
    /// Creates the folder if there is none, and checks it. A symbolic link is refused.
    pub(crate) fn open(path: &Path) -> io::Result<Self> {
        let mut builder = fs::DirBuilder::new();
        builder.recursive(true);
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
        builder.create(path)?;
        let found = fs::symlink_metadata(path)?;
        let refused = |why: &str| Err(io::Error::new(io::ErrorKind::PermissionDenied, why));
        if !found.is_dir() {
            return refused("it is not a folder, but a link to one");
        }
        #[cfg(unix)]
        {
            use std::os::unix::fs::MetadataExt as _;
            if !is_own(&found) {
                return refused("it belongs to another user");
            }
            if found.mode() & 0o022 != 0 {
                return refused("other users can write to it");
            }
        }
        Ok(PrivateFolder(path.to_owned()))
    }

    /// Reads an entry; an error if there is none, or if it is not this user's alone.
    pub(crate) fn read(&self, name: &str) -> io::Result<Zeroizing<Vec<u8>>> {
        let path = self.path(name, ENTRY);
        let found = fs::symlink_metadata(&path)?;
        if !found.is_file() || !is_private(&found) {
            return Err(io::ErrorKind::PermissionDenied.into());
        }
        files::read(&path)
    }

    /// Takes the lock of an entry, or returns `None` if it is taken. Never waits.
    pub(crate) fn try_lock(&self, name: &str) -> io::Result<Option<LockedEntry>> {
        let path = self.path(name, LOCK);
        let file = private(OpenOptions::new().read(true).write(true).create(true).truncate(false)).open(&path)?;
        step();
        match file.try_lock() {
            // Else it was removed between the two steps, and the one that is there may be another process's.
            Ok(()) if is_lock_of(&file, &path).unwrap_or(false) => {
                Ok(Some(LockedEntry { file, folder: self.clone(), name: name.to_owned() }))
            }
            Ok(()) | Err(TryLockError::WouldBlock) => Ok(None),
            Err(TryLockError::Error(error)) => Err(error),
        }
    }

    /// The names of the entries, at most a thousand. Other files, which a folder may have, are not ours to touch.
    pub(crate) fn names(&self) -> io::Result<Vec<String>> {
        let names = fs::read_dir(&self.0)?.flatten().filter_map(|entry| entry.file_name().into_string().ok());
        let is_ours =
            |name: &String| name.len() == 64 && name.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
        Ok(names.filter_map(|name| name.strip_suffix(ENTRY).map(str::to_owned)).filter(is_ours).take(MOST).collect())
    }

    /// Removes an entry, and its lock if nobody holds it.
    pub(crate) fn remove(&self, name: &str) -> io::Result<()> {
        fs::remove_file(self.path(name, ENTRY))?;
        step();
        // Dropping the lock removes its file.
        self.try_lock(name).map(drop)
    }

    fn path(&self, name: &str, ending: &str) -> PathBuf {
        self.0.join(format!("{name}{ending}"))
    }
}

/// An entry that only this process writes, until this is dropped or the process ends.
#[derive(Debug)]
pub(crate) struct LockedEntry {
    file: File,
    folder: PrivateFolder,
    name: String,
}

impl LockedEntry {
    /// Replaces the entry.
    pub(crate) fn write(&self, bytes: &[u8]) -> io::Result<()> {
        let temporary = self.folder.path(&self.name, TEMPORARY);
        // A process that was killed may have left one behind.
        let _ = fs::remove_file(&temporary);
        let written = private(OpenOptions::new().write(true).create_new(true)).open(&temporary).and_then(|mut file| {
            file.write_all(bytes)?;
            // Windows cannot rename a file that is open.
            drop(file);
            step();
            fs::rename(&temporary, self.folder.path(&self.name, ENTRY))
        });
        written.inspect_err(|_| _ = fs::remove_file(&temporary))
    }
}

impl Drop for LockedEntry {
    fn drop(&mut self) {
        // Nothing was fetched, and nobody may ask for it again. Who waits for the lock notices that it is gone. Not on
        // Windows, where a file can only be removed for those who open it later.
        if cfg!(unix) && !self.folder.path(&self.name, ENTRY).exists() {
            step();
            let _ = fs::remove_file(self.folder.path(&self.name, LOCK));
        }
        step();
        // Closing is not enough: a child forked meanwhile shares the open file, and would keep the lock.
        let _ = self.file.unlock();
    }
}

/// For this user alone, and never through a symbolic link.
fn private(options: &mut OpenOptions) -> &mut OpenOptions {
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt as _;
        options.mode(0o600).custom_flags(rustix::fs::OFlags::NOFOLLOW.bits().cast_signed())
    }
    #[cfg(not(unix))]
    options
}

#[cfg(unix)]
fn is_own(found: &fs::Metadata) -> bool {
    std::os::unix::fs::MetadataExt::uid(found) == rustix::process::geteuid().as_raw()
}

#[cfg(unix)]
fn is_private(found: &fs::Metadata) -> bool {
    is_own(found) && std::os::unix::fs::MetadataExt::mode(found) & 0o077 == 0
}

/// On Windows, a file has the permissions of its folder.
#[cfg(not(unix))]
fn is_private(_: &fs::Metadata) -> bool {
    true
}

/// Interleaves threads, which lock files against each other like processes, between all steps:
/// `cargo test -p aliyun-cred --features model-check`.
#[cfg(all(test, feature = "model-check"))]
mod model {
    use super::*;
    use shuttle::sync::Arc;
    use shuttle::sync::atomic::{AtomicUsize, Ordering};
    use shuttle::thread;

    const NAME: &str = "entry";

    /// Two write the entry and one has nothing to write, while another one removes it.
    fn race() {
        let path = std::env::temp_dir().join(format!("aliyun-cred-test-{}", uuid::Uuid::new_v4()));
        let folder = PrivateFolder::open(&path).unwrap();
        let holders = Arc::new(AtomicUsize::new(0));
        let hold = |writes: bool| {
            let (folder, holders) = (folder.clone(), holders.clone());
            move || loop {
                let Some(lock) = folder.try_lock(NAME).unwrap() else {
                    thread::yield_now();
                    continue;
                };
                assert_eq!(holders.fetch_add(1, Ordering::SeqCst), 0, "two have the lock");
                if writes {
                    lock.write(b"{}").unwrap();
                }
                step();
                holders.fetch_sub(1, Ordering::SeqCst);
                return;
            }
        };
        let remove = {
            let folder = folder.clone();
            // An error: there is none.
            move || drop(folder.remove(NAME))
        };
        let threads =
            [thread::spawn(hold(true)), thread::spawn(hold(false)), thread::spawn(hold(true)), thread::spawn(remove)];
        for thread in threads {
            thread.join().unwrap();
        }
        let left = fs::read_dir(&path).unwrap().flatten().map(|entry| entry.file_name());
        assert!(left.into_iter().all(|name| name == "entry.json" || name == "entry.lock"), "something is left");
        fs::remove_dir_all(path).unwrap();
    }

    #[test]
    fn an_entry_has_one_holder() {
        shuttle::check_random(race, 1_000);
    }
}
