//! Reads files, and replaces files shared by several processes atomically, under a lock that the official SDKs respect.
//!
//! The lock is `flock` on the file itself, as in the official SDKs. Replacing a file creates another one, so after
//! taking the lock, check that it is still the one at the path. On Windows, a locked or open file can be neither read
//! nor replaced by others; there, a file beside it is locked.
//! Invariant: the path always leads to a complete file, old or new, unless the file has several hard links.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use zeroize::Zeroizing;

use crate::text::{is_news, warn};

/// The prefix of temporary files, so that those of a killed process can be removed.
const TEMPORARY: &str = ".aliyun-cred-tmp-";

/// The largest file that is read: 1 MiB. Typical ones have a few KiB.
const MAX_FILE: u64 = 1 << 20;

/// What tells one content of a file from the next, without reading it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct FileStamp {
    /// The device and the inode, where there are such.
    id: (u64, u64),
    size: u64,
    /// When the content was last written, and when the file was last touched in any other way (where that is not known,
    /// when it was made), in nanoseconds since the Unix epoch.
    times: (i128, i128),
}

impl FileStamp {
    /// Of a file that a test made up; `changed` in milliseconds.
    #[cfg(all(test, not(feature = "model-check")))]
    pub(super) fn fake(changed: u64, size: usize) -> Self {
        FileStamp { id: (0, 0), size: size as u64, times: (i128::from(changed) * 1_000_000, 0) }
    }

    /// `None` if the file does not exist, or cannot be looked at.
    #[cfg(unix)]
    pub(super) fn of(path: &Path) -> Option<Self> {
        use std::os::unix::fs::MetadataExt as _;
        let found = fs::metadata(path).ok()?;
        let nanos = |seconds: i64, nanos: i64| i128::from(seconds) * 1_000_000_000 + i128::from(nanos);
        let times = (nanos(found.mtime(), found.mtime_nsec()), nanos(found.ctime(), found.ctime_nsec()));
        Some(FileStamp { id: (found.dev(), found.ino()), size: found.len(), times })
    }

    /// `None` if the file does not exist, or cannot be looked at.
    #[cfg(not(unix))]
    pub(super) fn of(path: &Path) -> Option<Self> {
        let found = fs::metadata(path).ok()?;
        let nanos = |time: io::Result<std::time::SystemTime>| {
            let elapsed = time.ok().and_then(|time| time.duration_since(std::time::UNIX_EPOCH).ok());
            elapsed.map_or(0, |elapsed| i128::try_from(elapsed.as_nanos()).unwrap_or(i128::MAX))
        };
        let times = (nanos(found.modified()), nanos(found.created()));
        Some(FileStamp { id: (0, 0), size: found.len(), times })
    }

    /// When it was last written, or moved to its place, in milliseconds since the Unix epoch.
    pub(crate) fn changed(&self) -> u64 {
        u64::try_from(self.times.0.max(self.times.1) / 1_000_000).unwrap_or(0)
    }
}

/// Stands between two steps on a file that several processes use: in the model check, another one may go on here.
pub(super) fn step() {
    #[cfg(all(test, feature = "model-check"))]
    shuttle::thread::yield_now();
}

/// Reads a file of at most 1 MiB. Anything but a regular file (a pipe without a writer, an endless device) is rejected
/// unread.
pub(super) fn read(path: &Path) -> io::Result<Zeroizing<Vec<u8>>> {
    read_up_to(path, MAX_FILE)
}

/// Like [`read`], for a file that may hold secrets: warns once of each that all users can read, as `ssh` does.
pub(super) fn read_private(path: &Path) -> io::Result<Zeroizing<Vec<u8>>> {
    let read = read(path);
    if read.is_ok()
        && let Some(text) = open_to_all(path)
        && is_news(&format!("mode of {}", path.display()))
    {
        warn(&text, &text);
    }
    read
}

/// A warning, if all users can read a file; on Windows, nothing is known of that.
#[cfg(unix)]
pub(crate) fn open_to_all(path: &Path) -> Option<String> {
    use std::os::unix::fs::PermissionsExt as _;
    let is_open = fs::metadata(path).is_ok_and(|found| found.permissions().mode() & 0o004 != 0);
    is_open.then(|| {
        let shown = crate::text::shown_path(path);
        format!(
            "the mode of {shown} lets all users read it, and it may hold secrets; permit that to its owner only \
             (chmod 600)"
        )
    })
}

#[cfg(not(unix))]
pub(crate) fn open_to_all(_: &Path) -> Option<String> {
    None
}

/// Like [`read`], with a limit in bytes, a whole number of MiB.
pub(super) fn read_up_to(path: &Path, limit: u64) -> io::Result<Zeroizing<Vec<u8>>> {
    let mut options = OpenOptions::new();
    options.read(true);
    // Without this, opening a pipe would wait for its other end.
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::custom_flags(&mut options, rustix::fs::OFlags::NONBLOCK.bits().cast_signed());
    whole(&options.open(path)?, limit)
}

