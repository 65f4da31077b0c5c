//! `aliyun-cred`: a command for credentials, on the same resolver as the libraries.
//!
//! Invariant: a secret is printed by `get` alone, and never an argument. `serve` prints its token.
#![forbid(unsafe_code)]
#![allow(clippy::disallowed_methods, reason = "a program is not the core")]

mod arguments;
mod cache;
mod child;
mod client;
mod environment;
mod exec;
mod explain;
mod failure;
mod get;
mod list;
mod serve;
mod warnings;
mod whoami;

use std::io::{self, Write as _};
use std::process::ExitCode;

use clap::{CommandFactory as _, Parser as _};

use arguments::{Arguments, Command};
use failure::{Failure, Outcome};

#[cfg(any(test, feature = "fuzzing"))]
#[doc(hidden)]
pub use serve::fuzz;

/// The command: reads the arguments, does what they say, and returns its status.
#[must_use]
pub fn main() -> ExitCode {
    match run() {
        Ok(status) => status,
        Err(failure) => failure.report(),
    }
}

fn run() -> Outcome {
    let arguments = Arguments::try_parse().map_err(Failure::usage)?;
    warnings::print();
    match arguments.command {
        Command::Explain(arguments) => explain::run(&arguments),
        Command::List => list::run(),
        Command::Get(arguments) => get::run(&arguments),
        Command::Exec(arguments) => exec::run(arguments),
        Command::Serve(arguments) => serve::run(*arguments),
        Command::Cache { action } => cache::run(action),
        Command::Whoami(arguments) => whoami::run(&arguments),
        Command::Completions { shell } => {
            let mut script = Vec::new();
            clap_complete::generate(shell, &mut Arguments::command(), "aliyun-cred", &mut script);
            print(&script)
        }
        Command::Man => {
            let mut page = Vec::new();
            clap_mangen::Man::new(Arguments::command()).render(&mut page)?;
            print(&page)
        }
    }
}

/// Writes to standard output. A reader that has gone away is no failure.
fn print(bytes: &[u8]) -> Outcome {
    let mut out = io::stdout().lock();
    match out.write_all(bytes).and_then(|()| out.flush()) {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(ExitCode::SUCCESS),
        written => written.map(|()| ExitCode::SUCCESS).map_err(Failure::from),
    }
}

/// Writes a line to standard error.
fn say(line: &str) {
    // Standard error may be closed; there is nowhere else to say so.
    let _ = writeln!(io::stderr(), "aliyun-cred: {line}");
}
