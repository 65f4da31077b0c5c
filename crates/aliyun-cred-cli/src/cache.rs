//! `cache`: the sessions that processes share.

use aliyun_cred::binding;

use crate::arguments::Cache;
use crate::failure::{Failure, Outcome};
use crate::print;

pub(crate) fn run(action: Cache) -> Outcome {
    let folder = binding::shared_sessions_folder();
    let folder =
        folder.ok_or_else(|| Failure::new("there is no home directory; set ALIBABA_CLOUD_CREDENTIALS_CACHE"))?;
    let shown = binding::shown_path(&folder);
    let failed = |error| Failure::new(format!("cannot use {shown}: {error}"));
    if !folder.exists() {
        return print(format!("{shown}: missing\n").as_bytes());
    }
    match action {
        Cache::List => {
            let sessions = binding::shared_sessions(&folder).map_err(failed)?;
            let mut lines: Vec<String> = sessions
                .iter()
                .map(|session| {
                    let (until, id) = (binding::rfc3339(session.expiration), binding::shown_id(&session.access_key_id));
                    format!("  {until}  {:14} {id}  {}\n", session.source, binding::one_line(session.about.clone()))
                })
                .collect();
            lines.sort();
            print(format!("{shown}\n{}", lines.concat()).as_bytes())
        }
        Cache::Clear => {
            let count = binding::clear_shared_sessions(&folder).map_err(failed)?;
            print(format!("{shown}: removed {count} {}\n", if count == 1 { "session" } else { "sessions" }).as_bytes())
        }
    }
}