fn whole(file: &File, limit: u64) -> io::Result<Zeroizing<Vec<u8>>> {
    let metadata = file.metadata()?;
    if metadata.is_dir() {
        return Err(io::ErrorKind::IsADirectory.into());
    }
    let refused = |why: &str| Err(io::Error::new(io::ErrorKind::InvalidInput, why));
    if !metadata.is_file() {
        return refused("it is not a regular file");
    }
    // Allocated once: a reallocation would leave an unwiped copy behind.
    let expected = usize::try_from(metadata.len().min(limit)).unwrap_or(0);
    let mut bytes = Zeroizing::new(Vec::with_capacity(expected + 1));
    file.take(limit + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > limit {
        return refused(&format!("it is larger than {} MiB", limit >> 20));
    }
    Ok(bytes)
}

#[derive(Debug)]
pub(crate) struct LockedFile {
    lock: File,
    path: PathBuf,
}

impl LockedFile {
    /// Takes the lock, or returns `None` if it is taken. Never waits.
    pub(crate) fn try_acquire(path: &Path) -> io::Result<Option<Self>> {
        // A symbolic link is followed, not replaced.
        let path = fs::canonicalize(path)?;
        step();
        let lock = open_lock(&path)?;
        step();
        match lock.try_lock() {
            Ok(()) if is_lock_of(&lock, &path)? => Ok(Some(LockedFile { lock, path })),
            Ok(()) | Err(TryLockError::WouldBlock) => Ok(None),
            Err(TryLockError::Error(error)) => Err(error),
        }
    }

    /// Reads the current file: some programs write it without taking the lock.
    pub(crate) fn read(&self) -> io::Result<Zeroizing<Vec<u8>>> {
        read(&self.path)
    }

    /// Replaces the file, keeping its permissions, owner, extended attributes and access lists. Processes that wait for
    /// the lock on the old file then find the new one.
    ///
    /// Where replacing is impossible, the file is written in place, with a warning: if it has several hard links, is a
    /// mount point, is in a folder without write permission, or would change its owner.
    pub(crate) fn replace(&self, bytes: &[u8]) -> io::Result<()> {
        let before = fs::metadata(&self.path)?;
        step();
        let why = if has_other_links(&before) {
            "it has several hard links".to_owned()
        } else {
            match self.put_in_place(bytes, &before) {
                Err(error) if may_be_written_still(&error) => error.to_string(),
                outcome => return outcome,
            }
        };
        let path = self.path.display();
        let text =
            format!("{path} is written in place, where a reader may find half of it: it cannot be replaced, {why}");
        warn(&self.path.to_string_lossy(), &text);
        write_in_place(&self.path, bytes)
    }

    fn put_in_place(&self, bytes: &[u8], before: &fs::Metadata) -> io::Result<()> {
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
        #[cfg(unix)]
        keep_owner(&file, before)?;
        file.set_permissions(before.permissions())?;
        #[cfg(any(target_os = "linux", target_vendor = "apple"))]
        copy_attributes(&self.lock, &file);
        file.sync_all()?;
        // Windows cannot replace a file that is open.
        drop(file);
        step();
        fs::rename(&temporary.0, &self.path)?;
        step();
        // Makes the rename survive a power loss; not every file system supports this.
        #[cfg(unix)]
        let _ = File::open(folder).and_then(|folder| folder.sync_all());
        Ok(())
    }
}

impl Drop for LockedFile {
    fn drop(&mut self) {
        // Closing is not enough: a child forked meanwhile shares the open file, and would keep the lock.
        let _ = self.lock.unlock();
    }
}

/// Locks the file itself.
#[cfg(unix)]
fn open_lock(path: &Path) -> io::Result<File> {
    // Some network file systems lock only files open for writing.
    match OpenOptions::new().read(true).write(true).open(path) {
        Err(error) if matches!(error.kind(), io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem) => {
            File::open(path)
        }
        opened => opened,
    }
}

/// Locks an empty file beside it, which is left in place.
#[cfg(not(unix))]
fn open_lock(path: &Path) -> io::Result<File> {
    let mut name = path.as_os_str().to_owned();
    name.push(".lock");
    OpenOptions::new().read(true).write(true).create(true).truncate(false).open(PathBuf::from(name))
}

#[cfg(unix)]
pub(super) fn is_lock_of(lock: &File, path: &Path) -> io::Result<bool> {
    use std::os::unix::fs::MetadataExt;
    step();
    let (held, there) = (lock.metadata()?, fs::metadata(path)?);
    Ok((held.dev(), held.ino()) == (there.dev(), there.ino()))
}

/// The lock file is never replaced.
#[cfg(not(unix))]
pub(super) fn is_lock_of(_: &File, _: &Path) -> io::Result<bool> {
    Ok(true)
}

#[cfg(unix)]
fn has_other_links(metadata: &fs::Metadata) -> bool {
    std::os::unix::fs::MetadataExt::nlink(metadata) > 1
}

/// The standard library does not provide the link count.
#[cfg(not(unix))]
fn has_other_links(_: &fs::Metadata) -> bool {
    false
}

/// Copies owner and group from the other file. Only root may give a file away.
#[cfg(unix)]
fn keep_owner(file: &File, before: &fs::Metadata) -> io::Result<()> {
    use std::os::unix::fs::{MetadataExt, fchown};
    let _ = fchown(file, None, Some(before.gid()));
    let _ = fchown(file, Some(before.uid()), None);
    let after = file.metadata()?;
    match (after.uid(), after.gid()) == (before.uid(), before.gid()) {
        true => Ok(()),
        false => Err(io::Error::new(io::ErrorKind::PermissionDenied, "it would become somebody else's")),
    }
}

/// Whether the folder, and not the file, was the obstacle.
fn may_be_written_still(error: &io::Error) -> bool {
    use io::ErrorKind::{CrossesDevices, PermissionDenied, ReadOnlyFilesystem, ResourceBusy};
    matches!(error.kind(), PermissionDenied | ResourceBusy | CrossesDevices | ReadOnlyFilesystem)
}

fn write_in_place(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut file = OpenOptions::new().write(true).open(path)?;
    file.write_all(bytes)?;
    // Truncate last: a program killed before leaves a file that JSON parsers reject, not an empty one.
    file.set_len(bytes.len() as u64)?;
    file.sync_all()
}

/// Copies extended attributes, which include access lists. One that cannot be copied does not fail the write.
#[cfg(any(target_os = "linux", target_vendor = "apple"))]
fn copy_attributes(from: &File, to: &File) {
    use rustix::fs::{XattrFlags, fgetxattr, flistxattr, fsetxattr};
    // The maximum on Linux, for the list of names and for a value.
    let mut names = vec![0; 1 << 16];
    let mut value = vec![0; 1 << 16];
    let Ok(length) = flistxattr(from, &mut *names) else { return };
    for name in names.get(..length).unwrap_or_default().split(|byte| *byte == 0).filter(|name| !name.is_empty()) {
        if let Ok(length) = fgetxattr(from, name, &mut *value) {
            let _ = fsetxattr(to, name, value.get(..length).unwrap_or_default(), XattrFlags::empty());
        }
    }
}

/// A temporary file, removed on drop. After a rename there is nothing to remove.
struct Temporary(PathBuf);

impl Drop for Temporary {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.0);
    }
}

