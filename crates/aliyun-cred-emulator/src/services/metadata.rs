//! The metadata service of an ECS instance. It returns the credentials of the instance's role to every client that can
//! reach it: directly ("normal mode") or for a token that is fetched first ("security hardening mode").
//! <https://www.alibabacloud.com/help/en/ecs/user-guide/view-instance-metadata>

use percent_encoding::percent_decode_str;
use serde::Deserialize;
use serde_json::Value;

use crate::clock;
use crate::http::{Call, Content};
use crate::identity::{Identity, Kind};
use crate::random;
use crate::refusal::Refusal;
use crate::remembered::Remembered;
use crate::service::Service;
use crate::settings::{default_account, seconds};
use crate::state::State;
use crate::visitor::Visitor;

/// The name of the service.
pub(crate) const NAME: &str = "metadata";
/// The path of tokens.
const TOKEN: &str = "/latest/api/token";
/// The path of the role's name, and below it of its credentials.
const ROLES: &str = "/latest/meta-data/ram/security-credentials/";
/// The header with a token's lifetime, and the maximum in seconds.
const TTL: &str = "x-aliyun-ecs-metadata-token-ttl-seconds";
const MAX_TTL: i64 = 21_600;
/// The header with the token in hardened mode.
const TOKEN_HEADER: &str = "x-aliyun-ecs-metadata-token";
/// The lifetime of credentials in seconds, unless the settings override it.
const LIFETIME: i64 = 21_600;

/// A mode of the metadata service.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Version {
    /// Without a token.
    V1,
    /// With a token.
    V2,
}

/// The instance metadata service.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Settings {
    /// The instance's role; `None`: no role.
    pub(crate) role: Option<String>,
    /// The supported modes.
    pub(crate) versions: Vec<Version>,
    /// Whether the role's name ends with a newline.
    pub(crate) newline: bool,
    /// The `Code` to return instead of `Success`.
    pub(crate) code: Option<String>,
    /// In seconds; overrides the global lifetime.
    pub(crate) lifetime: Option<i64>,
}

impl Default for Settings {
    fn default() -> Self {
        Self { role: None, versions: vec![Version::V1, Version::V2], newline: false, code: None, lifetime: None }
    }
}

/// The service and the instance that it describes.
pub(crate) struct Metadata {
    settings: Settings,
    /// The expiration of each token, by the services' clock.
    tokens: Remembered<i64>,
}

impl Metadata {
    /// A service with these settings; the error text says what is wrong with them.
    pub(crate) fn new(settings: Settings) -> Result<Self, String> {
        seconds("metadata.lifetime", settings.lifetime)?;
        if settings.versions.is_empty() {
            return Err("`versions` of `metadata` are v1, v2 or both".to_owned());
        }
        if settings.role.as_ref().is_some_and(String::is_empty) {
            return Err("`role` of `metadata` is empty; no role is null".to_owned());
        }
        Ok(Self { settings, tokens: Remembered::new() })
    }

    fn speaks(&self, version: Version) -> bool {
        self.settings.versions.contains(&version)
    }

    fn issue_token(&mut self, now: i64, call: &Call) -> Result<Content, Refusal> {
        if !self.speaks(Version::V2) {
            return Err(not_found());
        }
        let seconds = call.header(TTL).and_then(|text| text.parse::<i64>().ok());
        let seconds = seconds
            .filter(|seconds| (1..=MAX_TTL).contains(seconds))
            .ok_or_else(|| Refusal::new(400, "InvalidTtl", format!("400 - {TTL} is 1 to {MAX_TTL}")))?;
        let token = random::bearer_token();
        let expires_at = now + seconds;
        self.tokens.insert(token.clone(), expires_at);
        Ok(Content::Text(token))
    }

    fn check_token(&self, now: i64, call: &Call) -> Result<(), Refusal> {
        match call.header(TOKEN_HEADER) {
            // An older service does not know the header.
            _ if !self.speaks(Version::V2) => Ok(()),
            Some(token) if self.tokens.get(token).is_some_and(|end| *end > now) => Ok(()),
            Some(_) => Err(Refusal::new(401, "InvalidToken", "401 - Unauthorized")),
            None if self.speaks(Version::V1) => Ok(()),
            None => Err(Refusal::new(403, "TokenRequired", "403 - Forbidden")),
        }
    }

    fn credential(&self, state: &mut State, call: &Call) -> Result<Value, Refusal> {
        let settings = &self.settings;
        let asked = call.path.strip_prefix(ROLES).unwrap_or_default();
        let asked = percent_decode_str(asked).decode_utf8_lossy();
        let role = settings.role.clone().filter(|role| *role == asked).ok_or_else(not_found)?;
        let code = settings.code.clone().unwrap_or_else(|| "Success".to_owned());
        let lifetime = settings.lifetime.or(state.lifetime).unwrap_or(LIFETIME);

        let kind = Kind::Role { name: role, session: "instance".to_owned() };
        let issued = state.issue_session(Identity { account: default_account(), kind }, lifetime);
        let mut document = issued.document();
        if let Some(fields) = document.as_object_mut() {
            fields.insert("LastUpdated".to_owned(), clock::to_wire(state.now()).into());
            fields.insert("Code".to_owned(), code.into());
        }
        Ok(document)
    }
}

impl Service for Metadata {
    fn name(&self) -> &'static str {
        NAME
    }

    fn action<'a>(&self, call: &'a Call) -> Option<&'a str> {
        match call.path.as_str() {
            TOKEN => Some("token"),
            ROLES => Some("role"),
            path => path.starts_with(ROLES).then_some("credential"),
        }
    }

    fn admit(&self, _: &mut State, call: &Call) -> Visitor {
        Visitor::anybody(call, None)
    }

    fn perform(&mut self, state: &mut State, call: &Call, _: Option<&Identity>) -> Result<Content, Refusal> {
        match (self.action(call), call.method.as_str()) {
            (Some("token"), "PUT") => self.issue_token(state.now(), call),
            (Some("role"), "GET") => {
                self.check_token(state.now(), call)?;
                let role = self.settings.role.as_deref().ok_or_else(not_found)?;
                let end = if self.settings.newline { "\n" } else { "" };
                Ok(Content::Text(format!("{role}{end}")))
            }
            (Some("credential"), "GET") => {
                self.check_token(state.now(), call)?;
                self.credential(state, call).map(Content::Json)
            }
            (Some(_), _) => Err(Refusal::new(405, "MethodNotAllowed", "405 - Method Not Allowed")),
            (None, _) => Err(not_found()),
        }
    }

    fn refuse(&self, _: &Call, refusal: &Refusal) -> Content {
        Content::Text(format!("{}\n", refusal.message))
    }
}

fn not_found() -> Refusal {
    Refusal::new(404, "NotFound", "404 - Not Found")
}
