//! A system that records what a source looks at.
//!
//! Invariant: it keeps names, paths, hosts and results, and no values.

use std::ffi::OsString;
use std::fmt;
use std::io;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use zeroize::Zeroizing;

use crate::host::{
    ClockOffset, CommandFailure, Connection, Failure, Now, Pending, Printed, Request, Response, System, authority,
    open_to_all, shown_proxy, variable_state, wall_millis,
};
use crate::protocol::json;
use crate::report::{CommandReport, FileReport, FileState, RequestReport, VariableReport};
use crate::text::{length, one_line, shown_path};

/// What one source looked at.
#[derive(Debug, Default)]
pub(super) struct Seen {
    pub(super) variables: Vec<VariableReport>,
    pub(super) files: Vec<FileReport>,
    pub(super) requests: Vec<RequestReport>,
    pub(super) commands: Vec<CommandReport>,
    /// How far a service's clock is ahead of this machine's, in milliseconds: the host, and the largest difference.
    pub(super) clock: Option<(String, i64)>,
    /// A warning of each file with secrets that all users can read.
    pub(super) open_files: Vec<String>,
}

/// Records, and leaves the work to the real system.
pub(super) struct Recorder {
    real: Arc<dyn System>,
    seen: Arc<Mutex<Seen>>,
}

impl Recorder {
    pub(super) fn new(real: Arc<dyn System>) -> Self {
        Recorder { real, seen: Arc::default() }
    }

    /// Takes what was recorded.
    pub(super) fn take(&self) -> Seen {
        std::mem::take(&mut *lock(&self.seen))
    }
}

impl fmt::Debug for Recorder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Recorder")
    }
}

impl System for Recorder {
    fn now(&self) -> Now {
        self.real.now()
    }

    fn coarse_now(&self) -> Now {
        self.real.coarse_now()
    }

    fn clock_offset(&self) -> &ClockOffset {
        self.real.clock_offset()
    }

    fn sleep(&self, duration: Duration) -> Pending<()> {
        self.real.sleep(duration)
    }

    fn draw(&self) -> f64 {
        self.real.draw()
    }

    fn nonce(&self) -> String {
        self.real.nonce()
    }

    fn variable(&self, name: &str) -> Option<OsString> {
        let mut seen = lock(&self.seen);
        if !seen.variables.iter().any(|variable| variable.name == name) {
            seen.variables.push(VariableReport { name: name.to_owned(), state: variable_state(name) });
        }
        drop(seen);
        self.real.variable(name)
    }

    fn note_profile(&self, path: &Path, profile: &str) {
        let shown = one_line(shown_path(path));
        if let Some(file) = lock(&self.seen).files.iter_mut().rev().find(|file| file.path == shown) {
            file.profile = Some(one_line(profile.to_owned()));
        }
    }

    fn read_file(&self, path: &Path) -> io::Result<Zeroizing<Vec<u8>>> {
        // The report warns instead.
        let read = self.read_shared_file(path);
        if read.is_ok() {
            lock(&self.seen).open_files.extend(open_to_all(path).map(one_line));
        }
        read
    }

    fn read_shared_file(&self, path: &Path) -> io::Result<Zeroizing<Vec<u8>>> {
        let read = self.real.read_shared_file(path);
        let (state, reason) = match &read {
            Ok(_) => (FileState::Read, None),
            Err(error) if error.kind() == io::ErrorKind::NotFound => (FileState::Missing, None),
            Err(error) => (FileState::Unreadable, Some(error.to_string())),
        };
        let report = FileReport { path: one_line(shown_path(path)), profile: None, state, reason };
        let mut seen = lock(&self.seen);
        if !seen.files.contains(&report) {
            seen.files.push(report);
        }
        drop(seen);
        read
    }

    fn run_command(&self, words: Vec<String>, limit: Duration) -> Pending<Printed> {
        let program = words.first().map_or_else(String::new, |word| program(word));
        let hidden = words.first().map_or_else(String::new, |word| length(word));
        let (begun, real, seen) = (self.now(), self.real.clone(), self.seen.clone());
        // Entered now, so that a command that hangs is in the report.
        let index = push(&mut lock(&seen).commands, CommandReport { program, succeeded: false, took: Duration::ZERO });
        Box::pin(async move {
            let printed = real.run_command(words, limit).await;
            let took = real.now().after(begun);
            if let Some(command) = lock(&seen).commands.get_mut(index) {
                command.took = took;
                command.succeeded = matches!(printed, Ok(Ok(_)));
                // What cannot be started may be a secret in the wrong place.
                if let Ok(Err(CommandFailure::Start(_))) = printed {
                    command.program = hidden;
                }
            }
            printed
        })
    }

    fn send(&self, request: Request, connection: Connection) -> Pending<Result<Response, Failure>> {
        let host = authority(&request.url).to_owned();
        let (begun, real, seen) = (self.now(), self.real.clone(), self.seen.clone());
        // Entered now, so that a request that hangs is in the report.
        let entry = RequestReport {
            host: host.clone(),
            proxy: shown_proxy(&request.route, &request.url),
            status: None,
            code: None,
            request_id: None,
            failure: None,
            took: Duration::ZERO,
        };
        let index = push(&mut lock(&seen).requests, entry);
        Box::pin(async move {
            let answer = real.send(request, connection).await;
            let now = real.now();
            let response = answer.as_ref().ok();
            let mut seen = lock(&seen);
            if let Some(entry) = seen.requests.get_mut(index) {
                entry.status = response.map(|response| response.status);
                entry.request_id = response.and_then(request_id);
                entry.failure = answer.as_ref().err().map(|failure| failure.kind);
                entry.took = now.after(begun);
            }
            // Another server that answers in its place has a clock of its own.
            if let Some(date) = response.filter(|response| response.proxy.is_none()).and_then(|response| response.date)
            {
                let ahead = i128::from(wall_millis(date)) - i128::from(now.wall);
                let ahead = i64::try_from(ahead).unwrap_or(i64::MAX);
                if seen.clock.as_ref().is_none_or(|(_, known)| known.abs() < ahead.abs()) {
                    seen.clock = Some((host, ahead));
                }
            }
            drop(seen);
            answer
        })
    }
}

/// Adds an entry, and returns its index.
fn push<T>(entries: &mut Vec<T>, entry: T) -> usize {
    entries.push(entry);
    entries.len() - 1
}

/// The name of a program as reports show it. A word with `=` is a variable's assignment, which no shell evaluates here.
fn program(word: &str) -> String {
    let name = Path::new(word).file_name().map(|name| name.to_string_lossy()).unwrap_or_default();
    if name.contains('=') || name.len() > 64 { length(word) } else { one_line(name.into_owned()) }
}

/// The request ID of a reply, if it looks like one: anything else may be a secret.
fn request_id(response: &Response) -> Option<String> {
    let reply = json::parse(&response.body)?;
    let id = ["RequestId", "requestId"].iter().find_map(|name| reply.get(name))?.as_str()?;
    let is_id = id.len() == 36 && id.chars().all(|c| c.is_ascii_hexdigit() || c == '-');
    is_id.then(|| id.to_owned())
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
