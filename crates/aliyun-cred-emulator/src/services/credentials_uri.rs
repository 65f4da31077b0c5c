//! A credentials URI: a user's own server that returns credentials for a GET.
//! <https://www.alibabacloud.com/help/en/sdk/developer-reference/v2-manage-python-access-credentials>
//!
//! The service is below `/credentials-uri` and accepts any query; the log holds the request target as sent.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::http::{Call, Content, Defect};
use crate::identity::{Identity, Kind};
use crate::refusal::Refusal;
use crate::service::Service;
use crate::settings::default_account;
use crate::state::State;
use crate::visitor::Visitor;

/// The name of the service.
pub(crate) const NAME: &str = "credentials_uri";
/// The lifetime of credentials in seconds, unless the settings override it.
const LIFETIME: i64 = 3600;

/// Who may use the credentials URI: everyone, unless a name and a password are set.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Settings {
    /// For Basic authorization.
    pub(crate) user: Option<String>,
    /// For Basic authorization.
    pub(crate) password: Option<String>,
}

/// The service.
pub(crate) struct CredentialsUri(Settings);

impl CredentialsUri {
    /// A service with these settings; the error text says what is wrong with them.
    pub(crate) fn new(settings: Settings) -> Result<Self, String> {
        if settings.user.is_some() != settings.password.is_some() {
            return Err("`credentials_uri` needs both `user` and `password`, or neither".to_owned());
        }
        Ok(Self(settings))
    }
}

impl Service for CredentialsUri {
    fn name(&self) -> &'static str {
        NAME
    }

    fn action<'a>(&self, _: &'a Call) -> Option<&'a str> {
        Some("credential")
    }

    fn overlooks(&self, defect: Defect) -> bool {
        // The query belongs to the user, so anything is allowed.
        matches!(defect, Defect::Repeated | Defect::NotUtf8)
    }

    fn admit(&self, _: &mut State, call: &Call) -> Visitor {
        let Self(settings) = self;
        let expected = settings.user.as_ref().zip(settings.password.as_ref());
        let is_right = match (expected, call.header("authorization")) {
            (_, None) => None,
            (None, Some(_)) => Some(false),
            (Some((user, password)), Some(_)) => {
                let given = call.authorization("Basic").and_then(|text| STANDARD.decode(text).ok());
                Some(given == Some(format!("{user}:{password}").into_bytes()))
            }
        };
        let refusal = (expected.is_some() && is_right != Some(true))
            .then(|| Refusal::new(401, "Unauthorized", "The name or the password is wrong."));
        Visitor::anybody(call, refusal).with("basic", is_right)
    }

    fn perform(&mut self, state: &mut State, call: &Call, _: Option<&Identity>) -> Result<Content, Refusal> {
        if call.method != "GET" {
            return Err(Refusal::new(405, "MethodNotAllowed", "Only GET is answered here."));
        }
        let kind = Kind::Role { name: "credentials-uri".to_owned(), session: "emulator".to_owned() };
        let identity = Identity { account: default_account(), kind };
        let lifetime = state.lifetime.unwrap_or(LIFETIME);
        let mut document = json!({ "Code": "Success" });
        if let (Some(document), Value::Object(fields)) =
            (document.as_object_mut(), state.issue_session(identity, lifetime).document())
        {
            document.extend(fields);
        }
        Ok(Content::Json(document))
    }

    fn refuse(&self, _: &Call, refusal: &Refusal) -> Content {
        Content::Json(json!({ "Code": refusal.code, "Message": refusal.message }))
    }
}
