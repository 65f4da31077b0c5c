//! A CloudSSO session: exchanges the access token of a user's login for a credential.
//!
//! <https://www.alibabacloud.com/help/en/cloudsso/developer-reference/api-cloudsso-2021-05-15-createcloudcredential>

use crate::config::Config;
use crate::credentials::Credentials;
use crate::credentials::Lead;
use crate::error::{Error, ErrorKind, Result};
use crate::host::{Host, Limits, Method, Request, Route, Trust};
use crate::protocol::endpoint;
use crate::protocol::reply::{Service, Shape, no_hint, refused, rejected};
use crate::protocol::{limits, route};
use crate::secret::Secret;
use crate::wording;

use super::shared_session::{Key, SharedSession};
use super::{filled, filled_key};

const NAME: &str = "cloud_sso";

#[derive(Debug)]
pub(crate) struct CloudSso {
    url: String,
    account_id: String,
    access_config: String,
    access_token: Secret,
    /// In seconds since the Unix epoch.
    access_token_expire: i64,
    limits: Limits,
    route: Route,
    pub(super) shared: SharedSession,
}

impl CloudSso {
    pub(super) fn new(config: &Config, host: &Host) -> Result<Self> {
        let expire = config.access_token_expire.unwrap_or(0);
        let token = filled_key(config.access_token.as_ref(), "the access token")?.filter(|_| !is_over(expire, host));
        let access_token = token.ok_or_else(|| login_required(host))?;
        let parts = (
            filled(config.sign_in_url.as_ref()),
            filled(config.account_id.as_ref()),
            filled(config.access_config.as_ref()),
        );
        let (Some(sign_in_url), Some(account_id), Some(access_config)) = parts else {
            return Err(Error::invalid_config(host.surface().words(wording::CLOUD_SSO_OPTIONS_EMPTY)));
        };
        let url = endpoint::origin("CloudSSO sign-in URL", &sign_in_url)?;
        let route = route(config, &url);
        Ok(CloudSso {
            url,
            account_id,
            access_config,
            access_token,
            access_token_expire: expire,
            limits: limits(config, 5_000, 10_000),
            route,
            shared: SharedSession::default(),
        })
    }

    pub(super) async fn fetch(&self, host: &Host) -> Result<Credentials> {
        if is_over(self.access_token_expire, host) {
            return Err(login_required(host).at_provider(NAME));
        }
        let key = || {
            let key = Key::new(NAME, &self.url, &self.access_config).with("AccountId", &self.account_id);
            key.with("AccessConfigurationId", &self.access_config).with_secret("token", self.access_token.expose())
        };
        self.shared.or_fetch(host, Lead::Sts, key, self.ask(host)).await
    }

    async fn ask(&self, host: &Host) -> Result<Credentials> {
        let body = serde_json::json!({
            "AccountId": self.account_id,
            "AccessConfigurationId": self.access_config,
        });
        let request = || {
            Ok(Request {
                method: Method::Post,
                url: format!("{}cloud-credentials", self.url),
                headers: vec![
                    ("Accept", "application/json".to_owned()),
                    ("Content-Type", "application/json".to_owned()),
                    ("Authorization", format!("Bearer {}", self.access_token.expose())),
                ],
                body: body.to_string().into(),
                limits: self.limits,
                route: self.route.clone(),
                tells_time: true,
                trust: Trust::Usual,
            })
        };
        let secrets = [self.access_token.expose()];
        let service = Service { label: "sso", refused, rejected, secrets: &secrets, hint: no_hint };
        let issued = service.fetch(host, request, &Shape::common(Some("CloudCredential"))).await;
        Ok(Credentials::issued(issued.map_err(|error| error.at_provider(NAME))?, NAME, Lead::Sts))
    }
}

fn is_over(unix_seconds: i64, host: &Host) -> bool {
    u64::try_from(unix_seconds).map_or(true, |seconds| seconds.saturating_mul(1000) <= host.now().wall)
}

fn login_required(host: &Host) -> Error {
    Error::new(ErrorKind::LoginRequired, host.surface().words(wording::CLOUD_SSO_LOGIN))
}
