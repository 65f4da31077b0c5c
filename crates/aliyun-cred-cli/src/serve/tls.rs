//! TLS, for clients on other machines.

use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};

use aliyun_cred::binding;
use hyper::rt::Timer;
use rustls::ServerConfig;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

use crate::failure::Failure;

use super::HEAD_LIMIT;

/// A certificate and its key, read again when the configuration is.
#[derive(Clone)]
pub(super) struct Tls {
    certificate: PathBuf,
    key: PathBuf,
    config: Arc<RwLock<Arc<ServerConfig>>>,
}

impl Tls {
    /// Reads both files, if they are given.
    pub(super) fn of(certificate: Option<&Path>, key: Option<&Path>) -> Result<Option<Self>, Failure> {
        let (Some(certificate), Some(key)) = (certificate, key) else { return Ok(None) };
        let config = Arc::new(RwLock::new(Arc::new(read(certificate, key)?)));
        Ok(Some(Tls { certificate: certificate.to_owned(), key: key.to_owned(), config }))
    }

    /// Reads both files again.
    pub(super) fn load(&self) -> Result<(), Failure> {
        let config = Arc::new(read(&self.certificate, &self.key)?);
        *self.config.write().unwrap_or_else(PoisonError::into_inner) = config;
        Ok(())
    }

    /// `None` if the handshake fails, or takes too long: that is the other side's affair.
    pub(super) async fn accept<S: AsyncRead + AsyncWrite + Unpin>(
        &self,
        stream: S,
        timer: impl Timer,
    ) -> Option<TlsStream<S>> {
        let config = Arc::clone(&self.config.read().unwrap_or_else(PoisonError::into_inner));
        tokio::select! {
            stream = TlsAcceptor::from(config).accept(stream) => stream.ok(),
            () = timer.sleep(HEAD_LIMIT) => None,
        }
    }
}

fn read(certificate: &Path, key: &Path) -> Result<ServerConfig, Failure> {
    let unreadable = |path: &Path, error: &dyn std::fmt::Display| {
        Failure::new(format!("cannot use {}: {error}", binding::shown_path(path)))
    };
    let chain: Result<Vec<_>, _> = CertificateDer::pem_file_iter(certificate).and_then(Iterator::collect);
    let chain = chain.map_err(|error| unreadable(certificate, &error))?;
    let private = binding::read_text(key.to_owned()).map_err(|error| unreadable(key, &error))?;
    let private = PrivateKeyDer::from_pem_slice(private.as_bytes()).map_err(|error| unreadable(key, &error))?;
    ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .and_then(|builder| builder.with_no_client_auth().with_single_cert(chain, private))
        .map_err(|error| unreadable(certificate, &error))
}
