//! A server in the background, for `eval "$(aliyun-cred serve --print-env)"`.

use std::io::{BufRead as _, BufReader, Read as _};
use std::process::{Command, ExitCode, Stdio};

use crate::arguments::Serve;
use crate::failure::{FAILED, Failure, Outcome};
use crate::{print, say};

/// Starts this program again, prints the lines up to the empty one that it ends them with, and leaves it to itself.
pub(super) fn start(arguments: &Serve) -> Outcome {
    let mut command = Command::new(std::env::current_exe()?);
    command.args(std::env::args_os().skip(1)).arg("--detached").stdout(Stdio::piped());
    let reads_options = arguments.origin.config.as_deref().is_some_and(|path| path.as_os_str() == "-");
    command.stdin(if reads_options { Stdio::inherit() } else { Stdio::null() });
    // Nobody reads its complaints once it serves, unless that is what was asked for.
    command.stderr(if arguments.verbose { Stdio::inherit() } else { Stdio::piped() });
    #[cfg(unix)]
    // Ctrl-C in this terminal is not for it.
    std::os::unix::process::CommandExt::process_group(&mut command, 0);
    let mut child = command.spawn()?;
    let mut lines = String::new();
    if let Some(out) = child.stdout.take() {
        let mut out = BufReader::new(out);
        while out.read_line(&mut lines)? > 0 && !lines.ends_with("\n\n") {}
    }
    if lines.ends_with("\n\n") {
        return print(lines.trim_end_matches('\n').as_bytes()).and_then(|_| print(b"\n"));
    }
    // It ended before it served, and said why in its own name.
    let mut complaint = String::new();
    if let Some(mut errors) = child.stderr.take() {
        errors.read_to_string(&mut complaint)?;
    }
    let status = child.wait()?.code().and_then(|code| u8::try_from(code).ok()).unwrap_or(FAILED);
    match complaint.trim_end().strip_prefix("aliyun-cred: ") {
        Some(line) => say(line),
        None if !complaint.is_empty() => return Err(Failure::new(complaint.trim_end())),
        None => {}
    }
    Ok(ExitCode::from(status))
}
