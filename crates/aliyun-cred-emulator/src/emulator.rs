//! The listeners, and their runtime.

use std::fs::{self, OpenOptions};
use std::io::{self, Write as _};
use std::net::{self, Ipv4Addr, SocketAddr};
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
/// The pause after a connection could not be accepted (usually because of too many open files).
const ACCEPT_PAUSE: Duration = Duration::from_millis(10);

/// The emulator's addresses, as printed by the program.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Addresses {
    /// STS and every other service except the metadata service, as a URL without a path.
    pub sts_http: String,
    /// The same with TLS, as a URL without a path.
    pub sts_https: String,
    /// The CONNECT proxy, as a URL without a path.
    pub proxy: String,
    /// The instance metadata service, as a URL without a path.
    pub metadata: String,
    /// The control interface, as a URL without a path.
    pub control: String,
    /// The certificate of the authority that signs for `sts_https` and `proxy`, a PEM file.
    pub ca: PathBuf,
}

/// A running emulator. Dropping it stops it.
pub struct Emulator {
    addresses: Addresses,
    removes_ca: bool,
    runtime: Option<Runtime>,
}

impl Emulator {
    /// Binds free ports of 127.0.0.1, writes the authority's certificate, and serves on background threads. Can be
    /// called from anywhere, even inside another runtime.
    ///
    /// `ca` is the file for the certificate; `None` creates one in the system's temporary directory, named after the
    /// process ID and removed on drop.
    /// # Errors
    ///
    /// If a port cannot be bound or the file cannot be written.
    pub fn start(ca: Option<&Path>) -> io::Result<Self> {
        let authority = Authority::new()?;
        let own_identity = authority.identity(&OWN_NAMES)?;
        let runtime = Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
        let shared = Arc::new(Shared::new(authority, World::new(Settings::default()).map_err(io::Error::other)?));
        let bind = || bind(&runtime);
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
                    // A client that rejects the certificate ends here.
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

    /// The addresses of the emulator.
    #[must_use]
    pub fn addresses(&self) -> &Addresses {
        &self.addresses
    }
}

impl Drop for Emulator {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            // Dropping the runtime would block, which must not happen inside another runtime.
            runtime.shutdown_background();
        }
        if self.removes_ca {
            // It may have been removed already.
            let _gone = fs::remove_file(&self.addresses.ca);
        }
    }
}

/// A free port. Not by `block_on`, which another runtime's threads must not call.
fn bind(runtime: &Runtime) -> io::Result<TcpListener> {
    let listener = net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    listener.set_nonblocking(true)?;
    let _entered = runtime.enter();
    TcpListener::from_std(listener)
}

/// Accepts forever; each connection is its own task.
async fn accept<H, F>(listener: TcpListener, port: Port, shared: Arc<Shared>, handler: H)
where
    H: Fn(TcpStream, Arc<Shared>) -> F,
    F: Future<Output = ()> + Send + 'static,
{
    loop {
        match listener.accept().await {
            Ok((stream, _)) => {
                shared.count(port);
                // Small replies must not wait for an acknowledgement. On failure they are only slower.
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

/// The name is predictable and the directory shared, so only a new file is written.
fn write_temporary(pem: &str) -> io::Result<PathBuf> {
    let directory = std::path::absolute(std::env::temp_dir())?;
    let process = std::process::id();
    // A number follows the process ID if the process runs several emulators, or if an old file is in the way.
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
