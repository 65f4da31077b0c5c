//! The identity of a caller: an account, a RAM user, or a session of a RAM role.
//!
//! IDs are derived from names, so that they are the same in every run.

use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

/// The caller of a service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Identity {
    /// The account number.
    pub(crate) account: String,
    /// The kind of caller.
    pub(crate) kind: Kind,
}

/// The kind of a caller within its account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// The account itself.
    Account,
    /// A RAM user.
    User(String),
    /// A session of a RAM role.
    Role {
        /// The role's name.
        name: String,
        /// The session's name.
        session: String,
    },
}

impl Identity {
    /// The ARN, as `GetCallerIdentity` returns it.
    pub(crate) fn arn(&self) -> String {
        let account = &self.account;
        match &self.kind {
            Kind::Account => format!("acs:ram::{account}:root"),
            Kind::User(name) => format!("acs:ram::{account}:user/{name}"),
            Kind::Role { name, session } => {
                format!("acs:ram::{account}:assumed-role/{name}/{session}")
            }
        }
    }

    /// Whether a trust policy's `principal` includes this caller: itself, its role, or its whole account.
    pub(crate) fn is(&self, principal: &str) -> bool {
        let account = &self.account;
        principal == self.arn()
            || principal == format!("acs:ram::{account}:root")
            || matches!(&self.kind, Kind::Role { name, .. }
                if principal == format!("acs:ram::{account}:role/{name}"))
    }

    /// The reply to `GetCallerIdentity`.
    /// <https://www.alibabacloud.com/help/en/ram/developer-reference/api-sts-2015-04-01-getcalleridentity>
    pub(crate) fn describe(&self) -> Value {
        let account = &self.account;
        let arn = self.arn();
        match &self.kind {
            Kind::Account => json!({
                "IdentityType": "Account", "AccountId": account, "Arn": arn,
                "PrincipalId": account, "UserId": account,
            }),
            Kind::User(_) => json!({
                "IdentityType": "RAMUser", "AccountId": account, "Arn": arn,
                "PrincipalId": stable_id(&arn), "UserId": stable_id(&arn),
            }),
            Kind::Role { name, session } => {
                let role = RoleArn { account: account.clone(), name: name.clone() };
                json!({
                    "IdentityType": "AssumedRoleUser", "AccountId": account, "Arn": arn,
                    "PrincipalId": format!("{}:{session}", role.id()), "RoleId": role.id(),
                })
            }
        }
    }
}

/// A parsed `acs:ram::<account>:role/<name>`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct RoleArn {
    /// The account number.
    pub(crate) account: String,
    /// The role's name.
    pub(crate) name: String,
}

impl RoleArn {
    /// Parses a role's ARN; `None` if it is malformed.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let (account, name) = text.strip_prefix("acs:ram::")?.split_once(":role/")?;
        let named = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
        let well_formed = (1..=32).contains(&account.len())
            && account.bytes().all(|byte| byte.is_ascii_digit())
            && (1..=64).contains(&name.len())
            && name.bytes().all(named);
        well_formed.then(|| Self { account: account.to_owned(), name: name.to_owned() })
    }

    /// The role's ID.
    pub(crate) fn id(&self) -> String {
        stable_id(&format!("acs:ram::{}:role/{}", self.account, self.name))
    }
}

/// Eighteen digits derived from `text` alone.
fn stable_id(text: &str) -> String {
    let number = Sha256::digest(text).iter().take(7).fold(0_u64, |sum, byte| sum * 256 + u64::from(*byte));
    format!("3{number:017}").chars().take(18).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn role_arns() {
        let role = RoleArn::parse("acs:ram::1:role/x.y-z").map(|role| (role.account, role.name));
        assert_eq!(role, Some(("1".to_owned(), "x.y-z".to_owned())));
        for wrong in [
            "",
            "acs:ram::1:user/x",
            "acs:ram::1:role/",
            "acs:ram:::role/x",
            "acs:ram::a:role/x",
            "acs:ram::1:role/x/y",
            "acs:ram::1:role/x y",
            " acs:ram::1:role/x",
        ] {
            assert_eq!(RoleArn::parse(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn trust_names_the_session_the_role_or_the_account() {
        let kind = Kind::Role { name: "r".to_owned(), session: "s".to_owned() };
        let caller = Identity { account: "1".to_owned(), kind };
        for principal in ["acs:ram::1:assumed-role/r/s", "acs:ram::1:role/r", "acs:ram::1:root"] {
            assert!(caller.is(principal), "{principal}");
        }
        for principal in ["acs:ram::2:root", "acs:ram::1:role/rr", "acs:ram::1:user/r"] {
            assert!(!caller.is(principal), "{principal}");
        }
        assert_eq!(stable_id("x").len(), 18);
    }
}
