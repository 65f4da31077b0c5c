//! A credentials URI: any server of the user's that hands out credentials for a GET.
//! <https://www.alibabacloud.com/help/en/sdk/developer-reference/v2-manage-python-access-credentials>
//!
//! It is below `/credentials-uri`, takes any query, and the log has the request target as it was sent.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use crate::http::{Call, Content, Defect};
use crate::identity::{Identity, Kind};
use crate::service::{Refusal, Service, Visitor};
use crate::settings::default_account;
use crate::state::State;

/// Seconds for which credentials are good unless the settings say otherwise.
const LIFETIME: i64 = 3600;

/// The service.
pub(crate) struct CredentialsUri;

impl Service for CredentialsUri {
    fn name(&self) -> &'static str {
        "credentials_uri"
    }

    fn action<'a>(&self, _: &'a Call) -> Option<&'a str> {
        Some("credential")
    }

    fn overlooks(&self, defect: Defect) -> bool {
        // Whose the query is does not say what it may be.
        matches!(defect, Defect::Repeated | Defect::NotUtf8)
    }

    fn admit(&self, state: &mut State, call: &Call) -> Visitor {
        let settings = &state.credentials_uri;
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

    fn perform(&self, state: &mut State, call: &Call, _: Option<&Identity>) -> Result<Content, Refusal> {
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
