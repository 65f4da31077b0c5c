//! The environment's variables, and what a program says in their place.
//!
//! Invariant: what was said wins over the environment, also if it is "not set".

use std::collections::BTreeMap;
use std::sync::Arc;

use arc_swap::ArcSwapOption;

use crate::credentials::Secret;

type Assigned = BTreeMap<String, Option<Secret>>;

static ASSIGNED: ArcSwapOption<Assigned> = ArcSwapOption::const_empty();

/// Has `value` count for the variable `name` in this process, whatever the environment holds: `Some(None)` counts as not
/// set, and `None` takes back what was said before. For Python, whose users assign to the attributes of a module.
#[doc(hidden)]
pub fn assign_variable(name: &str, value: Option<Option<&str>>) {
    ASSIGNED.rcu(|assigned| {
        let mut assigned = assigned.as_deref().cloned().unwrap_or_default();
        match value {
            Some(value) => assigned.insert(name.to_owned(), value.map(Secret::new)),
            None => assigned.remove(name),
        };
        (!assigned.is_empty()).then(|| Arc::new(assigned))
    });
}

/// What was said of a variable; `None` if nothing was.
pub(super) fn assigned(name: &str) -> Option<Option<String>> {
    let assigned = ASSIGNED.load();
    let value = assigned.as_ref()?.get(name)?;
    Some(value.as_ref().map(|value| value.expose().to_owned()))
}

pub(super) fn read(name: &str) -> Option<String> {
    #[allow(clippy::disallowed_methods, reason = "the one place that reads variables")]
    assigned(name).unwrap_or_else(|| std::env::var(name).ok()).filter(|value| !value.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_assigned_wins_until_it_is_taken_back() {
        const NAME: &str = "ALIYUN_CRED_TEST_VARIABLE";
        assert_eq!((assigned(NAME), read(NAME)), (None, None));
        assign_variable(NAME, Some(Some("x")));
        assert_eq!(read(NAME).as_deref(), Some("x"));
        assign_variable("PATH", Some(None));
        assert_eq!((assigned("PATH"), read("PATH")), (Some(None), None));
        assign_variable("PATH", None);
        assign_variable(NAME, None);
        assert!(read("PATH").is_some() && read(NAME).is_none());
    }
}
