//! A session of an RSA key pair: STS GenerateSessionAccessKey, which is offered on the Japanese site.
//!
//! The signature is RSASSA-PKCS1-v1_5 with SHA-256, over the same text that an AccessKey pair would sign.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use arc_swap::ArcSwap;
use zeroize::Zeroizing;

use super::shared_session::{Key, SharedSession};
use super::watched::Watched;
use super::{filled, session_duration};
use crate::config::Config;
use crate::credentials::{Credentials, Lead};
use crate::error::{Error, Result};
use crate::host::{Host, Trust};
use crate::protocol::reply::Shape;
use crate::protocol::rsa::PrivateKey;
use crate::protocol::sts::{API, Call, Parameters, Signer, Sts};
use crate::text::{decode_wiped, key, shown_path};
use crate::wording;

const NAME: &str = "rsa_key_pair";
const DEFAULT_HOST: &str = "sts.ap-northeast-1.aliyuncs.com";
const MAX_SESSION_SECONDS: i64 = 3600;

pub(crate) const SHAPE: Shape = Shape {
    object: Some("SessionAccessKey"),
    id: &["SessionAccessKeyId"],
    secret: &["SessionAccessKeySecret"],
    token: None,
    expiration: &["Expiration"],
    checks_code: false,
};

#[derive(Debug)]
pub(crate) struct RsaKeyPair {
    public_key_id: String,
    private_key: ArcSwap<PrivateKey>,
    /// The file that the key was read from.
    file: Option<Watched>,
    forgotten: AtomicBool,
    duration_seconds: i64,
    sts: Sts,
    pub(super) shared: SharedSession,
}

impl RsaKeyPair {
    /// Uses the key in the options, else the key file named there.
    pub(super) fn new(config: &Config, host: &Host) -> Result<Self> {
        let duration_seconds = checked_duration(config)?;
        let public_key_id = public_key_id(config, host)?;
        let (private_key, file) = match &config.private_key {
            Some(key) => (parse(key.expose().trim_start_matches('\u{feff}'))?, None),
            None => {
                let file = Watched::new(key_file(config, host)?, host);
                (private_key_in(file.path(), host.read_file_now(file.path()), host)?, Some(file))
            }
        };
        Ok(RsaKeyPair {
            public_key_id,
            private_key: ArcSwap::from_pointee(private_key),
            file,
            forgotten: AtomicBool::new(false),
            duration_seconds,
            sts: Sts::new(config, host, DEFAULT_HOST)?,
            shared: SharedSession::default(),
        })
    }

    /// Makes the next fetch reread the key. Returns whether it came from a file.
    pub(super) fn forget_file(&self) -> bool {
        self.forgotten.store(self.file.is_some(), Ordering::Relaxed);
        self.file.is_some()
    }

    pub(super) fn has_file(&self) -> bool {
        self.file.is_some()
    }

    /// See [`super::Provider::reload`].
    pub(super) fn reload(&self, host: &Host) -> bool {
        let Some(file) = &self.file else { return false };
        let changed = file.reread(host, |bytes| private_key_in(file.path(), bytes, host));
        changed.map(|key| self.private_key.store(Arc::new(key))).is_some()
    }

    async fn read_again(&self, host: &Host) -> Result<()> {
        if let Some(file) = &self.file
            && self.forgotten.swap(false, Ordering::Relaxed)
        {
            let read = private_key_in(file.path(), host.read_file(file.path()).await, host);
            self.private_key.store(Arc::new(read.inspect_err(|_| self.forgotten.store(true, Ordering::Relaxed))?));
        }
        Ok(())
    }

    pub(super) async fn fetch(&self, host: &Host) -> Result<Credentials> {
        self.ask(host).await.map_err(|error| error.at_provider(NAME))
    }

    async fn ask(&self, host: &Host) -> Result<Credentials> {
        self.read_again(host).await?;
        let private_key = self.private_key.load_full();
        let call = Call {
            api: &API,
            provider: NAME,
            action: "GenerateSessionAccessKey",
            form: Parameters::from([("DurationSeconds", self.duration_seconds.to_string())]),
            signer: Signer::KeyPair { public_key_id: &self.public_key_id, private_key: &private_key },
            secrets: &[],
            trust: Trust::Usual,
        };
        let key = || Key::of_call(&self.sts, &call, true);
        self.shared.or_fetch(host, Lead::Sts, key, self.sts.call(host, &call, &SHAPE)).await
    }
}

fn key_file(config: &Config, host: &Host) -> Result<PathBuf> {
    let given = filled(config.private_key_file.as_ref());
    let given = given.ok_or_else(|| Error::invalid_config(host.surface().words(wording::PRIVATE_KEY_FILE_EMPTY)))?;
    Ok(host.path(given))
}

fn private_key_in(path: &Path, read: io::Result<Zeroizing<Vec<u8>>>, host: &Host) -> Result<PrivateKey> {
    let shown = shown_path(path);
    let bytes = read.map_err(|error| Error::unreadable(&error, host.surface().unreadable_key_file(&shown, &error)))?;
    let text =
        decode_wiped(&bytes).ok_or_else(|| Error::invalid_config(format!("the private key in {shown} is not text")))?;
    parse(&text)
}

fn parse(text: &str) -> Result<PrivateKey> {
    if text.trim().is_empty() {
        return Err(Error::invalid_config("private_key cannot be empty"));
    }
    PrivateKey::parse(text)
}

fn checked_duration(config: &Config) -> Result<i64> {
    let seconds = session_duration(config)?;
    if seconds > MAX_SESSION_SECONDS {
        return Err(Error::invalid_config(
            "session duration of an RSA key pair should be in the range of 900s - 3600s",
        ));
    }
    Ok(seconds)
}

fn public_key_id(config: &Config, host: &Host) -> Result<String> {
    let given = filled(config.public_key_id.as_ref()).unwrap_or_default();
    match key(&given, "the option 'public_key_id'").map_err(Error::invalid_config)? {
        "" => Err(Error::invalid_config(host.surface().words(wording::PUBLIC_KEY_ID_EMPTY))),
        id => Ok(id.to_owned()),
    }
}
