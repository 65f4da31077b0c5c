//! The Key Management Service, API version 2016-01-20: `GetSecretValue` alone.
//! <https://www.alibabacloud.com/help/en/kms/key-management-service/developer-reference/api-getsecretvalue>
//!
//! A secret of type `RAMCredentials` holds the AccessKey of a RAM user. A rotation makes another one: the last one works
//! until the next rotation, the one before it no longer.

use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::http::{Call, Content};
use crate::identity::{Identity, Kind};
use crate::refusal::Refusal;
use crate::service::Service;
use crate::services::sts::authentication::authenticate;
use crate::settings::{default_account, seconds};
use crate::signature::Scheme;
use crate::state::{Key, State};
use crate::visitor::Visitor;
use crate::{clock, random};

/// The name of the service.
pub(crate) const NAME: &str = "kms";
/// The only version of the API.
pub(crate) const VERSION: &str = "2016-01-20";
/// The only action.
const ACTION: &str = "GetSecretValue";
/// The type of the secrets that rotate.
const RAM_CREDENTIALS: &str = "RAMCredentials";

/// A secret, as configured.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct SecretSettings {
    name: String,
    #[serde(default = "default_region")]
    region: String,
    #[serde(default = "default_account")]
    account: String,
    #[serde(rename = "type", default = "default_type")]
    type_name: String,
    /// The data as it is; absent: the AccessKey of `user`.
    data: Option<String>,
    #[serde(default = "default_user")]
    user: String,
    /// The first AccessKey; absent: a random one.
    access_key: Option<AccessKey>,
    /// The time until the next rotation, in seconds; absent: rotation is disabled.
    rotates_in: Option<i64>,
    /// The time between rotations, in seconds.
    #[serde(default = "default_interval")]
    rotation_interval: i64,
    /// The ARNs of users, roles or accounts (`…:root`) that may read it; absent: everyone.
    readers: Option<Vec<String>>,
}

fn default_region() -> String {
    "cn-hangzhou".to_owned()
}

fn default_type() -> String {
    RAM_CREDENTIALS.to_owned()
}

fn default_user() -> String {
    "rotated".to_owned()
}

fn default_interval() -> i64 {
    7 * 24 * 3600
}

/// An AccessKey pair.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct AccessKey {
    id: String,
    secret: String,
}

/// A secret.
struct Secret {
    settings: SecretSettings,
    created: i64,
    rotated: Option<i64>,
    next_rotation: Option<i64>,
    /// How many versions there have been.
    versions: u64,
    /// The current AccessKey, and the one before it.
    keys: Vec<(AccessKey, i64)>,
}

/// The service.
pub(crate) struct Kms(Vec<Secret>);

impl Kms {
    /// A service with these secrets, whose keys are added to `state`; the error text says what is wrong with them.
    pub(crate) fn new(secrets: Vec<SecretSettings>, state: &mut State) -> Result<Self, String> {
        let now = state.now();
        let mut known: Vec<Secret> = Vec::new();
        for settings in secrets {
            seconds("rotates_in", settings.rotates_in)?;
            seconds("rotation_interval", Some(settings.rotation_interval))?;
            if settings.rotation_interval < 1 {
                return Err("`rotation_interval` is at least one second".to_owned());
            }
            if known.iter().any(|secret| secret.settings.name == settings.name) {
                return Err(format!("`secrets` has `{}` twice", settings.name));
            }
            let next_rotation = settings.rotates_in.map(|left| now + left);
            let first = settings.access_key.clone();
            let mut secret =
                Secret { settings, created: now, rotated: None, next_rotation, versions: 0, keys: Vec::new() };
            secret.renew(state, first);
            known.push(secret);
        }
        Ok(Self(known))
    }

    /// Rotates a secret now; `None` if there is no such secret of type `RAMCredentials`.
    pub(crate) fn rotate(&mut self, name: &str, state: &mut State) -> Option<()> {
        let secret = self.0.iter_mut().find(|secret| secret.settings.name == name)?;
        secret.settings.data.is_none().then(|| secret.rotate(state))
    }

    /// The secret that `call` names, by name or ARN.
    fn find(&mut self, called: &str) -> Option<&mut Secret> {
        self.0.iter_mut().find(|secret| secret.settings.name == called || secret.arn() == called)
    }
}

impl Secret {
    fn arn(&self) -> String {
        let SecretSettings { region, account, name, .. } = &self.settings;
        format!("acs:kms:{region}:{account}:secret/{name}")
    }

