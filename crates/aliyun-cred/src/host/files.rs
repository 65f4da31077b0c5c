//! A file that several processes change: read, and replaced as a whole, under a lock that the others respect.
//!
//! The lock is `flock` on the file itself, as the official SDKs take it. A replaced file is another file, so whoever
//! gets the lock looks whether it is still the one at the path.
//! Invariant: at every moment the path leads to a complete file, the old one or the new one.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use zeroize::Zeroizing;

use super::Stopwatch;

/// How long to wait for others to let go of the lock.
const PATIENCE: Duration = Duration::from_secs(10);
const POLL: Duration = Duration::from_millis(10);
/// What the names of unfinished files have in common, so that those of a killed process can be cleared away.
const TEMPORARY: &str = ".aliyun-cred-tmp-";

#[derive(Debug)]
pub(crate) struct LockedFile {
    file: File,
    path: PathBuf,
}

impl LockedFile {
    /// Waits for the lock, 10 s at most. Blocks.
    pub(crate) fn acquire(path: &Path) -> io::Result<Self> {
        // A link is followed, not replaced.
        let path = fs::canonicalize(path)?;
        let clock = Stopwatch::start();
        loop {
            let file = File::open(&path)?;
            match file.try_lock() {
                Ok(()) if is_at(&file, &path)? => return Ok(LockedFile { file, path }),
                Ok(()) => continue,
                Err(TryLockError::WouldBlock) if clock.elapsed() < PATIENCE => std::thread::sleep(POLL),
                Err(TryLockError::WouldBlock) => {
                    let text = format!("another process has held its lock for {} s", PATIENCE.as_secs());
                    return Err(io::Error::new(io::ErrorKind::TimedOut, text));
                }
                Err(TryLockError::Error(error)) => return Err(error),
            }
        }
    }

    pub(crate) fn read(&mut self) -> io::Result<Zeroizing<Vec<u8>>> {
        let mut bytes = Zeroizing::new(Vec::new());
        self.file.read_to_end(&mut bytes)?;
        Ok(bytes)
    }

    /// Puts `bytes` in the file's place, with the permissions that it has. The lock still keeps out those who wait
    /// for the old file; they find the new one.
    pub(crate) fn replace(&self, bytes: &[u8]) -> io::Result<()> {
        let invalid = || io::Error::from(io::ErrorKind::InvalidInput);
        let folder = self.path.parent().ok_or_else(invalid)?;
        let name = self.path.file_name().and_then(|name| name.to_str()).ok_or_else(invalid)?;
        let prefix = format!(".{name}{TEMPORARY}");
        clear_leftovers(folder, &prefix);
        let temporary = Temporary(folder.join(format!("{prefix}{}", uuid::Uuid::new_v4())));
        let mut options = OpenOptions::new();
        options.write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let mut file = options.open(&temporary.0)?;
        file.write_all(bytes)?;
        file.set_permissions(self.file.metadata()?.permissions())?;
        file.sync_all()?;
        fs::rename(&temporary.0, &self.path)?;
        // So that the new name, too, survives a loss of power; not every file system can.
        #[cfg(unix)]
        let _ = File::open(folder).and_then(|folder| folder.sync_all());
        Ok(())
    }
}

/// Removed when dropped; after a rename there is nothing left to remove.
struct Temporary(PathBuf);

impl Drop for Temporary {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.0);
    }
}

/// Whoever holds the lock is the only one that writes: every other unfinished file is a dead process's.
fn clear_leftovers(folder: &Path, prefix: &str) {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    for entry in entries.filter(|entry| entry.file_name().to_str().is_some_and(|name| name.starts_with(prefix))) {
        let _ = fs::remove_file(entry.path());
    }
}

#[cfg(unix)]
fn is_at(file: &File, path: &Path) -> io::Result<bool> {
    use std::os::unix::fs::MetadataExt;
    let (held, there) = (file.metadata()?, fs::metadata(path)?);
    Ok((held.dev(), held.ino()) == (there.dev(), there.ino()))
}

/// Elsewhere a file that somebody has open is not replaced by another.
#[cfg(not(unix))]
fn is_at(_: &File, _: &Path) -> io::Result<bool> {
    Ok(true)
}

#[cfg(test)]
#[allow(clippy::disallowed_methods, reason = "looks at what was written")]
mod tests {
    use super::*;

    /// A folder of its own, removed when dropped.
    struct Folder(PathBuf);

    impl Folder {
        fn new() -> Self {
            let path = std::env::temp_dir().join(format!("aliyun-cred-test-{}", uuid::Uuid::new_v4()));
            fs::create_dir(&path).unwrap();
            Folder(path)
        }
    }

    impl Drop for Folder {
        fn drop(&mut self) {
            let _ = fs::remove_dir_all(&self.0);
        }
    }

    #[test]
    fn a_replaced_file_keeps_its_mode_and_leaves_nothing_behind() {
        let folder = Folder::new();
        let path = folder.0.join("config.json");
        fs::write(&path, "old").unwrap();
        #[cfg(unix)]
        fs::set_permissions(&path, std::os::unix::fs::PermissionsExt::from_mode(0o640)).unwrap();
        fs::write(folder.0.join(format!(".config.json{TEMPORARY}left")), "unfinished").unwrap();
        fs::write(folder.0.join(".config.json.other"), "not ours").unwrap();
        let mut locked = LockedFile::acquire(&path).unwrap();
        assert_eq!(&**locked.read().unwrap(), b"old");
        locked.replace(b"new").unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"new");
        #[cfg(unix)]
        assert_eq!(std::os::unix::fs::MetadataExt::mode(&fs::metadata(&path).unwrap()) & 0o777, 0o640);
        assert_eq!(fs::read_dir(&folder.0).unwrap().count(), 2);
    }

    #[cfg(unix)]
    #[test]
    fn a_link_is_followed_and_stays() {
        let folder = Folder::new();
        let (real, link) = (folder.0.join("real.json"), folder.0.join("config.json"));
        fs::write(&real, "old").unwrap();
        std::os::unix::fs::symlink(&real, &link).unwrap();
        LockedFile::acquire(&link).unwrap().replace(b"new").unwrap();
        assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
        assert_eq!(fs::read(&real).unwrap(), b"new");
    }

    #[test]
    fn writers_take_turns_and_see_what_the_last_one_wrote() {
        let folder = Folder::new();
        let path = folder.0.join("count");
        fs::write(&path, "0").unwrap();
        let writers: Vec<_> = (0..4)
            .map(|_| {
                let path = path.clone();
                std::thread::spawn(move || {
                    for _ in 0..25 {
                        let mut locked = LockedFile::acquire(&path).unwrap();
                        let text = String::from_utf8(locked.read().unwrap().to_vec()).unwrap();
                        let count: u32 = text.parse().unwrap();
                        locked.replace((count + 1).to_string().as_bytes()).unwrap();
                    }
                })
            })
            .collect();
        for writer in writers {
            writer.join().unwrap();
        }
        assert_eq!(fs::read(&path).unwrap(), b"100");
    }
}
