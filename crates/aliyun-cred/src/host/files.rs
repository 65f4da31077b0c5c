//! A file that several processes change: read, and replaced as a whole, under a lock that the others respect.
//!
//! The lock is `flock` on the file itself, as the official SDKs take it. A replaced file is another file, so whoever
//! gets the lock looks whether it is still the one at the path.
//! Invariant: at every moment the path leads to a complete file, the old one or the new one.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use zeroize::Zeroizing;

/// What the names of unfinished files have in common, so that those of a killed process can be cleared away.
const TEMPORARY: &str = ".aliyun-cred-tmp-";

/// The largest file that is read: 1 MiB. Real ones have a few KiB.
const MAX_FILE: u64 = 1 << 20;

/// A whole file. Whatever is no regular file (a pipe that nobody writes to, a device without end) is refused unread.
pub(super) fn read(path: &Path) -> io::Result<Zeroizing<Vec<u8>>> {
    let mut options = OpenOptions::new();
    options.read(true);
    // So that opening a pipe does not wait for its other end.
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::custom_flags(&mut options, rustix::fs::OFlags::NONBLOCK.bits().cast_signed());
    whole(&options.open(path)?)
}

fn whole(file: &File) -> io::Result<Zeroizing<Vec<u8>>> {
    let metadata = file.metadata()?;
    if metadata.is_dir() {
        return Err(io::ErrorKind::IsADirectory.into());
    }
    let refused = |why: &str| Err(io::Error::new(io::ErrorKind::InvalidInput, why));
    if !metadata.is_file() {
        return refused("it is not a regular file");
    }
    // Never moved while it grows: what is left behind is not wiped.
    let expected = usize::try_from(metadata.len().min(MAX_FILE)).unwrap_or(0);
    let mut bytes = Zeroizing::new(Vec::with_capacity(expected + 1));
    file.take(MAX_FILE + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > MAX_FILE {
        return refused("it is larger than 1 MiB");
    }
    Ok(bytes)
}

#[derive(Debug)]
pub(crate) struct LockedFile {
    file: File,
    path: PathBuf,
}

impl LockedFile {
    /// The lock, or `None` if somebody else has it. Never waits.
    pub(crate) fn try_acquire(path: &Path) -> io::Result<Option<Self>> {
        // A link is followed, not replaced.
        let path = fs::canonicalize(path)?;
        // Some network file systems lock only what is open for writing.
        let writable = OpenOptions::new().read(true).write(true).open(&path);
        let file = match writable {
            Err(error) if is_read_only(&error) => File::open(&path)?,
            opened => opened?,
        };
        match file.try_lock() {
            Ok(()) if is_at(&file, &path)? => Ok(Some(LockedFile { file, path })),
            Ok(()) | Err(TryLockError::WouldBlock) => Ok(None),
            Err(TryLockError::Error(error)) => Err(error),
        }
    }

    /// The file as it is at this moment: there are programs that write it and know no lock.
    pub(crate) fn read(&self) -> io::Result<Zeroizing<Vec<u8>>> {
        read(&self.path)
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
        let metadata = self.file.metadata()?;
        file.set_permissions(metadata.permissions())?;
        // A file that root changes stays its owner's. Who is not root may not give a file away, and need not.
        #[cfg(unix)]
        {
            use std::os::unix::fs::MetadataExt;
            let _ = std::os::unix::fs::fchown(&file, Some(metadata.uid()), Some(metadata.gid()));
        }
        file.sync_all()?;
        fs::rename(&temporary.0, &self.path)?;
        // So that the new name, too, survives a loss of power; not every file system can.
        #[cfg(unix)]
        let _ = File::open(folder).and_then(|folder| folder.sync_all());
        Ok(())
    }
}

impl Drop for LockedFile {
    fn drop(&mut self) {
        // Closing the file would leave the lock with a child that was forked off meanwhile and has the file open too.
        let _ = self.file.unlock();
    }
}

fn is_read_only(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem)
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

/// Where files have no number to compare: whoever holds the lock of the file at the path keeps another handle from it.
#[cfg(not(unix))]
fn is_at(_: &File, path: &Path) -> io::Result<bool> {
    match File::open(path)?.try_lock() {
        Err(TryLockError::WouldBlock) => Ok(true),
        Err(TryLockError::Error(error)) => Err(error),
        Ok(()) => Ok(false),
    }
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

    fn acquire(path: &Path) -> LockedFile {
        loop {
            if let Some(locked) = LockedFile::try_acquire(path).unwrap() {
                return locked;
            }
            std::thread::yield_now();
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
        let locked = acquire(&path);
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
        acquire(&link).replace(b"new").unwrap();
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
                        let locked = acquire(&path);
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

    #[test]
    fn a_lock_is_let_go_though_another_process_has_the_file_open() {
        let folder = Folder::new();
        let path = folder.0.join("config.json");
        fs::write(&path, "").unwrap();
        let locked = acquire(&path);
        assert!(LockedFile::try_acquire(&path).unwrap().is_none());
        // As a forked child has it.
        let inherited = locked.file.try_clone().unwrap();
        drop(locked);
        assert!(LockedFile::try_acquire(&path).unwrap().is_some());
        drop(inherited);
    }

    #[cfg(unix)]
    #[test]
    fn what_is_no_file_is_refused_unread() {
        let folder = Folder::new();
        let pipe = folder.0.join("pipe");
        rustix::fs::mkfifoat(rustix::fs::CWD, &pipe, rustix::fs::Mode::RUSR | rustix::fs::Mode::WUSR).unwrap();
        for path in [pipe.as_path(), Path::new("/dev/zero"), &folder.0] {
            assert!(read(path).is_err(), "{}", path.display());
        }
        let large = folder.0.join("large");
        fs::write(&large, vec![b'x'; (1 << 20) + 1]).unwrap();
        assert!(read(&large).is_err());
    }
}
