//! The roles that there are.

use std::collections::HashMap;

use serde::Deserialize;

use crate::identity::RoleArn;
use crate::refusal::Refusal;
use crate::settings::seconds;

/// The longest session of a role that does not say, in seconds.
const LONGEST: i64 = 43_200;

/// A role that exists.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Role {
    /// `acs:ram::<account>:role/<name>`.
    pub(crate) arn: String,
    /// Seconds; the longest session.
    pub(crate) max_duration: Option<i64>,
    /// ARNs of users, roles or accounts (`…:root`); absent: everybody.
    pub(crate) trusts: Option<Vec<String>>,
    /// The value that a caller has to give.
    pub(crate) external_id: Option<String>,
}

/// The roles, by ARN; `None`: every role exists.
pub(super) struct Roles(Option<HashMap<String, Role>>);

impl Roles {
    /// Those of the settings; the text says which is wrong.
    pub(super) fn new(settings: Option<Vec<Role>>) -> Result<Self, String> {
        for role in settings.iter().flatten() {
            seconds("max_duration", role.max_duration)?;
            if RoleArn::parse(&role.arn).is_none() {
                return Err(format!("`arn` is not acs:ram::<account>:role/<name>: {}", role.arn));
            }
        }
        Ok(Self(settings.map(|roles| roles.into_iter().map(|role| (role.arn.clone(), role)).collect())))
    }

    /// How long a session of the role `arn` may last, in seconds, if it exists and `allows` it.
    pub(super) fn longest(
        &self,
        arn: &RoleArn,
        allows: impl FnOnce(&Role) -> Result<(), Refusal>,
    ) -> Result<i64, Refusal> {
        // Roles are not listed at all, so every role exists.
        let Some(roles) = &self.0 else { return Ok(LONGEST) };
        let role = roles
            .get(&format!("acs:ram::{}:role/{}", arn.account, arn.name))
            .ok_or_else(|| Refusal::new(404, "EntityNotExist.Role", "The role not exists."))?;
        allows(role)?;
        Ok(role.max_duration.unwrap_or(LONGEST))
    }

    /// How many are listed; `None` if every role exists.
    pub(super) fn count(&self) -> Option<usize> {
        self.0.as_ref().map(HashMap::len)
    }
}
