//! `serve`: one resolver for the programs of a machine.
//!
//! Invariant: it listens before it says where, and answers what it has accepted before it ends.

mod address;
mod background;
mod connections;
#[cfg(any(test, feature = "fuzzing"))]
pub mod fuzz;
mod listener;
mod profiles;
mod reply;
mod signals;
mod tls;
mod token;

use std::convert::Infallible;
use std::net::SocketAddr;
use std::pin::pin;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use hyper::rt::Timer;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::io::{AsyncRead, AsyncWrite};

pub(crate) use address::Address;
use address::is_local;

use crate::arguments::{Origin, Serve};
use crate::environment::{self, Variable};
use crate::failure::{Failure, Outcome};
use crate::{print, say};

use connections::{Connections, Place};
use listener::{Accepted, Listener};
use profiles::Profiles;
use reply::{Metadata, Service};
use tls::Tls;
use token::{SessionTokens, Token};

/// How long a client may take to send a request's head, or to begin another one.
const HEAD_LIMIT: Duration = Duration::from_secs(10);
/// How long requests may go on once the server is to stop.
const DRAIN_LIMIT: Duration = Duration::from_secs(10);
/// The most bytes of a request's head, and the most fields.
const MOST_BYTES: usize = 16 * 1024;
const MOST_FIELDS: usize = 64;
/// How long to wait if a connection cannot be accepted, for lack of descriptors for example.
const PAUSE: Duration = Duration::from_millis(100);

pub(crate) fn run(arguments: Serve) -> Outcome {
    if arguments.print_env && !arguments.detached {
        // There, the background process would keep the shell's pipe open, and the shell would wait for its end.
        if cfg!(windows) {
            return Err(Failure::invalid("--print-env is for shells of Unix; use exec --serve, or --token-file"));
        }
        return background::start(&arguments);
    }
    event_loop()?.block_on(serve(arguments))
}

/// An event loop on this thread, for a server.
pub(crate) fn event_loop() -> Result<tokio::runtime::Runtime, Failure> {
    #[cfg(unix)]
    connections::raise_file_limit();
    Ok(tokio::runtime::Builder::new_current_thread().enable_all().build()?)
}

async fn serve(arguments: Serve) -> Outcome {
    let token = match &arguments.token_file {
        Some(path) => Token::in_file(path)?,
        None => Token::random()?,
    };
    let tls = Tls::of(arguments.tls_cert.as_deref(), arguments.tls_key.as_deref())?;
    let mut service = Service::new(token, Profiles::new(arguments.profiles, arguments.origin)?);
    if arguments.imds {
        service.metadata = Some(Metadata { tokens: SessionTokens::new()?, v1: arguments.imds_v1 });
    }
    service.hosts = arguments.host;
    service.verbose = arguments.verbose;
    let server = Server::open(&arguments.listen, service, tls)?;
    server.check_reach(arguments.allow_remote)?;
    let signals = signals::Signals::new()?;
    if arguments.token_file.is_none() {
        let mut lines = environment::shell(&server.variables());
        if arguments.detached {
            lines.push_str(&format!("export ALIYUN_CRED_SERVE_PID={}\n\n", std::process::id()));
        }
        print(lines.as_bytes())?;
    }
    if arguments.verbose {
        say(&format!("serving on {}", server.shown()));
    }
    signals::ready();
    let (service, tls) = (Arc::clone(&server.service), server.tls.clone());
    let reload = async || {
        let read = [tls.as_ref().map_or(Ok(()), Tls::load), service.profiles.reload().await];
        let failures: Vec<_> = read.iter().filter_map(|read| read.as_ref().err()).collect();
        for failure in &failures {
            say(&format!("what could not be read again stays as it was: {}", failure.text()));
        }
        if failures.is_empty() {
            say("the configuration was read again");
        }
    };
    server.serve_until(signals.stop(reload)).await;
    Ok(ExitCode::SUCCESS)
}

/// A server that listens.
pub(crate) struct Server {
    service: Arc<Service>,
    listener: Listener,
    tls: Option<Tls>,
    address: Option<SocketAddr>,
}