/// Only the holder of the lock writes, so every other temporary file was left by a dead process.
fn clear_leftovers(folder: &Path, prefix: &str) {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    for entry in entries.filter(|entry| entry.file_name().to_str().is_some_and(|name| name.starts_with(prefix))) {
        let _ = fs::remove_file(entry.path());
    }
}

#[cfg(all(test, not(feature = "model-check")))]
#[allow(clippy::disallowed_methods, reason = "looks at what was written")]
mod tests {
    use super::*;

    /// A temporary folder, removed on drop.
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
        // On systems with a separate lock file, that one stays.
        assert_eq!(fs::read_dir(&folder.0).unwrap().count(), if cfg!(unix) { 2 } else { 3 });
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

    #[cfg(unix)]
    #[test]
    fn a_file_with_several_links_stays_one() {
        let folder = Folder::new();
        let (path, other) = (folder.0.join("config.json"), folder.0.join("other"));
        fs::write(&path, "old and longer").unwrap();
        fs::hard_link(&path, &other).unwrap();
        acquire(&path).replace(b"new").unwrap();
        for path in [&path, &other] {
            assert_eq!(fs::read(path).unwrap(), b"new");
        }
        assert_eq!(fs::read_dir(&folder.0).unwrap().count(), 2);
    }

    /// Access lists are attributes too.
    #[cfg(target_os = "linux")]
    #[test]
    fn extended_attributes_stay() {
        use rustix::fs::{XattrFlags, getxattr, setxattr};
        let folder = Folder::new();
        let path = folder.0.join("config.json");
        fs::write(&path, "old").unwrap();
        // Version 2: owner rw, user 1 r, group -, mask r, others -.
        let list: Vec<u8> = [(1u16, 6u16, u32::MAX), (2, 4, 1), (4, 0, u32::MAX), (16, 4, u32::MAX), (32, 0, u32::MAX)]
            .iter()
            .fold(2u32.to_le_bytes().to_vec(), |mut list, (tag, mode, id)| {
                list.extend(tag.to_le_bytes().iter().chain(&mode.to_le_bytes()).chain(&id.to_le_bytes()));
                list
            });
        let attributes = [("user.aliyun-cred-test", b"kept".to_vec()), ("system.posix_acl_access", list)];
        let set = |(name, value): &&(&str, Vec<u8>)| setxattr(&path, *name, value, XattrFlags::empty()).is_ok();
        // Not every file system supports them.
        let set: Vec<_> = attributes.iter().filter(set).collect();
        acquire(&path).replace(b"new").unwrap();
        for (name, value) in set {
            let mut found = vec![0; 256];
            let length = getxattr(&path, *name, &mut *found).unwrap();
            assert!(found[..length] == **value, "{name} differs");
        }
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
    fn a_lock_is_released_although_another_process_has_the_file_open() {
        let folder = Folder::new();
        let path = folder.0.join("config.json");
        fs::write(&path, "").unwrap();
        let locked = acquire(&path);
        assert!(LockedFile::try_acquire(&path).unwrap().is_none());
        // Like a forked child's copy.
        let inherited = locked.lock.try_clone().unwrap();
        drop(locked);
        assert!(LockedFile::try_acquire(&path).unwrap().is_some());
        drop(inherited);
    }

    #[cfg(unix)]
    #[test]
    fn special_files_are_rejected_unread() {
        let folder = Folder::new();
        let [pipe, circle, large] = ["pipe", "circle", "large"].map(|name| folder.0.join(name));
        assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
        std::os::unix::fs::symlink(&circle, &circle).unwrap();
        fs::write(&large, vec![b'x'; (1 << 20) + 1]).unwrap();
        for path in [pipe.as_path(), &circle, &large, &folder.0, Path::new("/dev/zero")] {
            assert!(read(path).is_err(), "{}", path.display());
        }
        File::options().write(true).open(&large).unwrap().set_len(1 << 40).unwrap();
        assert!(read(&large).is_err(), "a terabyte");
    }

    /// As those of `/proc` do: nothing tells their size beforehand.
    #[cfg(target_os = "linux")]
    #[test]
    fn a_file_may_be_larger_than_it_says() {
        assert_eq!(fs::metadata("/proc/self/stat").unwrap().len(), 0);
        assert!(read(Path::new("/proc/self/stat")).unwrap().len() > 10);
        assert!(read(Path::new("/proc/self/mem")).is_err());
    }

    #[test]
    fn a_file_that_is_replaced_while_it_is_read_is_whole() {
        let folder = Folder::new();
        let path = folder.0.join("config.json");
        let contents = [vec![b'a'; 100_000], vec![b'b'; 50_000]];
        fs::write(&path, &contents[0]).unwrap();
        let writer = std::thread::spawn({
            let (path, contents) = (path.clone(), contents.clone());
            move || (0..100).for_each(|round| acquire(&path).replace(&contents[round % 2]).unwrap())
        });
        while !writer.is_finished() {
            let found = read(&path).unwrap();
            assert!(contents.contains(&found), "{} bytes, neither the old nor the new", found.len());
        }
        writer.join().unwrap();
    }
}

/// Interleaves threads, which lock files against each other like processes, between all steps:
/// `cargo test -p aliyun-cred --features model-check`.
#[cfg(all(test, feature = "model-check"))]
#[allow(clippy::disallowed_methods, reason = "looks at what was written")]
mod model {
    use super::*;
    use shuttle::thread;

    const THREADS: usize = 3;

    fn race() {
        let folder = std::env::temp_dir().join(format!("aliyun-cred-test-{}", uuid::Uuid::new_v4()));
        fs::create_dir(&folder).unwrap();
        let path = folder.join("config.json");
        fs::write(&path, "0").unwrap();
        let count_on = |path: PathBuf| {
            move || loop {
                let Some(file) = LockedFile::try_acquire(&path).unwrap() else {
                    thread::yield_now();
                    continue;
                };
                let count: usize = std::str::from_utf8(&file.read().unwrap()).unwrap().parse().unwrap();
                step();
                return file.replace((count + 1).to_string().as_bytes()).unwrap();
            }
        };
        let threads: Vec<_> = (0..THREADS).map(|_| thread::spawn(count_on(path.clone()))).collect();
        for thread in threads {
            thread.join().unwrap();
        }
        assert_eq!(fs::read_to_string(&path).unwrap(), THREADS.to_string(), "a change is lost");
        assert_eq!(fs::read_dir(&folder).unwrap().count(), 1, "something is left beside it");
        fs::remove_dir_all(folder).unwrap();
    }

    #[test]
    fn no_change_of_a_replaced_file_is_lost() {
        shuttle::check_random(race, 100);
    }
}
