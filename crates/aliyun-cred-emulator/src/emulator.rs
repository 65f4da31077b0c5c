//! The listeners, and the runtime that they live on.

use std::fs::{self, OpenOptions};
use std::io::{self, Write as _};
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use serde::Serialize;
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::{Builder, Runtime};
use tokio_rustls::TlsAcceptor;

use crate::authority::Authority;
use crate::http::{self, Via};
use crate::shared::{Port, Shared};
use crate::world::{Settings, World};
use crate::{control, dispatch, proxy};

/// The names in the certificate of the HTTPS listener.
const OWN_NAMES: [&str; 3] = ["127.0.0.1", "::1", "localhost"];
/// How long to wait after a connection could not be accepted (usually: too many open files).
const ACCEPT_PAUSE: Duration = Duration::from_millis(10);

/// Where everything is: the line that the program prints.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Addresses {
    /// STS and everything but the metadata service, as a URL without a path.
    pub sts_http: String,
    /// The same with TLS, as a URL without a path.
    pub sts_https: String,
    /// The CONNECT proxy, as a URL without a path.
    pub proxy: String,
    /// The instance metadata service, as a URL without a path.
    pub metadata: String,
    /// The control interface, as a URL without a path.
    pub control: String,
    /// The certificate of the authority that signs for `sts_https` and `proxy`: a PEM file.
    pub ca: PathBuf,
}

/// A running emulator. It ends when this is dropped.
pub struct Emulator {
    addresses: Addresses,
    removes_ca: bool,
    runtime: Option<Runtime>,
}

impl Emulator {
    /// Binds free ports of 127.0.0.1, writes the authority's certificate and starts to serve, on
    /// threads of its own. It may be called from anywhere, inside another runtime too.
    ///
    /// `ca` is the file for the certificate; `None` makes one in the system's directory for
    /// temporary files, named by the process id and removed at the end.
    ///
    /// # Errors
    ///
    /// If a port cannot be bound or the file cannot be written.
    pub fn start(ca: Option<&Path>) -> io::Result<Self> {
        let authority = Authority::new()?;
        let own_identity = authority.identity(&OWN_NAMES)?;
        let runtime = Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
        let shared = Arc::new(Shared::new(authority, World::new(Settings::default()).map_err(io::Error::other)?));
        let bind = || runtime.block_on(TcpListener::bind((Ipv4Addr::LOCALHOST, 0)));
        let url = |scheme: &str, address: SocketAddr| format!("{scheme}://{address}");

        let (sts_http, sts_https, proxy, metadata, control) = (bind()?, bind()?, bind()?, bind()?, bind()?);
        let addresses = Addresses {
            sts_http: url("http", sts_http.local_addr()?),
            sts_https: url("https", sts_https.local_addr()?),
            proxy: url("http", proxy.local_addr()?),
            metadata: url("http", metadata.local_addr()?),
            control: url("http", control.local_addr()?),
            ca: write_certificate(ca, shared.authority.pem())?,
        };
        let acceptor = TlsAcceptor::from(own_identity);
        runtime.spawn(accept(sts_http, Port::StsHttp, Arc::clone(&shared), |stream, shared| {
            http::serve(stream, move |request| dispatch::respond(request, Via::Http, Arc::clone(&shared)))
        }));
        runtime.spawn(accept(sts_https, Port::StsHttps, Arc::clone(&shared), {
            move |stream, shared| {
                let acceptor = acceptor.clone();
                async move {
                    // A client that refuses the certificate ends here.
                    let Ok(stream) = acceptor.accept(stream).await else { return };
                    http::serve(stream, |request| dispatch::respond(request, Via::Https, Arc::clone(&shared))).await;
                }
            }
        }));
        runtime.spawn(accept(proxy, Port::Proxy, Arc::clone(&shared), |stream, shared| {
            http::serve(stream, move |request| proxy::respond(request, Arc::clone(&shared)))
        }));
        runtime.spawn(accept(metadata, Port::Metadata, Arc::clone(&shared), |stream, shared| {
            http::serve(stream, move |request| dispatch::respond(request, Via::Metadata, Arc::clone(&shared)))
        }));
        runtime.spawn(accept(control, Port::Control, shared, |stream, shared| {
            http::serve(stream, move |request| control::respond(request, Arc::clone(&shared)))
        }));
        Ok(Self { addresses, removes_ca: ca.is_none(), runtime: Some(runtime) })
    }

    /// Where everything is.
    #[must_use]
    pub fn addresses(&self) -> &Addresses {
        &self.addresses
    }
}

impl Drop for Emulator {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            // Not a plain drop, which waits and must not happen inside another runtime.
            runtime.shutdown_background();
        }
        if self.removes_ca {
            // Whoever removed it first did what was wanted.
            let _gone = fs::remove_file(&self.addresses.ca);
        }
    }
}

/// Accepts for ever; each connection is a task, so that none waits for another.
async fn accept<H, F>(listener: TcpListener, port: Port, shared: Arc<Shared>, handler: H)
where
    H: Fn(TcpStream, Arc<Shared>) -> F,
    F: Future<Output = ()> + Send + 'static,
{
    loop {
        match listener.accept().await {
            Ok((stream, _)) => {
                shared.count(port);
                // Small answers must not wait for an acknowledgement. A failure costs time only.
                let _slower = stream.set_nodelay(true);
                tokio::spawn(handler(stream, Arc::clone(&shared)));
            }
            Err(_) => tokio::time::sleep(ACCEPT_PAUSE).await,
        }
    }
}

fn write_certificate(file: Option<&Path>, pem: &str) -> io::Result<PathBuf> {
    let Some(file) = file else {
        return write_temporary(pem);
    };
    fs::write(file, pem)?;
    std::path::absolute(file)
}

/// The name can be guessed and the directory is everybody's: only a file that is new is written.
fn write_temporary(pem: &str) -> io::Result<PathBuf> {
    let directory = std::path::absolute(std::env::temp_dir())?;
    let process = std::process::id();
    // A number follows the process id if it runs several emulators, or if an old file is in the way.
    for number in 0..1000_u16 {
        let file = directory.join(match number {
            0 => format!("aliyun-cred-emulator-{process}.pem"),
            _ => format!("aliyun-cred-emulator-{process}-{number}.pem"),
        });
        match OpenOptions::new().write(true).create_new(true).open(&file) {
            Ok(mut open) => return open.write_all(pem.as_bytes()).map(|()| file),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            Err(error) => return Err(error),
        }
    }
    Err(io::Error::new(io::ErrorKind::AlreadyExists, "no free name for the certificate"))
}
