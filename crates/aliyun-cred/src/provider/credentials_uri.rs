//! A URI that hands out credentials, as a local agent does.
//!
//! The URI is asked verbatim: its port, query and user-info (for Basic authentication) are the user's own.

use super::required;
use crate::answer::{Service, Shape, no_hint};
use crate::config::Config;
use crate::credentials::{Credentials, Secret};
use crate::error::{Error, Result};
use crate::freshness::Lead;
use crate::host::{Host, Limits, Method, Request, Route};

// Singular, unlike the type `credentials_uri`: what the official packages call it, and callers compare with.
const NAME: &str = "credential_uri";

#[derive(Debug)]
pub(crate) struct CredentialsUri {
    uri: Secret,
    /// The URI without what may be secret in it.
    shown: String,
    limits: Limits,
    route: Route,
}

impl CredentialsUri {
    pub(crate) fn new(config: &Config, host: &Host) -> Result<Self> {
        let uri = required(
            config.credentials_uri.as_ref().map(Secret::expose),
            "ALIBABA_CLOUD_CREDENTIALS_URI",
            host,
            || {
                let text = "uri or environment variable ALIBABA_CLOUD_CREDENTIALS_URI cannot be empty";
                (text, text)
            },
        )?;
        let invalid = |why: &str| Error::invalid_config(format!("the credentials URI is not valid: {why}"));
        let parsed = url::Url::parse(uri.trim()).map_err(|error| invalid(&error.to_string()))?;
        if !matches!(parsed.scheme(), "http" | "https") || !parsed.has_host() {
            return Err(invalid("it must begin with http:// or https:// and name a host"));
        }
        let mut shown = parsed;
        shown.set_query(None);
        shown.set_fragment(None);
        // These fail only for URLs without a host.
        let _ = shown.set_username("");
        let _ = shown.set_password(None);
        Ok(CredentialsUri {
            uri: uri.trim().into(),
            shown: shown.into(),
            limits: config.limits(5_000, 10_000),
            route: config.route(),
        })
    }

    /// For the default chain: `None` unless the environment configures it.
    pub(crate) fn from_environment(host: &Host) -> Option<Result<Self>> {
        host.env("ALIBABA_CLOUD_CREDENTIALS_URI").map(|_| CredentialsUri::new(&Config::default(), host))
    }

    pub(super) async fn fetch(&self, host: &Host) -> Result<Credentials> {
        let request = Request {
            method: Method::Get,
            url: self.uri.expose().to_owned(),
            headers: Vec::new(),
            body: String::new(),
            limits: self.limits,
            route: self.route.clone(),
        };
        let service = Service {
            label: &self.shown,
            refused: |uri, status| format!("error refreshing credentials from {uri},  http_code={status}"),
            secrets: &[self.uri.expose()],
            hint: no_hint,
        };
        let shape = Shape { checks_code: true, ..Shape::common(None) };
        let issued = service.fetch(host, request, &shape).await.map_err(|error| error.at_provider(NAME))?;
        Ok(Credentials::issued(issued, NAME, Lead::Sts))
    }
}
