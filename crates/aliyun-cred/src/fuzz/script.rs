//! A system that plays a script: its services answer what the input says, and everything is ready at once.

use std::collections::VecDeque;
use std::ffi::OsString;
use std::future::{Future, ready};
use std::io;
use std::path::Path;
use std::pin::pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use zeroize::Zeroizing;

use super::CANARY;
use crate::error::ErrorKind;
use crate::host::{ClockOffset, Connection, Failure, Host, Now, Pending, Printed, Request, Response, System, parts};
use crate::wording::Surface;

/// In 2027.
pub(super) const NOW: u64 = 1_800_000_000_000;
/// Separates the replies of an input: JSON has no such character.
pub(super) const SEPARATOR: u8 = 0x1e;

#[derive(Debug)]
pub(super) struct Script {
    replies: Mutex<VecDeque<Vec<u8>>>,
    sent: Mutex<Vec<Request>>,
    /// What a command prints, and what every file holds.
    content: Vec<u8>,
    clock_offset: ClockOffset,
}

impl Script {
    /// Each reply is a line with its status and, if it has one, its `Date`, and then its body. Files hold the canary.
    pub(super) fn of_replies(input: &[u8]) -> Arc<Self> {
        let replies = input.split(|byte| *byte == SEPARATOR).map(<[u8]>::to_vec).collect();
        Arc::new(Script { replies: Mutex::new(replies), content: CANARY.into(), ..Script::empty() })
    }

    pub(super) fn of_content(content: &[u8]) -> Arc<Self> {
        Arc::new(Script { content: content.to_vec(), ..Script::empty() })
    }

    fn empty() -> Self {
        Script {
            replies: Mutex::default(),
            sent: Mutex::default(),
            content: Vec::new(),
            clock_offset: ClockOffset::none(),
        }
    }

    pub(super) fn host(self: &Arc<Self>) -> Host {
        Host::on(Arc::<Self>::clone(self), Surface::Rust)
    }

    /// The requests so far.
    pub(super) fn sent(&self) -> MutexGuard<'_, Vec<Request>> {
        self.sent.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl System for Script {
    fn now(&self) -> Now {
        Now { wall: NOW, monotonic: 1_000_000 }
    }

    fn coarse_now(&self) -> Now {
        self.now()
    }

    fn clock_offset(&self) -> &ClockOffset {
        &self.clock_offset
    }

    fn draw(&self) -> f64 {
        0.5
    }

    fn nonce(&self) -> String {
        "nonce".to_owned()
    }

    fn variable(&self, name: &str) -> Option<OsString> {
        (name == "HOME").then(|| "/home/user".into())
    }

    fn read_file(&self, _: &Path) -> io::Result<Zeroizing<Vec<u8>>> {
        Ok(self.content.clone().into())
    }

    fn read_shared_file(&self, path: &Path) -> io::Result<Zeroizing<Vec<u8>>> {
        self.read_file(path)
    }

    fn run_command(&self, _: Vec<String>, _: Duration) -> Pending<Printed> {
        Box::pin(ready(Ok(Ok(self.content.clone().into()))))
    }

    fn send(&self, request: Request, _: Connection) -> Pending<Result<Response, Failure>> {
        self.sent().push(request);
        let reply = self.replies.lock().unwrap_or_else(PoisonError::into_inner).pop_front().unwrap_or_default();
        Box::pin(ready(answer(&reply)))
    }
}

fn answer(reply: &[u8]) -> Result<Response, Failure> {
    let mut parts = reply.splitn(2, |byte| *byte == b'\n');
    let head = String::from_utf8_lossy(parts.next().unwrap_or_default());
    let (status, date) = head.split_once(' ').unwrap_or((&*head, ""));
    match status.parse() {
        Ok(status) => Ok(Response {
            status,
            body: parts.next().unwrap_or_default().to_vec().into(),
            proxy: None,
            date: parts::date(date),
        }),
        Err(_) => Err(Failure {
            kind: ErrorKind::Unavailable,
            connected: status == "broken",
            connection_was_stale: status == "stale",
            text: "no reply".to_owned(),
            target: String::new(),
            hint: "",
        }),
    }
}

/// Runs a future that never waits.
pub(super) fn run<T>(future: impl Future<Output = T>) -> T {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(done) => done,
        Poll::Pending => panic!("it waits for something that is in no script"),
    }
}