impl Server {
    /// Listens for programs of this machine, for the one credential of `profile` and `origin`.
    pub(crate) fn private(profile: Option<String>, origin: Origin) -> Result<Self, Failure> {
        let service = Service::new(Token::random()?, Profiles::new(profile.into_iter().collect(), origin)?);
        Server::open(&Address::Tcp(SocketAddr::from(([127, 0, 0, 1], 0))), service, None)
    }

    fn open(address: &Address, service: Service, tls: Option<Tls>) -> Result<Self, Failure> {
        let listener = Listener::open(address)?;
        let address = listener.address()?;
        Ok(Server { service: Arc::new(service), listener, tls, address })
    }

    /// Refuses an address that other machines can reach, unless that is permitted and encrypted.
    fn check_reach(&self, allow_remote: bool) -> Result<(), Failure> {
        if self.address.is_none_or(|address| is_local(address.ip())) {
            return Ok(());
        }
        if !allow_remote || self.tls.is_none() {
            let text = "other machines can reach this address; pass --allow-remote with --tls-cert and --tls-key, or \
                        listen on the loopback interface";
            return Err(Failure::invalid(text));
        }
        say("warning: other machines can reach this server; all that keeps them from the credentials is its token");
        Ok(())
    }

    /// Whether there is a credential that it can serve.
    pub(crate) async fn check(&self) -> Result<(), Failure> {
        let client = self.service.profiles.client(None).ok_or_else(|| Failure::new("there is no profile"))?;
        reply::session(&client).await.map(drop).map_err(|(_, failure)| failure)
    }

    /// The variables that lead a program here.
    pub(crate) fn variables(&self) -> Vec<Variable> {
        let token = self.service.token.expose();
        match self.address {
            Some(_) => environment::leading_to(&format!("{}/{token}/credentials", self.base())),
            None => vec![
                ("ALIYUN_CRED_SOCKET", Some(self.shown())),
                ("ALIYUN_CRED_URI", Some(format!("http://localhost/{token}/credentials"))),
            ],
        }
    }

    fn base(&self) -> String {
        let scheme = if self.tls.is_some() { "https" } else { "http" };
        let Some(address) = self.address else { return format!("{scheme}://localhost") };
        match self.service.hosts.first() {
            Some(host) if host.contains(':') => format!("{scheme}://{host}"),
            Some(host) => format!("{scheme}://{host}:{}", address.port()),
            None => format!("{scheme}://{address}"),
        }
    }

    /// Where it listens, for people.
    fn shown(&self) -> String {
        match &self.listener {
            Listener::Tcp(_) => self.base(),
            #[cfg(unix)]
            Listener::Unix(_, path) => {
                path.as_deref().unwrap_or("a socket of LISTEN_FDS".as_ref()).display().to_string()
            }
        }
    }

    /// Answers until `stop` is ready, and then what was accepted.
    pub(crate) async fn serve_until(self, stop: impl Future<Output = ()>) {
        let connections = Connections::new();
        let mut stop = pin!(stop);
        loop {
            let accepted = tokio::select! {
                biased;
                () = &mut stop => break,
                accepted = self.listener.accept() => accepted,
            };
            match accepted {
                Ok(Some(accepted)) => {
                    let Some(place) = connections.place().await else { break };
                    tokio::spawn(attend(Arc::clone(&self.service), self.tls.clone(), accepted, place));
                }
                Ok(None) => {}
                Err(error) => {
                    // Descriptors may have run out: one that is idle gives way.
                    connections.evict();
                    say(&format!("cannot accept a connection: {error}"));
                    tokio::time::sleep(PAUSE).await;
                }
            }
        }
        self.listener.close();
        connections.drain(DRAIN_LIMIT).await;
    }
}

/// Attends to a connection until one of the two sides closes it.
async fn attend(service: Arc<Service>, tls: Option<Tls>, accepted: Accepted, place: Place) {
    match (accepted, tls) {
        (Accepted::Tcp(stream, local), None) => converse(service, stream, Some(local), place).await,
        (Accepted::Tcp(stream, local), Some(tls)) => {
            let connection = Arc::clone(&place.connection);
            let stream = tokio::select! {
                stream = tls.accept(stream, TokioTimer::new()) => stream,
                () = connection.leave.notified() => return,
            };
            if let Some(stream) = stream {
                converse(service, stream, Some(local), place).await;
            }
        }
        #[cfg(unix)]
        (Accepted::Unix(stream), _) => converse(service, stream, None, place).await,
    }
}

