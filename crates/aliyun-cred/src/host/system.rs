//! The seam between this crate and the operating system, for tests to put something else in its place.
//!
//! Invariant: the default of each method is the real thing, and everything above `host` goes through one of them.

use std::ffi::OsString;
use std::fmt;
use std::future::Future;
use std::io;
use std::path::Path;
use std::pin::Pin;
use std::time::Duration;

use zeroize::Zeroizing;

use super::clock::Now;
use super::command;
use super::http::{self, Connection, Failure, Request, Response};
use super::{env, files};
use crate::error::Result;
use crate::runtime::driver;

/// Work that any thread may go on with.
pub(crate) type Pending<T> = Pin<Box<dyn Future<Output = T> + Send>>;
/// What a command printed, or why it printed nothing of use; the outer error is this library's own.
pub(crate) type Printed = Result<Result<Zeroizing<Vec<u8>>, command::Failure>>;

/// What lies outside the process.
pub(crate) trait System: fmt::Debug + Send + Sync {
    /// Both clocks, precise enough for a request's timestamp.
    fn now(&self) -> Now {
        Now::precise()
    }

    /// Both clocks, a few milliseconds late at most, for every cached read.
    fn coarse_now(&self) -> Now {
        Now::coarse()
    }

    /// Waits. On the driver only, whose timer it is.
    fn sleep(&self, duration: Duration) -> Pending<()> {
        Box::pin(driver::sleep(duration))
    }

    /// A number drawn uniformly from `0.0..1.0`, by two processes that were forked off the same one differently.
    fn draw(&self) -> f64 {
        let drawn = uuid::Uuid::new_v4().as_fields().0;
        f64::from(drawn) / (f64::from(u32::MAX) + 1.0)
    }

    /// A text that is never drawn twice.
    fn nonce(&self) -> String {
        uuid::Uuid::new_v4().to_string()
    }

    /// An environment variable's value; `None` if it is unset or empty.
    fn variable(&self, name: &str) -> Option<OsString> {
        env::read_os(name)
    }

    /// A whole regular file of 1 MiB at most.
    fn read_file(&self, path: &Path) -> io::Result<Zeroizing<Vec<u8>>> {
        files::read(path)
    }

    /// Runs a command, and ends it once `limit` has run out.
    fn run_command(&self, words: Vec<String>, limit: Duration) -> Pending<Printed> {
        Box::pin(async move {
            // On the driver, whose timer the limit needs; its helpers do what blocks.
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

/// The system that this process runs on.
#[derive(Debug)]
pub(crate) struct ThisSystem;

impl System for ThisSystem {}
