//! The program: starts the emulator, prints its addresses, and exits when standard input ends.

#![forbid(unsafe_code)]

use std::ffi::OsString;
use std::io::{self, Write as _};
use std::path::PathBuf;
use std::process::ExitCode;

use aliyun_cred_emulator::{DEFAULT_ACCESS_KEYS, Emulator};
use tokio::sync::oneshot;

/// What the arguments ask for.
enum Wish {
    Run { ca: Option<PathBuf> },
    Help,
}

fn main() -> ExitCode {
    match wish(std::env::args_os().skip(1)).and_then(|wish| fulfil(wish).map_err(|e| e.to_string())) {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            // If even this fails, there is no one left to tell.
            let _unheard = writeln!(io::stderr(), "aliyun-cred-emulator: {message}");
            ExitCode::from(2)
        }
    }
}

fn wish(mut arguments: impl Iterator<Item = OsString>) -> Result<Wish, String> {
    let mut ca = None;
    while let Some(argument) = arguments.next() {
        let text = argument.to_string_lossy();
        match text.as_ref() {
            "-h" | "--help" => return Ok(Wish::Help),
            "--ca" => ca = Some(arguments.next().ok_or("--ca needs a file")?.into()),
            _ => match text.strip_prefix("--ca=") {
                Some(file) => ca = Some(file.into()),
                None => return Err(format!("unknown argument {text}; see --help")),
            },
        }
    }
    Ok(Wish::Run { ca })
}

fn fulfil(wish: Wish) -> io::Result<()> {
    match wish {
        Wish::Help => io::stdout().write_all(usage().as_bytes()),
        Wish::Run { ca } => {
            let emulator = Emulator::start(ca.as_deref())?;
            let mut stdout = io::stdout();
            writeln!(stdout, "{}", serde_json::to_string(emulator.addresses())?)?;
            stdout.flush()?;
            wait_for_end()
        }
    }
}

/// Waits until standard input ends, or a signal asks the process to exit.
fn wait_for_end() -> io::Result<()> {
    let (end, ended) = oneshot::channel();
    // A thread, because the read cannot be cancelled and a runtime would wait for it.
    std::thread::Builder::new().name("stdin".to_owned()).spawn(move || {
        // An error counts as the end too.
        let _ended = io::copy(&mut io::stdin().lock(), &mut io::sink());
        let _waiting = end.send(());
    })?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        tokio::select! {
            _ = ended => Ok(()),
            asked = asked_to_end() => asked,
        }
    })
}

/// Ctrl-C, or the termination signal.
#[cfg(unix)]
async fn asked_to_end() -> io::Result<()> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut terminate = signal(SignalKind::terminate())?;
    tokio::select! {
        result = tokio::signal::ctrl_c() => result,
        _ = terminate.recv() => Ok(()),
    }
}

/// Ctrl-C.
#[cfg(not(unix))]
async fn asked_to_end() -> io::Result<()> {
    tokio::signal::ctrl_c().await
}

fn usage() -> String {
    let keys: String = DEFAULT_ACCESS_KEYS
        .iter()
        .map(|key| {
            let owner = key.user.map_or("the account itself".to_owned(), |user| format!("RAM user {user}"));
            format!("  {}  {}  account {}, {owner}\n", key.id, key.secret, key.account)
        })
        .collect();
    format!(
        "Alibaba Cloud's credential services on loopback, for tests and demonstrations.

Usage: aliyun-cred-emulator [--ca FILE]

  --ca FILE   where to write the certificate of the authority that signs for the
              HTTPS listener and the proxy (default: a temporary file)
  --help      this text

When it is ready it prints one line of JSON on standard output, with the keys
sts_http, sts_https, proxy, metadata, control (URLs) and ca (the file). It ends
when its standard input ends.

STS, CloudSSO (/cloud-credentials), OAuth (/v1/token, /v1/exchange) and the
credentials URI (/credentials-uri) share sts_http and sts_https, and are behind
the proxy under their real names. Instance metadata has a port of its own.

Access keys (AccessKey ID, AccessKey secret), worth nothing elsewhere:
{keys}
Every well-formed role (acs:ram::<account>:role/<name>) can be assumed, until
POST /reset on the control URL says otherwise. The credentials URI answers
anybody; the other services know nothing until it says what (see the README).
"
    )
}
