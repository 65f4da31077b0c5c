//! The socket that the server listens on: one that it opens, or that systemd hands over.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::path::{Path, PathBuf};

use tokio::net::{TcpListener, TcpStream};
#[cfg(unix)]
use tokio::net::{UnixListener, UnixStream};

use crate::failure::Failure;

use super::address::{Address, is_local, is_local_peer};

/// How many connections may wait to be accepted.
const BACKLOG: u32 = 1024;

/// A socket that listens.
pub(crate) enum Listener {
    Tcp(TcpListener),
    #[cfg(unix)]
    Unix(UnixListener, Option<PathBuf>),
}

/// A connection that was accepted, and for TCP the address that it goes to.
pub(crate) enum Accepted {
    Tcp(TcpStream, SocketAddr),
    #[cfg(unix)]
    Unix(UnixStream),
}

impl Listener {
    /// Listens: on the socket that systemd hands over, if it does, else on `address`.
    pub(crate) fn open(address: &Address) -> Result<Self, Failure> {
        #[cfg(unix)]
        if let Some(inherited) = inherited()? {
            return Ok(inherited);
        }
        let opened = match address {
            Address::Tcp(address) => tcp(*address).map_err(|error| (address.to_string(), error)),
            #[cfg(unix)]
            Address::Unix(path) => unix(path)
                .map(|listener| Listener::Unix(listener, Some(path.clone())))
                .map_err(|error| (aliyun_cred::binding::shown_path(path), error)),
            #[cfg(not(unix))]
            Address::Unix(_) => return Err(Failure::invalid("there are no Unix sockets on this system")),
        };
        opened.map_err(|(shown, error)| Failure::new(format!("cannot listen on {shown}: {error}")))
    }

    /// Its address; `None` for a Unix socket.
    pub(crate) fn address(&self) -> io::Result<Option<SocketAddr>> {
        match self {
            Listener::Tcp(listener) => listener.local_addr().map(Some),
            #[cfg(unix)]
            Listener::Unix(..) => Ok(None),
        }
    }

    /// Stops listening.
    pub(crate) fn close(self) {
        #[cfg(unix)]
        if let Listener::Unix(_, Some(path)) = &self {
            // The next server would replace it, too.
            let _ = std::fs::remove_file(path);
        }
    }

    /// Waits for a connection. `None`: one that is gone again, or that came from elsewhere to an address of this machine's own.
    pub(crate) async fn accept(&self) -> io::Result<Option<Accepted>> {
        match self {
            Listener::Tcp(listener) => {
                let (stream, peer) = listener.accept().await?;
                // It may have gone already, which is no fault of the listener's.
                let Ok(local) = stream.local_addr() else { return Ok(None) };
                // Replies are small, and go out at once; on failure they are only slower.
                let _ = stream.set_nodelay(true);
                let from_here = |local: IpAddr| !is_local(local) || is_local_peer(peer.ip(), local);
                let listening = listener.local_addr()?.ip();
                Ok((from_here(listening)).then_some(Accepted::Tcp(stream, local)))
            }
            #[cfg(unix)]
            Listener::Unix(listener, _) => Ok(Some(Accepted::Unix(listener.accept().await?.0))),
        }
    }
}

fn tcp(address: SocketAddr) -> io::Result<Listener> {
    let socket = match address {
        SocketAddr::V4(_) => tokio::net::TcpSocket::new_v4()?,
        SocketAddr::V6(_) => tokio::net::TcpSocket::new_v6()?,
    };
    // A server that was just stopped leaves connections behind, which must not keep the next from its port. On Windows
    // the same option would let a second server take the port.
    #[cfg(unix)]
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    socket.listen(BACKLOG).map(Listener::Tcp)
}

/// A Unix socket that only this user can connect to. One that a server left behind is replaced.
#[cfg(unix)]
fn unix(path: &Path) -> io::Result<UnixListener> {
    use std::os::unix::fs::FileTypeExt as _;
    let is_socket = std::fs::symlink_metadata(path).is_ok_and(|found| found.file_type().is_socket());
    let is_left_behind = || {
        let tried = std::os::unix::net::UnixStream::connect(path);
        tried.is_err_and(|error| error.kind() == io::ErrorKind::ConnectionRefused)
    };
    if is_socket && is_left_behind() {
        std::fs::remove_file(path)?;
    }
    // The mode has to hold from the first moment on. No other thread makes files yet.
    let before = rustix::process::umask(rustix::fs::Mode::from_raw_mode(0o177));
    let listener = UnixListener::bind(path);
    rustix::process::umask(before);
    listener
}

/// The socket that systemd passed, as `LISTEN_FDS` says.
#[cfg(unix)]
fn inherited() -> Result<Option<Listener>, Failure> {
    let mut passed = listenfd::ListenFd::from_env();
    if passed.len() == 0 {
        return Ok(None);
    }
    let mut take = || -> io::Result<Option<Listener>> {
        if let Ok(Some(listener)) = passed.take_tcp_listener(0) {
            listener.set_nonblocking(true)?;
            return TcpListener::from_std(listener).map(|listener| Some(Listener::Tcp(listener)));
        }
        let Some(listener) = passed.take_unix_listener(0)? else { return Ok(None) };
        listener.set_nonblocking(true)?;
        UnixListener::from_std(listener).map(|listener| Some(Listener::Unix(listener, None)))
    };
    take().map_err(|error| Failure::new(format!("cannot use the socket of LISTEN_FDS: {error}")))
}
