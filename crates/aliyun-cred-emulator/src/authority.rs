//! This process's certificate authority, and the TLS identities that it signs.
//!
//! Its key never leaves memory, so its certificate can be trusted while the process runs and is useless afterwards.

use std::collections::HashMap;
use std::io;
use std::sync::{Arc, Mutex, PoisonError};

use rcgen::{
    BasicConstraints, CertificateParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    KeyUsagePurpose, PKCS_ECDSA_P256_SHA256, SerialNumber, date_time_ymd,
};
use rustls::ServerConfig;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};

use crate::{clock, random};

/// How many certificates are cached; past that the cache is emptied. No test uses so many hosts.
const MAX_KEPT: usize = 1000;

/// What is wrong with a certificate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Flaw {
    /// It has ended.
    Expired,
    /// It has not begun.
    NotYetValid,
    /// It names another host.
    OtherHost,
    /// It is signed by its own key.
    SelfSigned,
}

/// The authority.
pub(crate) struct Authority {
    issuer: Issuer<'static, KeyPair>,
    pem: String,
    certificate: CertificateDer<'static>,
    leaf_key: KeyPair,
    kept: Mutex<HashMap<String, Arc<ServerConfig>>>,
}

impl Authority {
    /// Creates a new authority with an ECDSA P-256 key.
    pub(crate) fn new() -> io::Result<Self> {
        let mut params = params(Vec::new(), "aliyun-cred-emulator authority")?;
        params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        let key = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256).map_err(io::Error::other)?;
        let certificate = params.self_signed(&key).map_err(io::Error::other)?;
        Ok(Self {
            issuer: Issuer::new(params, key),
            pem: certificate.pem(),
            certificate: certificate.der().clone(),
            leaf_key: KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256).map_err(io::Error::other)?,
            kept: Mutex::new(HashMap::new()),
        })
    }

    /// The authority's certificate, in PEM.
    pub(crate) fn pem(&self) -> &str {
        &self.pem
    }

    /// The TLS configuration of a server for `names` (host names and IP addresses).
    pub(crate) fn identity(&self, names: &[&str]) -> io::Result<Arc<ServerConfig>> {
        let key = names.join(",");
        if let Some(config) = self.kept().get(&key) {
            return Ok(Arc::clone(config));
        }
        let config = Arc::new(self.sign(names, None)?);
        let mut kept = self.kept();
        if kept.len() >= MAX_KEPT {
            kept.clear();
        }
        kept.insert(key, Arc::clone(&config));
        Ok(config)
    }

    /// Like [`Authority::identity`], with a certificate that no client must accept.
    pub(crate) fn flawed(&self, host: &str, flaw: Flaw) -> io::Result<Arc<ServerConfig>> {
        self.sign(&[if flaw == Flaw::OtherHost { "another.example" } else { host }], Some(flaw)).map(Arc::new)
    }

    fn sign(&self, names: &[&str], flaw: Option<Flaw>) -> io::Result<ServerConfig> {
        let names = names.iter().map(|name| (*name).to_owned()).collect();
        let mut params = params(names, "aliyun-cred-emulator")?;
        let year = i32::from(clock::year());
        match flaw {
            Some(Flaw::Expired) => params.not_after = date_time_ymd(year - 1, 12, 2),
            Some(Flaw::NotYetValid) => params.not_before = date_time_ymd(year + 1, 1, 31),
            Some(Flaw::OtherHost | Flaw::SelfSigned) | None => {}
        }
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        // Strict verifiers (Python 3.13's default) reject certificates without it.
        params.use_authority_key_identifier_extension = true;
        let leaf = match flaw {
            Some(Flaw::SelfSigned) => params.self_signed(&self.leaf_key),
            _ => params.signed_by(&self.leaf_key, &self.issuer),
        };
        let chain = vec![leaf.map_err(io::Error::other)?.der().clone(), self.certificate.clone()];
        let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(self.leaf_key.serialize_der()));
        // Passed explicitly, because a process that uses this crate as a library may have installed another provider.
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let mut config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(io::Error::other)?
            .with_no_client_auth()
            .with_single_cert(chain, key)
            .map_err(io::Error::other)?;
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(config)
    }

    fn kept(&self) -> std::sync::MutexGuard<'_, HashMap<String, Arc<ServerConfig>>> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn params(names: Vec<String>, common_name: &str) -> io::Result<CertificateParams> {
    let mut params = CertificateParams::new(names).map_err(io::Error::other)?;
    let mut name = DistinguishedName::new();
    name.push(DnType::CommonName, common_name);
    params.distinguished_name = name;
    // At most two years: some verifiers reject certificates that live longer.
    let year = i32::from(clock::year());
    params.not_before = date_time_ymd(year - 1, 12, 1);
    params.not_after = date_time_ymd(year + 1, 2, 1);
    // One key signs for many names, and the default serial number is derived from the key.
    let serial: Vec<u8> = random::bytes(16).into_iter().map(|byte| byte & 0x7f).collect();
    params.serial_number = Some(SerialNumber::from(serial));
    Ok(params)
}
