//! The seam between this crate and the operating system, which tests replace.
//!
//! Invariant: each method's default is the real thing, and everything above `host` uses one of them.

use std::ffi::OsString;
use std::fmt;
use std::future::Future;
use std::io;
use std::path::Path;
use std::pin::Pin;
use std::time::Duration;

use zeroize::Zeroizing;

use super::clock::{CLOCK_OFFSET, ClockOffset, Now};
use super::command;
use super::files::FileStamp;
use super::http::{self, Connection, Failure, Request, Response};
use super::{env, files};
use crate::error::Result;
use crate::runtime::driver;

/// Work that any thread may continue.
pub(crate) type Pending<T> = Pin<Box<dyn Future<Output = T> + Send>>;
/// A command's output, or why there is none; the outer error is this library's own.
pub(crate) type Printed = Result<Result<Zeroizing<Vec<u8>>, command::Failure>>;

/// Everything outside the process.
pub(crate) trait System: fmt::Debug + Send + Sync {
    /// Both clocks, precise enough for a request's timestamp.
    fn now(&self) -> Now {
        Now::precise()
    }

    /// Both clocks, at most a few milliseconds late, for cached reads.
    fn coarse_now(&self) -> Now {
        Now::coarse()
    }

    /// How far the services' clock is ahead.
    fn clock_offset(&self) -> &ClockOffset {
        &CLOCK_OFFSET
    }

    /// Sleeps. Driver only: uses its timer.
    fn sleep(&self, duration: Duration) -> Pending<()> {
        Box::pin(driver::sleep(duration))
    }

    /// A random number, uniform in `0.0..1.0`; processes forked from the same parent draw different ones.
    fn draw(&self) -> f64 {
        let drawn = uuid::Uuid::new_v4().as_fields().0;
        f64::from(drawn) / (f64::from(u32::MAX) + 1.0)
    }

    /// A text that never repeats.
    fn nonce(&self) -> String {
        uuid::Uuid::new_v4().to_string()
    }

    /// An environment variable's value; `None` if it is unset or empty.
    fn variable(&self, name: &str) -> Option<OsString> {
        env::read_os(name)
    }

    /// Learns that a profile or section of a file is used; for systems that record.
    fn note_profile(&self, _path: &Path, _profile: &str) {}

    /// Reads a regular file of at most 1 MiB, which may hold secrets: if all users can read it, warns once.
    fn read_file(&self, path: &Path) -> io::Result<Zeroizing<Vec<u8>>> {
        files::read_private(path)
    }

    /// Like [`System::read_file`], for what all users may read: a token that the platform mounts, or certificates.
    fn read_shared_file(&self, path: &Path) -> io::Result<Zeroizing<Vec<u8>>> {
        files::read(path)
    }

    /// What tells a file's content from another without reading it; `None` if there is no such file.
    fn file_stamp(&self, path: &Path) -> Option<FileStamp> {
        FileStamp::of(path)
    }

    /// Runs a command, and kills it once `limit` has run out.
    fn run_command(&self, words: Vec<String>, limit: Duration) -> Pending<Printed> {
        Box::pin(async move {
            // Runs on the driver, whose timer enforces the limit; its helpers do the blocking work.
            let driver = driver::current()?;
            driver.run(command::run(driver.clone(), words, limit)).await?
        })
    }

    /// Sends one request on the driver and reads the whole reply.
    fn send(&self, request: Request, connection: Connection) -> Pending<Result<Response, Failure>> {
        Box::pin(async move {
            let driver = driver::current()?;
            let (clients, own) = (http::clients(), driver.clone());
            driver.run(async move { clients.send(&own, request, connection).await }).await?
        })
    }
}

/// The real system.
#[derive(Debug)]
pub(crate) struct ThisSystem;

impl System for ThisSystem {}
