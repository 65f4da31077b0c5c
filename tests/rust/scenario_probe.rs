//! The Rust probe of the scenarios: `scenario_probe <folder> <calls> ask` resolves a credential with
//! `<folder>/config.json`, or with the default chain, and writes the result to `<folder>/result.json`; `explain` writes
//! a report, and prints it; `memory` waits while it holds a credential, and once it has dropped everything.

use std::io::Read as _;
use std::path::{Path, PathBuf};

use aliyun_cred::{Client, Config, Credentials, Error};
use serde_json::{Value, json};

#[global_allocator]
static ALLOCATOR: zeroizing_alloc::ZeroAlloc<std::alloc::System> = zeroizing_alloc::ZeroAlloc(std::alloc::System);

/// Prints every log line, so that a secret in one is found.
struct Stderr;

impl log::Log for Stderr {
    fn enabled(&self, _: &log::Metadata<'_>) -> bool {
        true
    }

    fn log(&self, record: &log::Record<'_>) {
        show(&format!("{} {}: {}", record.level(), record.target(), record.args()));
    }

    fn flush(&self) {}
}

#[allow(clippy::print_stderr, reason = "this is a program")]
fn show(text: &str) {
    eprintln!("{text}");
}

#[allow(clippy::print_stdout, reason = "this is a program")]
fn main() -> Result<(), Box<dyn std::error::Error>> {
    log::set_logger(&Stderr).map_err(|error| error.to_string())?;
    log::set_max_level(log::LevelFilter::Trace);
    let mut arguments = std::env::args().skip(1);
    let folder = PathBuf::from(arguments.next().ok_or("usage: scenario_probe <folder> <calls>")?);
    let calls: usize = arguments.next().ok_or("usage: scenario_probe <folder> <calls>")?.parse()?;

    let mode = arguments.next().unwrap_or_default();
    if mode == "memory" {
        hold(&folder, calls);
        return await_word("freed");
    }
    if mode.starts_with("explain") {
        let report = match client(&folder) {
            Ok(client) if mode == "explain-rotate" => client.explain().all().rotate().blocking(),
            Ok(client) => client.explain_blocking(),
            Err(error) => Err(error),
        };
        let result = match report {
            Ok(report) => {
                print!("{report}");
                json!({ "construction_error": null, "report": report })
            }
            Err(error) => json!({ "construction_error": describe(&error) }),
        };
        std::fs::write(folder.join("result.json"), result.to_string())?;
        return Ok(());
    }
    let result = match client(&folder) {
        Ok(client) => {
            show(&format!("{client:?}"));
            let outcomes: Vec<Value> = (0..calls).map(|_| outcome(&client)).collect();
            let status = client.status();
            show(&format!("{status:?}"));
            let clock_offset = status.clock_offset_ms / 1000;
            json!({ "construction_error": null, "outcomes": outcomes, "clock_offset": clock_offset })
        }
        Err(error) => json!({ "construction_error": describe(&error), "outcomes": [] }),
    };
    std::fs::write(folder.join("result.json"), result.to_string())?;
    Ok(())
}

/// Asks, each time for a new credential, and for a report, and waits while it holds the last credential. Prints its
/// secrets backwards.
#[allow(clippy::print_stdout, reason = "this is a program")]
fn hold(folder: &Path, calls: usize) {
    let (client, mut held) = (client(folder), None);
    if let Ok(client) = &client {
        for _ in 0..calls.max(2) {
            client.invalidate();
            held = client.credentials_blocking().ok().or(held);
        }
        // A failure shows in the mode `explain`.
        let _ = client.explain_blocking();
    }
    if let Some(held) = &held {
        for secret in [held.access_key_secret(), held.security_token(), held.bearer_token()].into_iter().flatten() {
            println!("{}", secret.chars().rev().collect::<String>());
        }
    }
    let _ = await_word("held");
}

/// Says how far this program is, and waits until it may go on.
#[allow(clippy::print_stdout, reason = "this is a program")]
fn await_word(word: &str) -> Result<(), Box<dyn std::error::Error>> {
    println!("{word}");
    Ok(std::io::stdin().read_exact(&mut [0])?)
}

#[allow(clippy::disallowed_methods, reason = "this is a program")]
fn client(folder: &Path) -> aliyun_cred::Result<Client> {
    let builder = Client::builder().on_event(|event| show(&format!("{event:?}")));
    let Ok(text) = std::fs::read_to_string(folder.join("config.json")) else {
        return builder.build();
    };
    let config = Config::from_json(&text)?;
    show(&format!("{config:?}"));
    builder.config(&config).build()
}

fn outcome(client: &Client) -> Value {
    match client.credentials_blocking() {
        Ok(credentials) => json!({ "credential": model(&credentials) }),
        Err(error) => json!({ "error": describe(&error) }),
    }
}

fn model(credentials: &Credentials) -> Value {
    show(&format!("{credentials:?}"));
    json!({
        "access_key_id": credentials.access_key_id(),
        "access_key_secret": credentials.access_key_secret(),
        "security_token": credentials.security_token(),
        "bearer_token": credentials.bearer_token(),
        "type": credentials.type_name(),
        "provider_name": credentials.provider_name(),
    })
}

fn describe(error: &Error) -> Value {
    show(&format!("{error} {error:?}"));
    let attempts: Vec<Value> = error
        .attempts()
        .iter()
        .map(|attempt| {
            json!({
                "provider": attempt.provider(),
                "kind": attempt.kind().name(),
                "message": attempt.message(),
            })
        })
        .collect();
    json!({
        "kind": error.kind().name(),
        "message": error.message(),
        "code": error.code(),
        "request_id": error.request_id(),
        "http_status": error.http_status(),
        "attempts": attempts,
    })
}
