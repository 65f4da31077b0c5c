//! The program that `exec` runs: its signals, and its exit status.

use std::process::{Command, ExitCode, ExitStatus};

use crate::failure::{FAILED, Failure, Outcome};

/// Becomes the program: its signals and exit status are its own.
#[cfg(unix)]
pub(crate) fn become_it(mut command: Command, program: &str) -> Outcome {
    use std::os::unix::process::CommandExt as _;
    Err(Failure::start(program, &command.exec()))
}

/// Runs the program, and passes its exit status on.
#[cfg(not(unix))]
pub(crate) fn become_it(mut command: Command, program: &str) -> Outcome {
    let status = command.status().map_err(|error| Failure::start(program, &error))?;
    Ok(status_of(status))
}

/// Runs the program while the event loop goes on, and passes signals to it.
pub(crate) async fn run(command: Command, program: &str) -> Outcome {
    let mut passed = passed::Signals::new()?;
    let mut child = tokio::process::Command::from(command).spawn().map_err(|error| Failure::start(program, &error))?;
    loop {
        tokio::select! {
            status = child.wait() => return Ok(status_of(status?)),
            signal = passed.next() => passed::send(&child, signal),
        }
    }
}

/// As a shell does: 128 and the number of the signal that ended it.
fn status_of(status: ExitStatus) -> ExitCode {
    #[cfg(unix)]
    let signal = std::os::unix::process::ExitStatusExt::signal(&status).map(|signal| 128 + signal);
    #[cfg(not(unix))]
    let signal = None;
    let code = status.code().or(signal).and_then(|code| u8::try_from(code).ok());
    ExitCode::from(code.unwrap_or(FAILED))
}

#[cfg(unix)]
mod passed {
    use std::fs::{self, File};
    use std::future::poll_fn;
    use std::task::Poll;

    use rustix::process::{Pid, Signal, getpgrp, kill_process};
    use rustix::termios::tcgetpgrp;
    use tokio::process::Child;
    use tokio::signal::unix::{Signal as Received, SignalKind, signal};

    use crate::failure::Failure;

    /// What a terminal sends to both processes; passing it on would send it twice.
    const OF_TERMINAL: [Signal; 3] = [Signal::INT, Signal::QUIT, Signal::WINCH];
    const OTHERS: [Signal; 6] = [Signal::TERM, Signal::HUP, Signal::USR1, Signal::USR2, Signal::ALARM, Signal::CONT];

    /// The signals that are passed on instead of being obeyed, or ignored because the program gets them anyway.
    pub(super) struct Signals(Vec<(Signal, Received)>);

    impl Signals {
        pub(super) fn new() -> Result<Self, Failure> {
            let ignored = ignored();
            let all = OF_TERMINAL.into_iter().chain(OTHERS);
            // What `nohup` has them ignore stays ignored, in the program as well.
            let heeded = all.filter(|number| ignored >> (number.as_raw() - 1) & 1 == 0);
            let received = heeded.map(|number| Ok((number, signal(SignalKind::from_raw(number.as_raw()))?)));
            received.collect::<Result<_, Failure>>().map(Signals)
        }

        /// Waits for one to pass on.
        pub(super) async fn next(&mut self) -> Signal {
            poll_fn(|context| {
                for (number, received) in &mut self.0 {
                    while received.poll_recv(context).is_ready() {
                        if !(OF_TERMINAL.contains(number) && is_in_foreground()) {
                            return Poll::Ready(*number);
                        }
                    }
                }
                Poll::Pending
            })
            .await
        }
    }

    /// Whether both processes get what is typed at the terminal.
    fn is_in_foreground() -> bool {
        File::open("/dev/tty").is_ok_and(|terminal| tcgetpgrp(terminal) == Ok(getpgrp()))
    }

    /// The signals that this process was started to ignore, a bit each. Only Linux tells.
    fn ignored() -> u64 {
        let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
        let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
        mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).unwrap_or(0)
    }

    pub(super) fn send(child: &Child, signal: Signal) {
        let number = child.id().and_then(|id| Pid::from_raw(i32::try_from(id).ok()?));
        if let Some(number) = number {
            // It may just have ended.
            let _ = kill_process(number, signal);
        }
    }
}

/// Without signals, Ctrl-C reaches both processes, and this one waits for the other.
#[cfg(not(unix))]
mod passed {
    use tokio::process::Child;

    use crate::failure::Failure;

    pub(super) struct Signals;

    impl Signals {
        pub(super) fn new() -> Result<Self, Failure> {
            Ok(Signals)
        }

        pub(super) async fn next(&mut self) {
            // Also without a console there is nothing to pass on.
            if tokio::signal::ctrl_c().await.is_err() {
                std::future::pending::<()>().await;
            }
        }
    }

    pub(super) fn send(_child: &Child, _signal: ()) {}
}
