//! The metadata service of an ECS instance, which gives its role's credentials to whoever can reach
//! it: plainly ("normal mode") or for a token that has to be fetched first ("security hardening
//! mode").
//! <https://www.alibabacloud.com/help/en/ecs/user-guide/view-instance-metadata>

use percent_encoding::percent_decode_str;
use serde_json::Value;

use crate::clock;
use crate::http::{Call, Content};
use crate::identity::{Identity, Kind};
use crate::random;
use crate::remembered::Remembered;
use crate::service::{Refusal, Service, Visitor};
use crate::settings::{MetadataSettings, Version, default_account};
use crate::state::State;

/// Where tokens are.
const TOKEN: &str = "/latest/api/token";
/// Where the role is, and below it its credentials.
const ROLES: &str = "/latest/meta-data/ram/security-credentials/";
/// How long a token is wanted for, and how long that may be, in seconds.
const TTL: &str = "x-aliyun-ecs-metadata-token-ttl-seconds";
const MAX_TTL: i64 = 21_600;
/// What comes with a request in the hardened mode.
const TOKEN_HEADER: &str = "x-aliyun-ecs-metadata-token";
/// Seconds for which credentials are good unless the settings say otherwise.
const LIFETIME: i64 = 21_600;

/// The service.
pub(crate) struct Metadata;

/// The instance that it describes.
pub(crate) struct Instance {
    settings: MetadataSettings,
    /// When each token ends, on the services' clock.
    tokens: Remembered<i64>,
}

impl Instance {
    /// As it is at first.
    pub(crate) fn new(settings: MetadataSettings) -> Self {
        Self { settings, tokens: Remembered::new() }
    }

    fn speaks(&self, version: Version) -> bool {
        self.settings.versions.contains(&version)
    }
}

impl Service for Metadata {
    fn name(&self) -> &'static str {
        "metadata"
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

    fn perform(&self, state: &mut State, call: &Call, _: Option<&Identity>) -> Result<Content, Refusal> {
        match (self.action(call), call.method.as_str()) {
            (Some("token"), "PUT") => issue_token(state, call),
            (Some("role"), "GET") => {
                check_token(state, call)?;
                let role = state.instance.settings.role.as_deref().ok_or_else(not_found)?;
                let end = if state.instance.settings.newline { "\n" } else { "" };
                Ok(Content::Text(format!("{role}{end}")))
            }
            (Some("credential"), "GET") => {
                check_token(state, call)?;
                credential(state, call).map(Content::Json)
            }
            (Some(_), _) => Err(Refusal::new(405, "MethodNotAllowed", "405 - Method Not Allowed")),
            (None, _) => Err(not_found()),
        }
    }

    fn refuse(&self, _: &Call, refusal: &Refusal) -> Content {
        Content::Text(format!("{}\n", refusal.message))
    }
}

fn issue_token(state: &mut State, call: &Call) -> Result<Content, Refusal> {
    if !state.instance.speaks(Version::V2) {
        return Err(not_found());
    }
    let seconds = call.header(TTL).and_then(|text| text.parse::<i64>().ok());
    let seconds = seconds
        .filter(|seconds| (1..=MAX_TTL).contains(seconds))
        .ok_or_else(|| Refusal::new(400, "InvalidTtl", format!("400 - {TTL} is 1 to {MAX_TTL}")))?;
    let token = random::bearer_token();
    let expires_at = state.now() + seconds;
    state.instance.tokens.insert(token.clone(), expires_at);
    Ok(Content::Text(token))
}

fn check_token(state: &State, call: &Call) -> Result<(), Refusal> {
    let instance = &state.instance;
    match call.header(TOKEN_HEADER) {
        // An older service does not know the header.
        _ if !instance.speaks(Version::V2) => Ok(()),
        Some(token) if instance.tokens.get(token).is_some_and(|end| *end > state.now()) => Ok(()),
        Some(_) => Err(Refusal::new(401, "InvalidToken", "401 - Unauthorized")),
        None if instance.speaks(Version::V1) => Ok(()),
        None => Err(Refusal::new(403, "TokenRequired", "403 - Forbidden")),
    }
}

fn credential(state: &mut State, call: &Call) -> Result<Value, Refusal> {
    let settings = &state.instance.settings;
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

fn not_found() -> Refusal {
    Refusal::new(404, "NotFound", "404 - Not Found")
}
