//! The trusted certificate authorities.
//!
//! `SSL_CERT_FILE` and `SSL_CERT_DIR` if set and not empty; else the system's store; else, if that is empty, Mozilla's
//! roots, compiled in.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use rustls::RootCertStore;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;

use super::env::{self, home_path};
use super::files;
use crate::error::{Error, ErrorKind, Result};
use crate::text::{decode, shown_path};

pub(super) const VARIABLES: [&str; 2] = ["SSL_CERT_FILE", "SSL_CERT_DIR"];

/// The largest certificate file that is read: 16 MiB. Typical ones have some 200 KiB.
const MAX_FILE: u64 = 16 << 20;
/// How many files a certificate folder may hold.
const MAX_ENTRIES: usize = 4096;

/// The trusted roots. A variable with an invalid path is an error: a fallback would trust roots that the user removed.
pub(super) fn roots() -> Result<RootCertStore> {
    let [file, folders] = VARIABLES.map(env::read_os);
    let mut store = RootCertStore::empty();
    if file.is_none() && folders.is_none() {
        store.add_parsable_certificates(system());
        if store.is_empty() {
            store.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned());
        }
        return Ok(store);
    }
    let mut problem = None;
    store.add_parsable_certificates(unique(named(file, folders, &mut problem)));
    if store.is_empty() {
        let why = problem.map_or_else(String::new, |problem| format!(": {problem}"));
        let text = format!("SSL_CERT_FILE and SSL_CERT_DIR name no usable certificate{why}");
        return Err(Error::new(ErrorKind::Tls, text));
    }
    Ok(store)
}

/// The roots in a file's content: the option `ca_file`.
pub(super) fn only(pem: &[u8]) -> Result<RootCertStore> {
    let mut store = RootCertStore::empty();
    store.add_parsable_certificates(certificates(pem));
    if store.is_empty() {
        let text = "the option 'ca_file' names a file without a certificate in PEM";
        return Err(Error::new(ErrorKind::MalformedFile, text));
    }
    Ok(store)
}

/// The certificates in a file's content.
fn certificates(bytes: &[u8]) -> Vec<CertificateDer<'static>> {
    // A file that is not valid text may still hold certificates: comments come in any encoding.
    let text = decode(bytes);
    let pem = text.as_deref().map_or(bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes), str::as_bytes);
    CertificateDer::pem_slice_iter(pem).flatten().collect()
}

/// The certificates that the variables name. The first unreadable file is reported in `problem`.
fn named(
    file: Option<OsString>,
    folders: Option<OsString>,
    problem: &mut Option<String>,
) -> Vec<CertificateDer<'static>> {
    let mut problem_of = |path: &Path, why: &dyn std::fmt::Display| {
        problem.get_or_insert_with(|| format!("{}: {why}", shown_path(path)));
    };
    let mut paths: Vec<PathBuf> = file.map(|file| home_path(file.into())).into_iter().collect();
    let folders = folders.as_deref().map(std::env::split_paths).into_iter().flatten();
    for folder in folders.filter(|folder| !folder.as_os_str().is_empty()).map(home_path) {
        let entries: Vec<PathBuf> = match std::fs::read_dir(&folder) {
            Ok(entries) => entries.flatten().take(MAX_ENTRIES + 1).map(|entry| entry.path()).collect(),
            Err(error) => {
                problem_of(&folder, &error);
                continue;
            }
        };
        if entries.len() > MAX_ENTRIES {
            problem_of(&folder, &format!("it has more than {MAX_ENTRIES} entries"));
            continue;
        }
        // Skip everything but files.
        paths.extend(entries.into_iter().filter(|path| path.is_file()));
    }
    let mut found = Vec::new();
    for path in &paths {
        match files::read_up_to(path, MAX_FILE) {
            Ok(bytes) => found.extend(certificates(&bytes)),
            Err(error) => problem_of(path, &error),
        }
    }
    found
}

/// The system's store. Lists the paths itself: the library would read the variables again, and treat an empty one as a
/// path.
#[cfg(all(unix, not(target_vendor = "apple")))]
fn system() -> Vec<CertificateDer<'static>> {
    let places = openssl_probe::probe();
    let mut found = rustls_native_certs::load_certs_from_paths(places.cert_file.as_deref(), None).certs;
    for folder in &places.cert_dir {
        found.extend(rustls_native_certs::load_certs_from_paths(None, Some(folder)).certs);
    }
    unique(found)
}

/// Removes duplicates: folders often hold links to files beside them.
fn unique(mut certificates: Vec<CertificateDer<'static>>) -> Vec<CertificateDer<'static>> {
    certificates.sort_unstable_by(|one, other| one.cmp(other));
    certificates.dedup();
    certificates
}

#[cfg(not(all(unix, not(target_vendor = "apple"))))]
fn system() -> Vec<CertificateDer<'static>> {
    rustls_native_certs::load_native_certs().certs
}
