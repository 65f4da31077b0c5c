//! The environment's variables, and what a program says in their place.
//!
//! Invariant: what was said wins over the environment, also if it is "not set".

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::PathBuf;
use std::sync::Arc;

use arc_swap::ArcSwapOption;

use crate::secret::Secret;

type Assigned = BTreeMap<String, Option<Secret>>;

static ASSIGNED: ArcSwapOption<Assigned> = ArcSwapOption::const_empty();

/// Has `value` count for the variable `name` in this process, whatever the environment holds: `Some(None)` counts as not
/// set, and `None` takes back what was said before. For Python, whose users assign to the attributes of a module.
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

/// A variable's value as text.
pub(super) fn read(name: &str) -> Option<String> {
    read_os(name).map(text)
}

/// What is not Unicode is replaced character by character: it is there, and makes no key.
pub(super) fn text(value: OsString) -> String {
    value.into_string().unwrap_or_else(|value| value.to_string_lossy().into_owned())
}

/// As [`read`], as it is: a path need not be Unicode.
pub(super) fn read_os(name: &str) -> Option<OsString> {
    #[allow(clippy::disallowed_methods, reason = "the one place that reads variables")]
    let value = match assigned(name) {
        Some(said) => said.map(OsString::from),
        None => std::env::var_os(name),
    };
    value.filter(|value| !value.is_empty())
}

/// The user's home directory: `HOME`, then `HOMEDRIVE` and `HOMEPATH`, then what the system says.
pub(super) fn home(variable: impl Fn(&str) -> Option<OsString>) -> Option<PathBuf> {
    let from_windows = || {
        let path = variable("HOMEPATH").map(text)?;
        let drive = variable("HOMEDRIVE").map(text).filter(|_| !path.contains(':')).unwrap_or_default();
        Some(PathBuf::from(drive + &path))
    };
    let named = variable("HOME").map(PathBuf::from).or_else(from_windows);
    named.or_else(|| std::env::home_dir().filter(|home| !home.as_os_str().is_empty()))
}

/// As [`below_home`], by this process's variables.
pub(super) fn home_path(given: PathBuf) -> PathBuf {
    below_home(given, || home(read_os))
}

/// A path with `~/` at its beginning made one below the home directory, as a shell would. A container's environment and a
/// systemd unit are read by no shell.
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
