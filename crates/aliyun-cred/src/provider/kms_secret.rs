//! An AccessKey pair in a secret of KMS, which rotates it: KMS GetSecretValue, signed with another credential.
//!
//! The pair has no end of its own: KMS keeps the last one valid while it rotates, and what cannot be fetched again stays
//! in use.

use std::sync::Arc;
use std::time::Duration;

use super::{Provider, filled};
use crate::config::Config;
use crate::credentials::Credentials;
use crate::error::{Error, ErrorKind, Result};
use crate::host::{Host, Trust};
use crate::protocol::kms::Kms;
use crate::runtime::driver;
use crate::text::{GivenPath, shown_path};

const NAME: &str = "kms_secret";

/// How long the pauses are at most when KMS has no time for us, in milliseconds: half of that on average.
const PAUSES: [f64; 2] = [1_000.0, 2_000.0];

#[derive(Debug)]
pub(crate) struct KmsSecret {
    base: Provider,
    kms: Kms,
    /// The certificate authorities of a dedicated gateway.
    ca_file: Option<GivenPath>,
}

impl KmsSecret {
    /// The secret in the options, fetched with the credential of `base`.
    pub(super) fn read(base: Provider, config: &Config, host: &Host) -> Result<Provider> {
        let ca_file = filled(config.ca_file.as_ref()).map(|path| host.path(path).into());
        Ok(Provider::KmsSecret(Box::new(KmsSecret { base, kms: Kms::new(config, host)?, ca_file })))
    }

    pub(super) fn base(&self) -> &Provider {
        &self.base
    }

    pub(super) async fn fetch(&self, host: &Host) -> Result<Credentials> {
        let signer = self.base.fetch(host).await.map_err(|error| error.below(NAME))?;
        let credentials = self.ask(&signer, host).await.map_err(|error| error.at_provider(NAME))?;
        Ok(credentials.in_exchange_for(&signer, NAME))
    }

    /// Asks KMS, and twice more after a pause if it is too busy: with nothing cached, each call would be one more
    /// request to a service that has too many of them.
    async fn ask(&self, signer: &Credentials, host: &Host) -> Result<Credentials> {
        let trust = self.trust(host).await?;
        for longest in PAUSES {
            match self.kms.secret_value(host, signer, trust.clone()).await {
                Err(error) if is_busy(&error) => {
                    let pause = Duration::from_secs_f64(longest * host.draw() / 1000.0);
                    driver::current()?.run(host.sleep(pause)).await?;
                }
                outcome => return outcome,
            }
        }
        self.kms.secret_value(host, signer, trust).await
    }

    /// The authorities to trust. The file is read at every fetch, so that a new one takes effect.
    async fn trust(&self, host: &Host) -> Result<Trust> {
        let Some(path) = &self.ca_file else { return Ok(Trust::Usual) };
        let read = host.read_shared_file(path).await.map_err(|error| {
            let text = format!("unable to read 'ca_file' {}: {error}", shown_path(path));
            Error::unreadable(&error, text)
        })?;
        Ok(Trust::Only(Arc::from(read.as_slice())))
    }
}

fn is_busy(error: &Error) -> bool {
    let code = matches!(error.code(), Some("ServiceUnavailableTemporary" | "InternalFailure"));
    code || error.kind() == ErrorKind::Throttled
}
