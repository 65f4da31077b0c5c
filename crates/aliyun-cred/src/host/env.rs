//! Environment variables, and values that a program assigns in their place.
//!
//! Invariant: an assigned value takes precedence over the environment, even if it is "not set".

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::PathBuf;
use std::sync::Arc;

use arc_swap::ArcSwapOption;

use crate::report::VariableState;
use crate::secret::Secret;

type Assigned = BTreeMap<String, Option<Secret>>;

static ASSIGNED: ArcSwapOption<Assigned> = ArcSwapOption::const_empty();

/// Overrides the variable `name` in this process: `Some(None)` means not set, and `None` removes the override. For
/// Python, where users assign to the attributes of a module.
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

/// The override of a variable; `None` if there is none.
pub(super) fn assigned(name: &str) -> Option<Option<String>> {
    let assigned = ASSIGNED.load();
    let value = assigned.as_ref()?.get(name)?;
    Some(value.as_ref().map(|value| value.expose().to_owned()))
}

/// A variable's value as text.
pub(super) fn read(name: &str) -> Option<String> {
    read_os(name).map(text)
}

/// Replaces invalid Unicode character by character: the variable still counts as set, but is not a valid key.
pub(super) fn text(value: OsString) -> String {
    value.into_string().unwrap_or_else(|value| value.to_string_lossy().into_owned())
}

/// Like [`read`], but raw: a path need not be Unicode.
pub(super) fn read_os(name: &str) -> Option<OsString> {
    #[allow(clippy::disallowed_methods, reason = "the one place that reads variables")]
    let value = match assigned(name) {
        Some(said) => said.map(OsString::from),
        None => std::env::var_os(name),
    };
    value.filter(|value| !value.is_empty())
}

/// Whether a variable has a value.
pub(crate) fn variable_state(name: &str) -> VariableState {
    #[allow(clippy::disallowed_methods, reason = "an empty variable and a missing one look alike elsewhere")]
    match (assigned(name), std::env::var_os(name)) {
        (Some(None), _) | (None, None) => VariableState::Unset,
        (Some(Some(value)), _) if value.is_empty() => VariableState::Empty,
        (None, Some(value)) if value.is_empty() => VariableState::Empty,
        (Some(Some(_)), _) => VariableState::Assigned,
        (None, Some(_)) => VariableState::Set,
    }
}

/// The user's home directory: `HOME`, then `HOMEDRIVE` and `HOMEPATH`, then the one that the system reports.
pub(super) fn home(variable: impl Fn(&str) -> Option<OsString>) -> Option<PathBuf> {
    let from_windows = || {
        let path = variable("HOMEPATH").map(text)?;
        let drive = variable("HOMEDRIVE").map(text).filter(|_| !path.contains(':')).unwrap_or_default();
        Some(PathBuf::from(drive + &path))
    };
    let named = variable("HOME").map(PathBuf::from).or_else(from_windows);
    named.or_else(|| std::env::home_dir().filter(|home| !home.as_os_str().is_empty()))
}

/// Like [`below_home`], with this process's variables.
pub(super) fn home_path(given: PathBuf) -> PathBuf {
    below_home(given, || home(read_os))
}

/// Replaces a leading `~/` by the home directory, as a shell would. No shell expands a container's environment or a
/// systemd unit.
pub(super) fn below_home(given: PathBuf, home: impl FnOnce() -> Option<PathBuf>) -> PathBuf {
    let below = given.strip_prefix("~").ok().and_then(|below| Some(home()?.join(below)));
    below.unwrap_or(given)
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
