//! A session of an RSA key pair: STS GenerateSessionAccessKey, which the service offers on its Japanese site.
//!
//! The signature is RSASSA-PKCS1-v1_5 with SHA-256 over the same text that an AccessKey pair would sign.

use super::{filled, session_duration};
use crate::config::Config;
use crate::credentials::Credentials;
use crate::error::{Error, Result};
use crate::host::Host;
use crate::protocol::reply::Shape;
use crate::protocol::rsa::PrivateKey;
use crate::protocol::sts::{Call, Parameters, Signer, Sts};
use crate::text::{decode_wiped, shown_path};
use crate::wording;

const NAME: &str = "rsa_key_pair";
const DEFAULT_HOST: &str = "sts.ap-northeast-1.aliyuncs.com";
const MAX_SESSION_SECONDS: i64 = 3600;

const SHAPE: Shape = Shape {
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
    private_key: PrivateKey,
    duration_seconds: i64,
    sts: Sts,
}

impl RsaKeyPair {
    /// With the key in the options, or else in the file that they name.
    pub(super) fn new(config: &Config, host: &Host) -> Result<Self> {
        let duration_seconds = checked_duration(config)?;
        let public_key_id = public_key_id(config, host)?;
        let private_key = match &config.private_key {
            Some(key) => parse(key.expose())?,
            None => private_key_in_file(config, host)?,
        };
        Ok(RsaKeyPair { public_key_id, private_key, duration_seconds, sts: Sts::new(config, host, DEFAULT_HOST)? })
    }

    pub(super) async fn fetch(&self, host: &Host) -> Result<Credentials> {
        let call = Call {
            provider: NAME,
            action: "GenerateSessionAccessKey",
            form: Parameters::from([("DurationSeconds", self.duration_seconds.to_string())]),
            signer: Signer::KeyPair { public_key_id: &self.public_key_id, private_key: &self.private_key },
            secrets: &[],
            shape: SHAPE,
        };
        self.sts.call(host, call).await.map_err(|error| error.at_provider(NAME))
    }
}

fn private_key_in_file(config: &Config, host: &Host) -> Result<PrivateKey> {
    let path = filled(config.private_key_file.as_ref())
        .ok_or_else(|| Error::invalid_config(host.surface().words(wording::PRIVATE_KEY_FILE_EMPTY)))?;
    let path = host.path(path);
    let shown = shown_path(&path);
    let bytes = host
        .read_file_now(&path)
        .map_err(|error| Error::unreadable(&error, host.surface().unreadable_key_file(&shown, &error)))?;
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
    filled(config.public_key_id.as_ref())
        .ok_or_else(|| Error::invalid_config(host.surface().words(wording::PUBLIC_KEY_ID_EMPTY)))
}
