//! A fake system for tests: clocks move only when the test moves them, services reply what the test says, and no
//! variable is set.

use std::collections::{BTreeMap, VecDeque};
use std::ffi::OsString;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use tokio::sync::oneshot;
use zeroize::Zeroizing;

use super::clock::{ClockOffset, Now};
use super::files::FileStamp;
use super::http::{Connection, Failure, Request, Response};
use super::system::{Pending, Printed, System};

/// A request that waits for the test to reply.
pub(crate) struct Asked {
    pub(crate) request: Request,
    reply: oneshot::Sender<Response>,
}

impl Asked {
    pub(crate) fn reply(self, status: u16, body: &str) {
        self.reply_at(None, status, body);
    }

    /// Replies with this `Date`.
    pub(crate) fn reply_at(self, date: Option<SystemTime>, status: u16, body: &str) {
        let _ = self.reply.send(Response { status, body: body.as_bytes().to_vec().into(), proxy: None, date });
    }
}

/// A timer that sleeps until the test ends it.
pub(crate) struct Nap {
    pub(crate) duration: Duration,
    wake: oneshot::Sender<()>,
}

impl Nap {
    pub(crate) fn end(self) {
        let _ = self.wake.send(());
    }
}

#[derive(Debug)]
pub(crate) struct FakeSystem {
    now: Mutex<Now>,
    clock_offset: ClockOffset,
    draws: Mutex<VecDeque<f64>>,
    files: Mutex<BTreeMap<PathBuf, (Vec<u8>, FileStamp)>>,
    reads: AtomicUsize,
    asked: Sender<Asked>,
    naps: Sender<Nap>,
}

/// The test's handle on a [`FakeSystem`].
pub(crate) struct Fake {
    pub(crate) system: Arc<FakeSystem>,
    pub(crate) asked: Receiver<Asked>,
    pub(crate) naps: Receiver<Nap>,
}

impl Fake {
    pub(crate) fn new() -> Self {
        let ((asked_sender, asked), (nap_sender, naps)) = (channel(), channel());
        let system = Arc::new(FakeSystem {
            now: Mutex::new(Now { wall: 1_700_000_000_000, monotonic: 1_000_000 }),
            clock_offset: ClockOffset::none(),
            draws: Mutex::default(),
            files: Mutex::default(),
            reads: AtomicUsize::new(0),
            asked: asked_sender,
            naps: nap_sender,
        });
        Fake { system, asked, naps }
    }

    pub(crate) fn now(&self) -> Now {
        self.system.now()
    }

    pub(crate) fn pass(&self, duration: Duration) {
        let millis = u64::try_from(duration.as_millis()).unwrap();
        let mut now = lock(&self.system.now);
        *now = Now { wall: now.wall + millis, monotonic: now.monotonic + millis };
    }

    /// Replaces a file, now.
    pub(crate) fn write(&self, path: &str, text: &str) {
        let mut files = lock(&self.system.files);
        let stamp = FileStamp::fake(self.now().wall, text.len());
        files.insert(path.into(), (text.as_bytes().to_vec(), stamp));
    }

    pub(crate) fn remove(&self, path: &str) {
        lock(&self.system.files).remove(Path::new(path));
    }

    pub(crate) fn text(&self, path: &str) -> String {
        String::from_utf8(lock(&self.system.files)[Path::new(path)].0.clone()).unwrap()
    }

    /// How often a file was read.
    pub(crate) fn reads(&self) -> usize {
        self.system.reads.load(Ordering::Relaxed)
    }

    /// Sets the wall clock.
    pub(crate) fn set_wall(&self, wall: u64) {
        lock(&self.system.now).wall = wall;
    }

    /// The next values to draw; 0.5 after the last of them.
    pub(crate) fn draws(&self, draws: &[f64]) {
        lock(&self.system.draws).extend(draws);
    }
}

impl System for FakeSystem {
    fn now(&self) -> Now {
        *lock(&self.now)
    }

    fn coarse_now(&self) -> Now {
        self.now()
    }

    fn clock_offset(&self) -> &ClockOffset {
        &self.clock_offset
    }

    fn sleep(&self, duration: Duration) -> Pending<()> {
        let (wake, woken) = oneshot::channel();
        let _ = self.naps.send(Nap { duration, wake });
        Box::pin(async move { _ = woken.await })
    }

    fn draw(&self) -> f64 {
        lock(&self.draws).pop_front().unwrap_or(0.5)
    }

    fn nonce(&self) -> String {
        "nonce".to_owned()
    }

    fn variable(&self, _: &str) -> Option<OsString> {
        None
    }

    fn read_file(&self, path: &Path) -> io::Result<Zeroizing<Vec<u8>>> {
        self.reads.fetch_add(1, Ordering::Relaxed);
        let files = lock(&self.files);
        files.get(path).map(|(bytes, _)| bytes.clone().into()).ok_or_else(|| io::ErrorKind::NotFound.into())
    }

    fn read_shared_file(&self, path: &Path) -> io::Result<Zeroizing<Vec<u8>>> {
        self.read_file(path)
    }

    fn file_stamp(&self, path: &Path) -> Option<FileStamp> {
        lock(&self.files).get(path).map(|(_, stamp)| stamp.clone())
    }

    fn run_command(&self, _: Vec<String>, _: Duration) -> Pending<Printed> {
        Box::pin(async { unreachable!("no test runs a command") })
    }

    fn send(&self, request: Request, _: Connection) -> Pending<Result<Response, Failure>> {
        let (reply, replied) = oneshot::channel();
        let _ = self.asked.send(Asked { request, reply });
        Box::pin(async move { Ok(replied.await.unwrap()) })
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
