//! Runs a command: no shell, no input, a time limit, and nothing left running.
//!
//! Invariant: when [`run`] returns, the command has ended; if it was killed, so was its process group. No thread blocks
//! on it.

use std::io;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::Arc;
use std::time::Duration;

use tokio::time::{Instant, sleep, timeout_at};
use zeroize::Zeroizing;

use crate::error::Result;
#[cfg(not(unix))]
use crate::runtime::call_scope::Scope;
use crate::runtime::driver::Driver;
use crate::runtime::per_process::Own;

/// The most output that a command may print.
const MAX_OUTPUT: usize = 1 << 20;
/// How often to check whether a command has ended.
const POLL: Duration = Duration::from_millis(10);

#[derive(Debug)]
pub(crate) enum Failure {
    /// The command could not be started.
    Start(io::Error),
    /// It exited with a failure.
    Exit(ExitStatus),
    Timeout,
    /// It printed more than 1 MiB.
    TooMuch,
}

/// Runs `words` and returns the standard output. Standard error is discarded: the terminal belongs to the host program.
pub(super) async fn run(
    driver: Arc<Own<Driver>>,
    words: Vec<String>,
    limit: Duration,
) -> Result<Result<Zeroizing<Vec<u8>>, Failure>> {
    let deadline = Instant::now() + limit;
    let signals = driver.signals().clone();
    let starting = driver.read(move || signals.during(|| start_child(&words)).map(Started::new));
    let Ok(started) = timeout_at(deadline, starting).await else {
        return Ok(Err(Failure::Timeout));
    };
    let mut child = match started?.map(Started::take) {
        Ok(Some(child)) => child,
        Ok(None) => return Ok(Err(Failure::Timeout)),
        Err(error) => return Ok(Err(Failure::Start(error))),
    };
    let outcome = timeout_at(deadline, finish(&driver, &mut child)).await.unwrap_or(Err(Failure::Timeout));
    if matches!(outcome, Err(Failure::Timeout | Failure::TooMuch)) {
        kill_group(&mut child);
        // The command has been killed; the system takes a moment to report it.
        while matches!(child.try_wait(), Ok(None)) {
            sleep(POLL).await;
        }
    }
    Ok(outcome)
}

/// Reads the output until the command ends, without waiting for end of file: a child that the host program forked
/// meanwhile, or a process that the command left behind, may keep the pipe open forever.
#[cfg(unix)]
async fn finish(_: &Driver, child: &mut Child) -> Result<Zeroizing<Vec<u8>>, Failure> {
    use std::io::Read;
    let mut stdout = child.stdout.take().ok_or_else(|| Failure::Start(io::ErrorKind::BrokenPipe.into()))?;
    rustix::fs::fcntl_setfl(&stdout, rustix::fs::OFlags::NONBLOCK).map_err(|error| Failure::Start(error.into()))?;
    let mut output = Zeroizing::new(Vec::new());
    let mut chunk = Zeroizing::new([0; 4096]);
    let mut open = true;
    loop {
        // Checked before reading: everything printed before the end is then in the pipe.
        let ended = child.try_wait().map_err(Failure::Start)?;
        while open {
            match stdout.read(&mut *chunk) {
                Ok(0) => open = false,
                Ok(length) => append(&mut output, chunk.get(..length).unwrap_or_default())?,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => break,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(Failure::Start(error)),
            }
        }
        match ended {
            Some(status) if status.success() => return Ok(output),
            Some(status) => return Err(Failure::Exit(status)),
            None => sleep(POLL).await,
        }
    }
}

