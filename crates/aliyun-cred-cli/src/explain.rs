//! `explain`: the library's report.

use std::io::{IsTerminal as _, stdout};
use std::process::ExitCode;
use std::sync::Arc;

use aliyun_cred::{Client, binding};
use serde_json::{Value, json};

use crate::arguments::Explain;
use crate::client;
use crate::failure::{FAILED, Outcome};
use crate::print;

pub(crate) fn run(arguments: &Explain) -> Outcome {
    let client = client::of(&arguments.chosen)?;
    let report = binding::explain(&client, arguments.all, arguments.rotate).blocking()?;
    let identity = (arguments.identity && report.credentials.is_some()).then(|| identity(&client, arguments));
    if arguments.json {
        let mut document: Value = serde_json::from_str(&report.to_json()).map_err(crate::failure::Failure::new)?;
        if let (Some(identity), Some(document)) = (identity, document.as_object_mut()) {
            document.insert("identity".to_owned(), identity);
        }
        print(format!("{document}\n").as_bytes())?;
    } else {
        let mut text = report.to_string();
        if stdout().is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty()) {
            text = coloured(&text);
        }
        if let Some(identity) = identity {
            text.push_str("\nIdentity\n");
            for (name, value) in identity.as_object().into_iter().flatten() {
                text.push_str(&format!("  {name:14}{}\n", value.as_str().unwrap_or_default()));
            }
        }
        print(text.as_bytes())?;
    }
    Ok(if report.credentials.is_some() { ExitCode::SUCCESS } else { ExitCode::from(FAILED) })
}

/// Who the service says that the credential belongs to, or why it does not.
fn identity(client: &Client, arguments: &Explain) -> Value {
    let asked = client.credentials_blocking().and_then(|credentials| {
        binding::caller_identity(Arc::clone(&credentials), &client::reach(&arguments.chosen.origin))
    });
    match asked {
        Ok(identity) => json!({ "account_id": identity.account_id, "arn": identity.arn }),
        Err(error) => json!({ "error": error.message() }),
    }
}

/// The marks of sources in colour: green for one that answered, red for one that failed.
fn coloured(text: &str) -> String {
    let line = |line: &str| match line.get(..3) {
        Some(mark @ "[+]") => format!("\u{1b}[32m{mark}\u{1b}[0m{}\n", line.trim_start_matches(mark)),
        Some(mark @ "[!]") => format!("\u{1b}[31m{mark}\u{1b}[0m{}\n", line.trim_start_matches(mark)),
        Some(mark @ ("[-]" | "[ ]")) => format!("\u{1b}[2m{mark}{}\u{1b}[0m\n", line.trim_start_matches(mark)),
        _ => format!("{line}\n"),
    };
    text.lines().map(line).collect()
}
