//! A user's command that prints a credential: `process_command` of a CLI profile.
//!
//! <https://github.com/aliyun/aliyun-cli#external>
//! Invariant: neither the command line nor the command's output reaches a message.

use std::time::{Duration, SystemTime};

use arc_swap::ArcSwapOption;
use serde_json::Value;

use super::shell_words::{self, Unfinished};
use crate::config::Config;
use crate::credentials::Lead;
use crate::credentials::{Credentials, Freshness};
use crate::error::{Error, ErrorKind, Result};
use crate::host::{CommandFailure, Host, unix_seconds, wall_millis};
use crate::profile::ProfileStore;
use crate::protocol::json;
use crate::protocol::reply::parse_time;
use crate::runtime::user_code::Listener;
use crate::secret::Secret;
use crate::text::{key, warn};
use crate::update::NewValues;
use crate::wording;

use super::filled_secret;

const NAME: &str = "external";
const DEFAULT_TIMEOUT: Duration = Duration::from_secs(60);

#[derive(Debug)]
pub(crate) struct External {
    command: Secret,
    timeout: Duration,
    store: Option<ProfileStore>,
    listener: Option<Listener>,
    /// The values last written to the file, or passed to the update callback.
    recorded: ArcSwapOption<NewValues>,
}

impl External {
    pub(super) fn new(config: &Config, store: Option<ProfileStore>, listener: Option<Listener>) -> Result<Self> {
        let command = filled_secret(config.process_command.as_ref());
        let command = command.ok_or_else(|| Error::invalid_config("process_command is empty"))?;
        let given = config.timeout.and_then(|timeout| u64::try_from(timeout).ok()).filter(|timeout| *timeout > 0);
        Ok(External {
            command,
            timeout: given.map_or(DEFAULT_TIMEOUT, Duration::from_millis),
            store,
            listener,
            recorded: ArcSwapOption::empty(),
        })
    }

    pub(super) async fn fetch(&self, host: &Host) -> Result<Credentials> {
        self.run(host).await.map_err(|error| error.at_provider(NAME))
    }

    async fn run(&self, host: &Host) -> Result<Credentials> {
        let mut words = shell_words::split(self.command.expose()).map_err(|unfinished| {
            let words = match unfinished {
                Unfinished::Quote => wording::OPEN_QUOTE,
                Unfinished::Escape => wording::OPEN_ESCAPE,
            };
            Error::new(ErrorKind::Command, host.surface().words(words))
        })?;
        if words.first().is_none_or(String::is_empty) {
            return Err(Error::new(ErrorKind::Command, "process_command is empty"));
        }
        // No shell expands a path in a configuration file.
        if let Some(program) = words.first_mut().filter(|program| program.starts_with("~/")) {
            *program = host.path(&*program).to_string_lossy().into_owned();
        }
        let output = host.run_command(words, self.timeout).await?.map_err(|failure| self.failed(&failure))?;
        let printed = read(&output)?;
        self.pass_on(host, printed.values()).await;
        Ok(printed.into_credentials(host))
    }

    /// Writes new values to the file, or passes them to the update callback.
    async fn pass_on(&self, host: &Host, values: NewValues) {
        if self.recorded.load().as_ref().is_some_and(|recorded| **recorded == values) {
            return;
        }
        let recorded = match (&self.store, &self.listener) {
            (Some(store), _) => store.record(host, &values).await,
            (None, Some(listener)) => {
                listener.tell(&values).await;
                true
            }
            (None, None) => false,
        };
        if recorded {
            self.recorded.store(Some(values.into()));
        }
    }

    fn failed(&self, failure: &CommandFailure) -> Error {
        let command = |text: String| Error::new(ErrorKind::Command, text);
        match failure {
            CommandFailure::Start(error) => {
                command(format!("failed to execute external command: {error}; check process_command and PATH"))
            }
            // Its error output may hold a secret too.
            CommandFailure::Exit(status) => {
                let status = status.code().map_or_else(|| status.to_string(), |code| format!("exit status {code}"));
                command(format!("failed to execute external command: {status}; run process_command by hand to see why"))
            }
            CommandFailure::Timeout => Error::new(
                ErrorKind::Timeout,
                format!("command process timed out after {} milliseconds", self.timeout.as_millis()),
            ),
            CommandFailure::TooMuch => {
                command("failed to parse external command output: it is larger than 1 MiB".to_owned())
            }
        }
    }
}

