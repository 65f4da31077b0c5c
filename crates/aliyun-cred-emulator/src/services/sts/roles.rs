//! The existing roles.

use std::collections::HashMap;

use serde::Deserialize;

use crate::identity::RoleArn;
use crate::refusal::Refusal;
use crate::settings::seconds;

/// The default for the longest session of a role, in seconds.
const LONGEST: i64 = 43_200;

/// A role that exists.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Role {
    /// `acs:ram::<account>:role/<name>`.
    pub(crate) arn: String,
    /// The longest session, in seconds.
    pub(crate) max_duration: Option<i64>,
    /// The ARNs of users, roles or accounts (`…:root`); absent: everyone.
    pub(crate) trusts: Option<Vec<String>>,
    /// The value that a caller must send.
    pub(crate) external_id: Option<String>,
}

/// The roles, by ARN; `None`: every role exists.
pub(super) struct Roles(Option<HashMap<String, Role>>);

impl Roles {
    /// The roles in the settings; the error text names the wrong one.
    pub(super) fn new(settings: Option<Vec<Role>>) -> Result<Self, String> {
        for role in settings.iter().flatten() {
            seconds("max_duration", role.max_duration)?;
            if RoleArn::parse(&role.arn).is_none() {
                return Err(format!("`arn` is not acs:ram::<account>:role/<name>: {}", role.arn));
            }
        }
        Ok(Self(settings.map(|roles| roles.into_iter().map(|role| (role.arn.clone(), role)).collect())))
    }

    /// The longest session of the role `arn`, in seconds, if it exists and `allows` it.
    pub(super) fn longest(
        &self,
        arn: &RoleArn,
        allows: impl FnOnce(&Role) -> Result<(), Refusal>,
    ) -> Result<i64, Refusal> {
        // Without a list, every role exists.
        let Some(roles) = &self.0 else { return Ok(LONGEST) };
        let role = roles
            .get(&format!("acs:ram::{}:role/{}", arn.account, arn.name))
            .ok_or_else(|| Refusal::new(404, "EntityNotExist.Role", "The role not exists."))?;
        allows(role)?;
        Ok(role.max_duration.unwrap_or(LONGEST))
    }

    /// The number of listed roles; `None` if every role exists.
    pub(super) fn count(&self) -> Option<usize> {
        self.0.as_ref().map(HashMap::len)
    }
}
