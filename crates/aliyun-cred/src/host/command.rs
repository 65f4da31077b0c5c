//! Running a command: no shell, no input, a time limit, and nothing of it left behind.
//!
//! Invariant: when [`run`] returns, the command and everything in its process group is gone.

use std::io::{self, Read};
use std::process::{Child, ChildStdout, Command, ExitStatus, Stdio};
use std::time::Duration;

use tokio::task::spawn_blocking;
use zeroize::Zeroizing;

/// The most that a command may print.
const MAX_OUTPUT: u64 = 1 << 20;

#[derive(Debug)]
pub(crate) enum Failure {
    /// It could not be started.
    Start(io::Error),
    /// It ended with a failure.
    Exit(ExitStatus),
    Timeout,
    /// It printed more than 1 MiB.
    TooMuch,
}

/// Runs `words` and returns what it printed on its standard output. Its standard error is not read: a terminal that
/// belongs to the host program is not ours to write to.
pub(super) async fn run(words: Vec<String>, limit: Duration) -> Result<Zeroizing<Vec<u8>>, Failure> {
    let start = || Failure::Start(io::Error::other("the helper thread ended"));
    let mut child = spawn_blocking(move || start_child(&words)).await.map_err(|_| start())?.map_err(Failure::Start)?;
    let Some(stdout) = child.stdout.take() else { return Err(start()) };
    let group = Group::of(&child);
    let reading = spawn_blocking(move || read(stdout));
    let Ok(output) = tokio::time::timeout(limit, reading).await else {
        group.kill(&mut child);
        reap(child).await;
        return Err(Failure::Timeout);
    };
    let output = output.map_err(|_| start())?.map_err(Failure::Start)?;
    if output.len() as u64 > MAX_OUTPUT {
        group.kill(&mut child);
        reap(child).await;
        return Err(Failure::TooMuch);
    }
    // It has closed its output; one that stays without printing any more is as good as one that hangs.
    let mut waits = tokio::time::interval(Duration::from_millis(5));
    let ended = tokio::time::timeout(limit, async {
        loop {
            waits.tick().await;
            match child.try_wait() {
                Ok(Some(status)) => return Ok(status),
                Ok(None) => {}
                Err(error) => return Err(error),
            }
        }
    })
    .await;
    match ended {
        Ok(Ok(status)) if status.success() => Ok(output),
        Ok(Ok(status)) => Err(Failure::Exit(status)),
        Ok(Err(error)) => Err(Failure::Start(error)),
        Err(_) => {
            group.kill(&mut child);
            reap(child).await;
            Err(Failure::Timeout)
        }
    }
}

#[allow(clippy::disallowed_methods, reason = "the one place that runs commands")]
fn start_child(words: &[String]) -> io::Result<Child> {
    let (program, arguments) = words.split_first().ok_or_else(|| io::Error::from(io::ErrorKind::InvalidInput))?;
    let mut command = Command::new(program);
    command.args(arguments).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null());
    #[cfg(unix)]
    std::os::unix::process::CommandExt::process_group(&mut command, 0);
    command.spawn()
}

/// Reads to the end, or one byte more than is allowed.
fn read(stdout: ChildStdout) -> io::Result<Zeroizing<Vec<u8>>> {
    let mut output = Zeroizing::new(Vec::with_capacity(4096));
    stdout.take(MAX_OUTPUT + 1).read_to_end(&mut output)?;
    Ok(output)
}

async fn reap(mut child: Child) {
    let _ = spawn_blocking(move || child.wait()).await;
}

/// The process group that a command leads, so that what it started dies with it.
struct Group {
    #[cfg(unix)]
    leader: Option<rustix::process::Pid>,
}

impl Group {
    #[cfg(unix)]
    fn of(child: &Child) -> Self {
        Group { leader: i32::try_from(child.id()).ok().and_then(rustix::process::Pid::from_raw) }
    }

    #[cfg(not(unix))]
    fn of(_: &Child) -> Self {
        Group {}
    }

    fn kill(&self, child: &mut Child) {
        #[cfg(unix)]
        if let Some(leader) = self.leader {
            let _ = rustix::process::kill_process_group(leader, rustix::process::Signal::KILL);
        }
        let _ = child.kill();
    }
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    fn run_now(script: &str, limit: Duration) -> Result<Zeroizing<Vec<u8>>, Failure> {
        let words = ["sh", "-c", script].map(str::to_owned).to_vec();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(run(words, limit))
    }

    const LONG: Duration = Duration::from_secs(60);

    #[test]
    fn output_comes_whole_and_input_is_empty() {
        assert_eq!(&**run_now("cat; printf 'a b'; printf noise >&2", LONG).unwrap(), b"a b");
    }

    #[test]
    fn failures_are_told_apart() {
        assert!(matches!(run_now("echo x; exit 7", LONG), Err(Failure::Exit(status)) if status.code() == Some(7)));
        assert!(matches!(run_now("yes", LONG), Err(Failure::TooMuch)));
        let nothing = || run_now("", LONG);
        assert!(nothing().unwrap().is_empty());
    }

    /// The pipe's other end closes only when nobody of the process group holds it any more.
    #[test]
    fn what_takes_too_long_dies_with_all_that_it_started() {
        let pipe = std::env::temp_dir().join(format!("aliyun-cred-test-{}", uuid::Uuid::new_v4()));
        let path = pipe.display().to_string();
        assert!(run_now(&format!("mkfifo {path}"), LONG).is_ok());
        let reader = std::thread::spawn(move || std::io::read_to_string(std::fs::File::open(path).unwrap()).unwrap());
        let script = format!("exec 3>{}; echo begun >&3; sleep 1000 & sleep 1000", pipe.display());
        assert!(matches!(run_now(&script, Duration::from_millis(500)), Err(Failure::Timeout)));
        assert_eq!(reader.join().unwrap(), "begun\n");
        std::fs::remove_file(pipe).unwrap();
    }

    /// It has closed its output but does not end.
    #[test]
    fn silence_is_no_excuse_for_staying() {
        assert!(matches!(run_now("exec >&-; sleep 1000", Duration::from_millis(300)), Err(Failure::Timeout)));
    }
}