    /// Makes the next version.
    fn renew(&mut self, state: &mut State, key: Option<AccessKey>) {
        self.versions += 1;
        let random = || AccessKey { id: random::long_lived_id(), secret: random::access_key_secret() };
        let key = key.unwrap_or_else(random);
        if self.settings.data.is_none() {
            let kind = Kind::User(self.settings.user.clone());
            let identity = Identity { account: self.settings.account.clone(), kind };
            state.add(key.id.clone(), Key { secret: key.secret.clone(), token: None, expires_at: None, identity });
        }
        self.keys.insert(0, (key, state.now()));
        for (gone, _) in self.keys.drain(2.min(self.keys.len())..) {
            state.remove(&gone.id);
        }
    }

    fn rotate(&mut self, state: &mut State) {
        self.renew(state, None);
        self.rotated = Some(state.now());
        self.next_rotation = self.next_rotation.map(|_| state.now() + self.settings.rotation_interval);
    }

    /// The version at `index`: 0 is the current one.
    fn describe(&self, index: usize, stage: &str) -> Option<Value> {
        let (key, made) = self.keys.get(index)?;
        let pair = || {
            let made = clock::to_wire(*made);
            json!({"AccessKeyId": key.id, "AccessKeySecret": key.secret, "GenerateTimestamp": made}).to_string()
        };
        let data = self.settings.data.clone().unwrap_or_else(pair);
        let mut document = json!({
            "SecretName": self.settings.name,
            "SecretType": self.settings.type_name,
            "SecretData": data,
            "SecretDataType": "text",
            "VersionId": format!("v{}", self.versions - index as u64),
            "VersionStages": { "VersionStage": [stage] },
            "CreateTime": clock::to_wire(self.created),
            "AutomaticRotation": if self.next_rotation.is_some() { "Enabled" } else { "Disabled" },
        });
        let rotation = [
            ("LastRotationDate", self.rotated.map(clock::to_wire)),
            ("NextRotationDate", self.next_rotation.map(clock::to_wire)),
            ("RotationInterval", self.next_rotation.map(|_| format!("{}s", self.settings.rotation_interval))),
        ];
        let present = rotation.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?.into())));
        document.as_object_mut()?.extend(present);
        Some(document)
    }
}

impl Service for Kms {
    fn name(&self) -> &'static str {
        NAME
    }

    fn action<'a>(&self, call: &'a Call) -> Option<&'a str> {
        call.header("x-acs-action").or_else(|| call.param("Action"))
    }

    fn admit(&self, state: &mut State, call: &Call) -> Visitor {
        let scheme = Scheme::of(call);
        let access_key_id = scheme.claimed_key(call).map(str::to_owned);
        let caller = authenticate(state, call).map(Some);
        Visitor { access_key_id, signature: scheme.name(), caller, details: Map::new() }
    }

    fn perform(&mut self, state: &mut State, call: &Call, caller: Option<&Identity>) -> Result<Content, Refusal> {
        if self.action(call) != Some(ACTION) || call.path != "/" || version(call) != Some(VERSION) {
            let message = "Specified api is not found, please check your url and method.";
            return Err(Refusal::new(404, "InvalidAction.NotFound", message));
        }
        let stage = call.param("VersionStage").unwrap_or("ACSCurrent");
        let name = call.param("SecretName").filter(|name| !name.is_empty());
        let name = name.ok_or_else(|| Refusal::new(400, "MissingParameter", "The parameter SecretName is needed."))?;
        let not_found = || Refusal::new(404, "Forbidden.ResourceNotFound", "Resource not found.");
        let secret = self.find(name).ok_or_else(not_found)?;
        let may_read =
            |readers: &Vec<String>| readers.iter().any(|reader| caller.is_some_and(|caller| caller.is(reader)));
        if !secret.settings.readers.as_ref().is_none_or(may_read) {
            let message = "This operation is forbidden by permission system.";
            return Err(Refusal::new(403, "Forbidden.NoPermission", message));
        }
        if secret.next_rotation.is_some_and(|due| due <= state.now()) {
            secret.rotate(state);
        }
        let index = match stage {
            "ACSCurrent" => 0,
            "ACSPrevious" => 1,
            _ => return Err(Refusal::new(400, "InvalidParameter", "The specified parameter VersionStage is invalid.")),
        };
        let mut document = secret.describe(index, stage).ok_or_else(not_found)?;
        if let Some(document) = document.as_object_mut() {
            document.insert("RequestId".to_owned(), random::request_id().into());
        }
        Ok(Content::Json(document))
    }

    fn refuse(&self, call: &Call, refusal: &Refusal) -> Content {
        Content::Json(json!({
            "RequestId": random::request_id(),
            "HostId": call.host,
            "Code": refusal.code,
            "Message": refusal.message,
        }))
    }
}

/// The version of the API that a request is for.
pub(crate) fn version(call: &Call) -> Option<&str> {
    call.header("x-acs-version").or_else(|| call.param("Version"))
}