/// The parsed output of a command.
#[derive(Debug)]
struct Printed {
    access_key_id: String,
    access_key_secret: Secret,
    sts_token: Option<Secret>,
    expiration: Option<SystemTime>,
}

fn read(output: &[u8]) -> Result<Printed> {
    let invalid = |text: &str| Error::new(ErrorKind::Command, text);
    let malformed = || invalid("failed to parse external command output: it is not a JSON object");
    let output = json::parse(output).ok_or_else(malformed)?;
    if !output.is_object() {
        return Err(malformed());
    }
    let text = |name: &str| output.get(name).and_then(Value::as_str).filter(|value| !value.is_empty());
    let held = |name: &str| {
        let Some(value) = text(name) else { return Ok(None) };
        let cut = key(value, name).map_err(|why| invalid(&format!("invalid credential response: {why}")))?;
        Ok(Some(cut).filter(|cut| !cut.is_empty()))
    };
    let pair = held("access_key_id")?.zip(held("access_key_secret")?);
    let (id, secret) =
        pair.ok_or_else(|| invalid("invalid credential response: access_key_id or access_key_secret is empty"))?;
    let token = held("sts_token")?;
    if text("mode") == Some("StsToken") && token.is_none() {
        return Err(invalid("invalid StsToken credential response: sts_token is empty"));
    }
    // An invalid time counts as absent: the command then runs at every call.
    let expiration = text("expiration").and_then(parse_time);
    if expiration.is_none() && text("expiration").is_some() {
        warn(NAME, "the external command printed an expiration that is no point of time; it runs at every call");
    }
    Ok(Printed {
        access_key_id: id.to_owned(),
        access_key_secret: secret.into(),
        sts_token: token.map(Secret::from),
        expiration,
    })
}

impl Printed {
    fn values(&self) -> NewValues {
        NewValues {
            access_key_id: Some(self.access_key_id.clone()),
            access_key_secret: Some(self.access_key_secret.clone()),
            sts_token: Some(self.sts_token.clone().unwrap_or_else(|| Secret::new(""))),
            sts_expiration: Some(self.expiration.and_then(unix_seconds).unwrap_or(0)),
            ..NewValues::default()
        }
    }

    fn into_credentials(self, host: &Host) -> Credentials {
        let freshness = match self.expiration {
            // Commands pass on what a service has issued.
            Some(at) if wall_millis(at) > host.service_now() => {
                Freshness::expires(at, host.clock_offset(), Lead::Short)
            }
            Some(_) => {
                warn(NAME, "the external command printed a credential that has already expired");
                Freshness::Uncached
            }
            None => Freshness::Uncached,
        };
        Credentials::access_key(self.access_key_id, self.access_key_secret, NAME)
            .with_token(self.sts_token)
            .with_freshness(freshness)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn output_is_checked_and_never_quoted() {
        for (output, text) in [
            ("canary", "failed to parse external command output: it is not a JSON object"),
            ("[\"canary\"]", "failed to parse external command output: it is not a JSON object"),
            ("{}", "invalid credential response: access_key_id or access_key_secret is empty"),
            (
                r#"{"access_key_id":"i","access_key_secret":["canary"]}"#,
                "invalid credential response: access_key_id or access_key_secret is empty",
            ),
            (
                r#"{"mode":"StsToken","access_key_id":"i","access_key_secret":"canary"}"#,
                "invalid StsToken credential response: sts_token is empty",
            ),
        ] {
            let error = read(output.as_bytes()).unwrap_err();
            assert_eq!((error.kind(), error.message()), (ErrorKind::Command, text));
        }
    }

    #[test]
    fn a_command_has_a_minute_unless_it_is_told_otherwise() {
        let timeout = |config: Config| External::new(&config.process_command("x"), None, None).unwrap().timeout;
        for (config, limit) in [(Config::default(), 60_000), (Config::default().timeout(7), 7)] {
            assert_eq!(timeout(config), Duration::from_millis(limit));
        }
    }

    #[test]
    fn an_invalid_expiration_is_ignored() {
        for (expiration, expected) in
            [("2026-01-02T03:04:05.5+08:00", Some(1_767_294_245)), ("tomorrow", None), ("", None)]
        {
            let output =
                format!(r#"{{"mode":"AK","access_key_id":"i","access_key_secret":"s","expiration":"{expiration}"}}"#);
            assert_eq!(read(output.as_bytes()).unwrap().expiration.and_then(unix_seconds), expected);
        }
    }
}
