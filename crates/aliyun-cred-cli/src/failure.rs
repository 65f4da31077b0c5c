//! How the command fails: one line on standard error, and an exit status.

use std::fmt::Display;
use std::io;
use std::process::ExitCode;

/// What running a command results in.
pub(crate) type Outcome = Result<ExitCode, Failure>;

/// No credential, or another failure of the command's own.
pub(crate) const FAILED: u8 = 1;
/// The command line is invalid.
const USAGE: u8 = 2;
/// The program exists, but cannot be run.
const CANNOT_RUN: u8 = 126;
/// There is no such program.
const NOT_FOUND: u8 = 127;

/// A line for standard error, and the exit status.
#[derive(Debug)]
pub(crate) struct Failure {
    text: String,
    status: u8,
}

impl Failure {
    pub(crate) fn new(text: impl Display) -> Self {
        Failure { text: text.to_string(), status: FAILED }
    }

    /// The command line cannot be parsed, or asks for help.
    pub(crate) fn usage(error: clap::Error) -> Self {
        use clap::error::ErrorKind::{DisplayHelp, DisplayVersion};
        if matches!(error.kind(), DisplayHelp | DisplayVersion) {
            // Printed as it is; a reader that has gone away is no failure.
            let _ = error.print();
            return Failure { text: String::new(), status: 0 };
        }
        let text = error.to_string();
        Failure { text: text.trim_start_matches("error: ").trim_end().to_owned(), status: USAGE }
    }

    /// The command line is invalid in a way that its parser does not know.
    pub(crate) fn invalid(text: impl Display) -> Self {
        Failure { text: text.to_string(), status: USAGE }
    }

    /// A program could not be started.
    pub(crate) fn start(program: &str, error: &io::Error) -> Self {
        let status = if error.kind() == io::ErrorKind::NotFound { NOT_FOUND } else { CANNOT_RUN };
        Failure { text: format!("cannot run {program}: {error}"), status }
    }

    /// The line, without the command's name.
    pub(crate) fn text(&self) -> &str {
        &self.text
    }

    /// Prints the line, and returns the status.
    pub(crate) fn report(self) -> ExitCode {
        if !self.text.is_empty() {
            crate::say(&self.text);
        }
        ExitCode::from(self.status)
    }
}

impl From<aliyun_cred::Error> for Failure {
    fn from(error: aliyun_cred::Error) -> Self {
        Failure::new(error)
    }
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        Failure::new(error)
    }
}