async fn converse<S: AsyncRead + AsyncWrite + Unpin>(
    service: Arc<Service>,
    stream: S,
    local: Option<SocketAddr>,
    place: Place,
) {
    let answer = service_fn(|request| async { Ok::<_, Infallible>(place.busy(service.answer(request, local)).await) });
    let mut conversation = pin!(protocol(TokioTimer::new()).serve_connection(TokioIo::new(stream), answer));
    loop {
        tokio::select! {
            // How it ended is the other side's affair.
            _ = conversation.as_mut() => return,
            () = place.connection.leave.notified() => return,
            () = place.connection.finish.notified() => conversation.as_mut().graceful_shutdown(),
        }
    }
}

/// HTTP/1.1 with this server's limits.
fn protocol(timer: impl Timer + Send + Sync + 'static) -> http1::Builder {
    let mut protocol = http1::Builder::new();
    protocol.timer(timer).header_read_timeout(HEAD_LIMIT).max_buf_size(MOST_BYTES).max_headers(MOST_FIELDS);
    protocol
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::pin::Pin;
    use std::sync::Mutex;
    use std::task::{Context, Poll};
    use std::time::Instant;

    use hyper::body::Incoming;
    use hyper::rt::Sleep;
    use hyper::{Request, StatusCode};
    use tokio::io::AsyncWriteExt as _;

    /// A timer whose time is always up, which notes how long it was to wait.
    #[derive(Clone)]
    struct Hasty {
        now: Instant,
        noted: Arc<Mutex<Vec<Duration>>>,
    }

    struct Over;

    impl Future for Over {
        type Output = ();

        fn poll(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<()> {
            Poll::Ready(())
        }
    }

    impl Sleep for Over {}

    impl Timer for Hasty {
        fn sleep(&self, duration: Duration) -> Pin<Box<dyn Sleep>> {
            self.noted.lock().unwrap().push(duration);
            Box::pin(Over)
        }

        fn sleep_until(&self, deadline: Instant) -> Pin<Box<dyn Sleep>> {
            self.sleep(deadline - self.now)
        }

        fn now(&self) -> Instant {
            self.now
        }
    }

    #[test]
    fn a_head_has_ten_seconds() {
        for part in ["", "GET / HTTP/1.1\r\nHost: "] {
            let timer = Hasty { now: Instant::now(), noted: Arc::default() };
            let ended = event_loop().ok().unwrap().block_on(async {
                let (mut client, stream) = tokio::io::duplex(MOST_BYTES);
                client.write_all(part.as_bytes()).await.unwrap();
                let answer =
                    service_fn(|_: Request<Incoming>| async { Ok::<_, Infallible>(reply::status(StatusCode::OK)) });
                protocol(timer.clone()).serve_connection(TokioIo::new(stream), answer).await
            });
            assert!(ended.unwrap_err().is_timeout());
            assert_eq!(*timer.noted.lock().unwrap(), [Duration::from_secs(10)]);
        }
    }

    #[test]
    fn a_handshake_has_ten_seconds() {
        let made = rcgen::generate_simple_self_signed(["cred.example".to_owned()]).unwrap();
        let file = std::env::temp_dir().join(format!("aliyun-cred-test-{}.pem", std::process::id()));
        std::fs::write(&file, made.cert.pem() + &made.signing_key.serialize_pem()).unwrap();
        let tls = Tls::of(Some(&file), Some(&file)).ok().flatten().unwrap();
        std::fs::remove_file(file).unwrap();
        // Nothing, and the first bytes of a client's first message.
        for part in [&b""[..], b"\x16\x03\x01\x02\x00\x01"] {
            let timer = Hasty { now: Instant::now(), noted: Arc::default() };
            let accepted = event_loop().ok().unwrap().block_on(async {
                let (mut client, stream) = tokio::io::duplex(MOST_BYTES);
                client.write_all(part).await.unwrap();
                tls.accept(stream, timer.clone()).await
            });
            assert!(accepted.is_none());
            assert_eq!(*timer.noted.lock().unwrap(), [Duration::from_secs(10)]);
        }
    }
}