/// Reads the output on a helper, and waits for the command to end.
#[cfg(not(unix))]
async fn finish(driver: &Driver, child: &mut Child) -> Result<Zeroizing<Vec<u8>>, Failure> {
    use std::io::Read;
    let mut stdout = child.stdout.take().ok_or_else(|| Failure::Start(io::ErrorKind::BrokenPipe.into()))?;
    // On a separate thread: a process that the command left behind may keep the pipe open forever.
    let reading = driver.call(Scope::default(), move || {
        let mut output = Zeroizing::new(Vec::new());
        let mut chunk = Zeroizing::new([0; 4096]);
        loop {
            match stdout.read(&mut *chunk).map_err(Failure::Start)? {
                0 => return Ok(output),
                length => append(&mut output, chunk.get(..length).unwrap_or_default())?,
            }
        }
    });
    let reading = reading.map_err(|error| Failure::Start(io::Error::other(error)))?;
    let output = reading.await.map_err(|error| Failure::Start(io::Error::other(error)))??;
    loop {
        match child.try_wait().map_err(Failure::Start)? {
            Some(status) if status.success() => return Ok(output),
            Some(status) => return Err(Failure::Exit(status)),
            None => sleep(POLL).await,
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

/// A command that is not being waited for yet. Killed on drop, for example if starting it took too long.
struct Started(Option<Child>);

impl Started {
    fn new(child: Child) -> Self {
        Started(Some(child))
    }

    fn take(mut self) -> Option<Child> {
        self.0.take()
    }
}

impl Drop for Started {
    fn drop(&mut self) {
        if let Some(child) = &mut self.0 {
            kill_group(child);
            let _ = child.wait();
        }
    }
}

/// Appends a chunk. Wipes the old buffer when it has to grow.
fn append(output: &mut Zeroizing<Vec<u8>>, chunk: &[u8]) -> Result<(), Failure> {
    if output.len() + chunk.len() > MAX_OUTPUT {
        return Err(Failure::TooMuch);
    }
    if output.capacity() - output.len() < chunk.len() {
        let mut larger = Zeroizing::new(Vec::with_capacity((output.len() + chunk.len()) * 2));
        larger.extend_from_slice(output);
        *output = larger;
    }
    output.extend_from_slice(chunk);
    Ok(())
}

/// Kills a command and its descendants, except those that left its process group.
fn kill_group(child: &mut Child) {
    #[cfg(unix)]
    if let Some(leader) = i32::try_from(child.id()).ok().and_then(rustix::process::Pid::from_raw) {
        let _ = rustix::process::kill_process_group(leader, rustix::process::Signal::KILL);
    }
    let _ = child.kill();
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    fn run_now(script: &str, limit: Duration) -> Result<Zeroizing<Vec<u8>>, Failure> {
        let words = ["sh", "-c", script].map(str::to_owned).to_vec();
        let (driver, (tell, told)) = (crate::runtime::driver::current().unwrap(), std::sync::mpsc::channel());
        let own = driver.clone();
        driver.spawn(async move { tell.send(run(own, words, limit).await.unwrap()).unwrap() });
        told.recv().unwrap()
    }

    const LONG: Duration = Duration::from_secs(60);

    #[test]
    fn output_comes_whole_and_input_is_empty() {
        assert_eq!(&**run_now("cat; printf 'a b'; printf noise >&2", LONG).unwrap(), b"a b");
    }

    /// The same signal mask as in the program itself: the mask of this library's threads is not inherited.
    #[cfg(target_os = "linux")]
    #[test]
    fn it_takes_the_programs_signals() {
        let blocked = run_now("grep SigBlk /proc/self/status", LONG).unwrap();
        assert_eq!(std::str::from_utf8(&blocked).unwrap().trim(), "SigBlk:\t0000000000000000");
    }

    #[test]
    fn failures_are_told_apart() {
        assert!(matches!(run_now("echo x; exit 7", LONG), Err(Failure::Exit(status)) if status.code() == Some(7)));
        assert!(matches!(run_now("yes", LONG), Err(Failure::TooMuch)));
        let nothing = || run_now("", LONG);
        assert!(nothing().unwrap().is_empty());
    }

    /// The pipe closes only when no process of the group holds it any more.
    #[test]
    fn a_timeout_kills_the_whole_process_group() {
        let pipe = std::env::temp_dir().join(format!("aliyun-cred-test-{}", uuid::Uuid::new_v4()));
        let path = pipe.display().to_string();
        assert!(run_now(&format!("mkfifo {path}"), LONG).is_ok());
        let reader = std::thread::spawn(move || std::io::read_to_string(std::fs::File::open(path).unwrap()).unwrap());
        let script = format!("exec 3>{}; echo begun >&3; sleep 1000 & sleep 1000", pipe.display());
        assert!(matches!(run_now(&script, Duration::from_millis(500)), Err(Failure::Timeout)));
        assert_eq!(reader.join().unwrap(), "begun\n");
        std::fs::remove_file(pipe).unwrap();
    }

    /// A process that left the group lives on and keeps the pipe open, but does not delay the result.
    #[test]
    fn leftover_processes_are_not_waited_for() {
        assert_eq!(&**run_now("setsid sleep 5 & printf done", LONG).unwrap(), b"done");
        let killed = run_now("setsid sleep 5 & sleep 1000", Duration::from_millis(300));
        assert!(matches!(killed, Err(Failure::Timeout)));
    }

    #[test]
    fn all_output_is_read() {
        let output = run_now("head -c 1048576 /dev/zero", LONG).unwrap();
        assert_eq!(output.len(), MAX_OUTPUT);
        assert!(matches!(run_now("head -c 1048577 /dev/zero", LONG), Err(Failure::TooMuch)));
    }

    /// It closes its output but does not end.
    #[test]
    fn a_command_that_closes_its_output_still_times_out() {
        assert!(matches!(run_now("exec >&-; sleep 1000", Duration::from_millis(300)), Err(Failure::Timeout)));
    }
}
