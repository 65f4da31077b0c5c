//! All services, and the routing of requests to them.

use crate::http::{Call, Via};
use crate::service::Service;
use cloud_sso::CloudSso;
use credentials_uri::CredentialsUri;
use kms::Kms;
use metadata::Metadata;
use oauth::Oauth;
use oss::Oss;
use sts::Sts;

pub(crate) mod cloud_sso;
pub(crate) mod credentials_uri;
pub(crate) mod kms;
pub(crate) mod metadata;
pub(crate) mod oauth;
pub(crate) mod oss;
pub(crate) mod sts;

/// The names of all services.
pub(crate) const NAMES: [&str; 7] =
    [sts::NAME, metadata::NAME, credentials_uri::NAME, cloud_sso::NAME, oauth::NAME, kms::NAME, oss::NAME];

/// Every service with its state.
pub(crate) struct Services {
    /// STS.
    pub(crate) sts: Sts,
    /// Instance metadata.
    pub(crate) metadata: Metadata,
    /// The credentials URI.
    pub(crate) credentials_uri: CredentialsUri,
    /// CloudSSO.
    pub(crate) cloud_sso: CloudSso,
    /// OAuth.
    pub(crate) oauth: Oauth,
    /// KMS.
    pub(crate) kms: Kms,
    /// Object storage.
    pub(crate) oss: Oss,
}

impl Services {
    /// Routes a request by listener, then by host, then by path. Real host names have only their own services (no other
    /// host has OAuth, for example); any other host (loopback, or a name made up by a test) has every service, by path.
    pub(crate) fn of(&mut self, call: &Call) -> &mut dyn Service {
        let host = call.host.rsplit_once(':').map_or(call.host.as_str(), |(host, _)| host).to_ascii_lowercase();
        let is_real = ["aliyuncs.com", "aliyun.com", "alibabacloud.com", "alibabacloudsso.com"]
            .iter()
            .any(|domain| host.ends_with(domain));
        match (call.via, host.as_str(), call.path.as_str()) {
            (Via::Metadata, _, _) | (_, "100.100.100.200", _) => &mut self.metadata,
            (_, "oauth.aliyun.com" | "oauth.alibabacloud.com", _) => &mut self.oauth,
            (_, host, _) if oss::is_host(host) || (!is_real && oss::is_signed(call)) => &mut self.oss,
            (_, _, "/cloud-credentials") => &mut self.cloud_sso,
            (_, _, path) if path == "/credentials-uri" || path.starts_with("/credentials-uri/") => {
                &mut self.credentials_uri
            }
            (_, _, "/v1/token" | "/v1/exchange") if !is_real => &mut self.oauth,
            (_, _, path) if path.starts_with("/latest/") && !is_real => &mut self.metadata,
            (_, host, _) if host.starts_with("kms.") || host.starts_with("kms-vpc.") || host.contains(".kms.") => {
                &mut self.kms
            }
            _ if !is_real && kms::version(call) == Some(kms::VERSION) => &mut self.kms,
            _ => &mut self.sts,
        }
    }
}
