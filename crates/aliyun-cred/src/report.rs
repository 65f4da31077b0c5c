//! A report of where a client looked for a credential, and what it found there.
//!
//! Invariant: a report never holds a secret, a command line, a reply's body, or a URI's query or password.

use std::fmt::{self, Write as _};
use std::time::{Duration, SystemTime};

use serde::{Serialize, Serializer};

use crate::error::{Error, ErrorKind};
use crate::text::rfc3339;

/// The version of the report's JSON.
const VERSION: u32 = 1;
/// How many columns the text form has.
const WIDTH: usize = 80;
/// How many columns of them a source's name may take, so that its state fits behind it.
const NAME_WIDTH: usize = 32;

/// What [`Client::explain`](crate::Client::explain) found: each source in order, the credential, and warnings.
///
/// `Display` prints it for a terminal of 80 columns. As JSON (`serde`), it follows `docs/report.schema.json`.
#[derive(Clone, Debug, Serialize)]
#[non_exhaustive]
pub struct Report {
    /// The version of the JSON: 1.
    pub version: u32,
    /// The client's type, such as `default`.
    #[serde(rename = "type")]
    pub type_name: String,
    /// The sources, in the order in which they are asked.
    pub sources: Vec<SourceReport>,
    /// The credential that a new client would return; `None` if it would fail, or if a source was left alone.
    pub credentials: Option<CredentialReport>,
    /// What may be wrong although a credential was found.
    pub warnings: Vec<Warning>,
    /// How far the services' clock is ahead of this machine's, in whole seconds, as far as this process has learned from
    /// HTTPS services; negative if it is behind. Absent from the JSON if it is 0.
    #[serde(skip_serializing_if = "is_zero")]
    pub clock_offset_seconds: i64,
}

/// What a report says about one source.
#[derive(Clone, Debug, Serialize)]
#[non_exhaustive]
pub struct SourceReport {
    /// The source, as in `provider_name`; the name of a custom provider.
    pub source: String,
    /// What became of it.
    pub state: State,
    /// Why it did not answer, and what to change, in one line.
    pub reason: Option<String>,
    /// The kind of its failure.
    #[serde(serialize_with = "as_name")]
    pub kind: Option<ErrorKind>,
    /// The source below it that failed, such as the role of a profile.
    pub failed_at: Option<String>,
    /// How long it took.
    #[serde(rename = "milliseconds", serialize_with = "as_milliseconds")]
    pub took: Duration,
    /// The environment variables that it read.
    pub variables: Vec<VariableReport>,
    /// The files that it read.
    pub files: Vec<FileReport>,
    /// The requests that it sent.
    pub requests: Vec<RequestReport>,
    /// The commands that it ran.
    pub commands: Vec<CommandReport>,
}

/// What became of a source.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum State {
    /// It has a credential.
    Answered,
    /// It is not configured: no variable, no file, no ECS instance.
    NotConfigured,
    /// It is disabled, by a variable or in its file.
    Disabled,
    /// It is configured, and failed.
    Failed,
    /// It was not asked, because an earlier source answered, or because asking would change something.
    NotAsked,
}

impl State {
    /// The name in JSON and in other languages.
    pub fn name(self) -> &'static str {
        match self {
            State::Answered => "answered",
            State::NotConfigured => "not_configured",
            State::Disabled => "disabled",
            State::Failed => "failed",
            State::NotAsked => "not_asked",
        }
    }
}

/// An environment variable that a source read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct VariableReport {
    /// Its name.
    pub name: String,
    /// Whether it has a value.
    pub state: VariableState,
}

/// Whether a variable has a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum VariableState {
    /// It has one.
    Set,
    /// It is set, to nothing.
    Empty,
    /// It is not set.
    Unset,
    /// The program has assigned it (Python's `auth_util`).
    Assigned,
}

/// A file that a source read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct FileReport {
    /// Its path.
    pub path: String,
    /// The profile or section that was used; `None` if there is none, or if it was not found.
    pub profile: Option<String>,
    /// Whether it was read.
    pub state: FileState,
    /// The operating system's error.
    pub reason: Option<String>,
}

/// Whether a file was read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum FileState {
    /// It was.
    Read,
    /// It does not exist.
    Missing,
    /// It exists, but cannot be read.
    Unreadable,
}

/// A request that a source sent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct RequestReport {
    /// The service's host, and its port if the URL names one.
    pub host: String,
    /// The proxy it went through, and the variable or option that names it.
    pub proxy: Option<String>,
    /// The HTTP status; `None` if no reply arrived.
    pub status: Option<u16>,
    /// The service's error code.
    pub code: Option<String>,
    /// The service's request ID.
    pub request_id: Option<String>,
    /// Why no reply arrived.
    #[serde(serialize_with = "as_name")]
    pub failure: Option<ErrorKind>,
    /// How long it took.
    #[serde(rename = "milliseconds", serialize_with = "as_milliseconds")]
    pub took: Duration,
}

/// A command that a source ran.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct CommandReport {
    /// The program's name, without its folder and arguments.
    pub program: String,
    /// Whether it ended with status 0 in time.
    pub succeeded: bool,
    /// How long it took.
    #[serde(rename = "milliseconds", serialize_with = "as_milliseconds")]
    pub took: Duration,
}

/// The credential, without its secrets.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct CredentialReport {
    /// Its type, such as `ram_role_arn`.
    #[serde(rename = "type")]
    pub type_name: String,
    /// The path of sources behind it, such as `default/cli_profile/ram_role_arn/static_ak`.
    pub provider_name: Option<String>,
    /// The AccessKey ID, shortened to its first 8 and last 4 characters; `None` for a bearer token.
    pub access_key_id: Option<String>,
    /// When it expires; `None` if it never does, or if that is unknown.
    #[serde(serialize_with = "as_timestamp")]
    pub expiration: Option<SystemTime>,
    /// The earliest time at which a client refreshes it in the background; the time is drawn at random.
    #[serde(serialize_with = "as_timestamp")]
    pub refresh_from: Option<SystemTime>,
    /// The latest such time: from then on, a call waits for the refresh.
    #[serde(serialize_with = "as_timestamp")]
    pub refresh_until: Option<SystemTime>,
}

/// Something that may be wrong.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Warning {
    /// What it is about: `clock`, `file_permissions`, `proxy`, `shadowed_profile`, `unknown_profile`
    /// or `legacy_variables`.
    pub kind: &'static str,
    /// What was found, and what to change, in one line.
    pub message: String,
}

impl Report {
    pub(crate) fn new(type_name: &str) -> Self {
        Report {
            version: VERSION,
            type_name: type_name.to_owned(),
            sources: Vec::new(),
            credentials: None,
            warnings: Vec::new(),
            clock_offset_seconds: 0,
        }
    }

    /// The first source that answered.
    pub fn answered(&self) -> Option<&SourceReport> {
        self.sources.iter().find(|source| source.state == State::Answered)
    }

    /// The report as JSON, in one line.
    pub fn to_json(&self) -> String {
        // Strings, numbers and lists always serialize.
        serde_json::to_string(self).unwrap_or_default()
    }
}

impl SourceReport {
    pub(crate) fn new(source: &str, state: State) -> Self {
        SourceReport {
            source: source.to_owned(),
            state,
            reason: None,
            kind: None,
            failed_at: None,
            took: Duration::ZERO,
            variables: Vec::new(),
            files: Vec::new(),
            requests: Vec::new(),
            commands: Vec::new(),
        }
    }

    /// Whether it was not asked for a reason of its own, so that what a call returns is unknown.
    pub(crate) fn was_left_alone(&self) -> bool {
        self.state == State::NotAsked && self.reason.is_some()
    }

    /// Adds why it did not answer.
    pub(crate) fn with_error(mut self, error: &Error) -> Self {
        self.reason = Some(error.message().to_owned());
        self.kind = Some(error.kind());
        self.failed_at = error.provider().filter(|provider| *provider != self.source).map(str::to_owned);
        self
    }
}

/// An AccessKey ID as reports show it. What is too short to be one may be something else: less of it is shown.
pub(crate) fn shortened(id: &str) -> String {
    let characters: Vec<char> = id.chars().collect();
    let (first, last) = match characters.len() {
        16.. => (8, 4),
        8.. => (4, 0),
        _ => (0, 0),
    };
    let begin: String = characters.iter().take(first).collect();
    let end: String = characters.iter().skip(characters.len() - last).collect();
    format!("{begin}****{end}")
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "as serde calls it")]
fn is_zero(seconds: &i64) -> bool {
    *seconds == 0
}

fn as_name<S: Serializer>(kind: &Option<ErrorKind>, serializer: S) -> Result<S::Ok, S::Error> {
    kind.map(ErrorKind::name).serialize(serializer)
}

fn as_milliseconds<S: Serializer>(took: &Duration, serializer: S) -> Result<S::Ok, S::Error> {
    u64::try_from(took.as_millis()).unwrap_or(u64::MAX).serialize(serializer)
}

fn as_timestamp<S: Serializer>(time: &Option<SystemTime>, serializer: S) -> Result<S::Ok, S::Error> {
    time.map(rfc3339).serialize(serializer)
}

/// One source a line, details below those that failed, then the credential and the warnings.
impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names = self.sources.iter().map(|source| columns(&source.source));
        let column = names.filter(|width| *width <= NAME_WIDTH).max().unwrap_or(0);
        for source in &self.sources {
            source.write(f, column, self.credentials.is_none())?;
        }
        match &self.credentials {
            Some(credentials) => credentials.write(f)?,
            None if self.sources.iter().any(SourceReport::was_left_alone) => {
                f.write_str("\nUnknown: a source was left alone.\n")?;
            }
            None => f.write_str("\nNo credential.\n")?,
        }
        if self.clock_offset_seconds != 0 {
            let (ahead, how) =
                (self.clock_offset_seconds, if self.clock_offset_seconds > 0 { "ahead" } else { "behind" });
            let seconds = ahead.unsigned_abs();
            f.write_str("\nClock\n")?;
            paragraph(f, "  ", &format!("the services' clock is {seconds} s {how}; their time is used"))?;
        }
        if !self.warnings.is_empty() {
            f.write_str("\nWarnings\n")?;
        }
        for warning in &self.warnings {
            paragraph(f, "  - ", &warning.message)?;
        }
        Ok(())
    }
}

impl SourceReport {
    /// `in_full`: also why it is not configured.
    fn write(&self, f: &mut fmt::Formatter<'_>, column: usize, in_full: bool) -> fmt::Result {
        let mark = match self.state {
            State::Answered => "[+]",
            State::Failed => "[!]",
            State::NotConfigured | State::Disabled => "[-]",
            State::NotAsked => "[ ]",
        };
        let (source, state) = (&self.source, self.state.name().replace('_', " "));
        let kind = self.kind.filter(|_| self.state == State::Failed).map_or(String::new(), |kind| format!(": {kind}"));
        let was_asked = matches!(self.state, State::Failed | State::Answered);
        let took = if was_asked { format!(", {}", milliseconds(self.took)) } else { String::new() };
        match column.checked_sub(columns(source)) {
            Some(padding) => writeln!(f, "{mark} {source}{:padding$}  {state}{kind}{took}", "")?,
            None => paragraph(f, &format!("{mark} "), &format!("{source} {state}{kind}{took}"))?,
        }
        if let Some(reason) = self.reason.as_ref().filter(|_| in_full || self.state != State::NotConfigured) {
            paragraph(f, "      ", reason)?;
        }
        if was_asked {
            for (what, detail) in self.details() {
                paragraph(f, &format!("      {what:10}"), &detail)?;
            }
        }
        Ok(())
    }

    fn details(&self) -> Vec<(&'static str, String)> {
        let mut details = Vec::new();
        let has_value = |variable: &&VariableReport| variable.state != VariableState::Unset;
        for variable in self.variables.iter().filter(has_value) {
            let state = match variable.state {
                VariableState::Set | VariableState::Unset => "set",
                VariableState::Empty => "empty, as if it were not set",
                VariableState::Assigned => "assigned by the program",
            };
            details.push(("variable", format!("{}: {state}", variable.name)));
        }
        for file in &self.files {
            let mut text = file.path.clone();
            if let Some(profile) = &file.profile {
                let _ = write!(text, ", profile {profile}");
            }
            match file.state {
                FileState::Read => text.push_str(": read"),
                FileState::Missing => text.push_str(": missing"),
                FileState::Unreadable => text.push_str(": unreadable"),
            }
            details.push(("file", text));
        }
        for request in &self.requests {
            let mut text = request.host.clone();
            match (request.status, request.failure) {
                (Some(status), _) => _ = write!(text, ": {status}"),
                (None, Some(failure)) => _ = write!(text, ": {failure}"),
                (None, None) => {}
            }
            if let Some(code) = &request.code {
                let _ = write!(text, " {code}");
            }
            let _ = write!(text, ", {}", milliseconds(request.took));
            if let Some(id) = &request.request_id {
                let _ = write!(text, ", request ID {id}");
            }
            details.push(("request", text));
        }
        for command in &self.commands {
            let result = if command.succeeded { "succeeded" } else { "failed" };
            details.push(("command", format!("{}: {result}, {}", command.program, milliseconds(command.took))));
        }
        details
    }
}

impl CredentialReport {
    fn write(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("\nCredential\n")?;
        let line = |f: &mut fmt::Formatter<'_>, what: &str, value: &str| paragraph(f, &format!("  {what:14}"), value);
        line(f, "type", &self.type_name)?;
        if let Some(name) = &self.provider_name {
            line(f, "path", name)?;
        }
        if let Some(id) = &self.access_key_id {
            line(f, "AccessKey ID", id)?;
        }
        match self.expiration {
            Some(expiration) => line(f, "expires", &rfc3339(expiration))?,
            None => line(f, "expires", "never, or unknown")?,
        }
        if let Some((from, until)) = self.refresh_from.zip(self.refresh_until) {
            line(f, "refreshed", &format!("between {} and {}", rfc3339(from), rfc3339(until)))?;
        }
        Ok(())
    }
}

fn milliseconds(duration: Duration) -> String {
    format!("{} ms", duration.as_millis())
}

/// How many columns a text takes in a terminal, at most. What takes two, such as Chinese, begins with U+1100.
fn columns(text: &str) -> usize {
    text.chars().map(|character| if character < '\u{1100}' { 1 } else { 2 }).sum()
}

/// Writes text behind `first`, in lines of at most [`WIDTH`] columns that are indented equally. A word that is longer
/// than a line is broken.
fn paragraph(f: &mut fmt::Formatter<'_>, first: &str, text: &str) -> fmt::Result {
    let indent = columns(first);
    let (mut line, mut used) = (first.to_owned(), indent);
    for word in text.split_whitespace() {
        if used > indent && used + 1 + columns(word) > WIDTH {
            writeln!(f, "{line}")?;
            (line, used) = (" ".repeat(indent), indent);
        }
        if used > indent {
            line.push(' ');
            used += 1;
        }
        for character in word.chars() {
            let width = columns(character.encode_utf8(&mut [0; 4]));
            if used + width > WIDTH {
                writeln!(f, "{line}")?;
                (line, used) = (" ".repeat(indent), indent);
            }
            line.push(character);
            used += width;
        }
    }
    writeln!(f, "{line}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn access_key_ids_are_shortened() {
        assert_eq!(shortened("LTAI5tExampleExampleAbcd"), "LTAI5tEx****Abcd");
        assert_eq!(shortened("LTAI5tExampl"), "LTAI****");
        assert_eq!(shortened("secret"), "****");
        assert_eq!(shortened(""), "****");
    }

    #[test]
    fn text_without_spaces_fits_into_80_columns() {
        let (name, chinese) = ("v".repeat(100), "凭证".repeat(100));
        let mut report = Report::new("default");
        let error = Error::new(ErrorKind::Denied, chinese.clone());
        report.sources.push(SourceReport::new("密钥", State::Failed).with_error(&error));
        report.sources.push(SourceReport::new(&name, State::Answered));
        let text = report.to_string();
        let wide = |line: &str| line.chars().filter(|character| *character > '\u{2e80}').count();
        assert!(text.lines().all(|line| line.chars().count() + wide(line) <= 80), "{text}");
        assert!(text.starts_with("[!] 密钥  failed: denied, 0 ms\n      凭证"), "{text}");
        let bare: String = text.split_whitespace().collect();
        assert!(bare.contains(&chinese) && bare.contains(&format!("[+]{name}answered,0ms")), "{text}");
    }

    #[test]
    fn text_fits_into_80_columns() {
        let mut report = Report::new("default");
        report.sources.push(SourceReport::new("env", State::NotConfigured));
        let error = Error::new(ErrorKind::Denied, "the service refused ".repeat(20)).at_provider("ram_role_arn");
        report.sources.push(SourceReport {
            requests: vec![RequestReport {
                host: "sts.aliyuncs.com".into(),
                proxy: None,
                status: Some(403),
                code: Some("NoPermission".into()),
                request_id: Some("7F1E4C2A-0000-4000-8000-000000000001".into()),
                failure: None,
                took: Duration::from_millis(31),
            }],
            took: Duration::from_millis(40),
            ..SourceReport::new("cli_profile", State::Failed).with_error(&error)
        });
        let text = report.to_string();
        assert!(text.lines().all(|line| line.chars().count() <= WIDTH), "{text}");
        assert!(
            text.starts_with("[-] env          not configured\n[!] cli_profile  failed: denied, 40 ms\n"),
            "{text}"
        );
        assert!(text.contains("      request   sts.aliyuncs.com: 403 NoPermission, 31 ms, request ID\n"), "{text}");
        assert!(text.ends_with("\nNo credential.\n"), "{text}");
        assert_eq!(report.sources.get(1).and_then(|source| source.failed_at.as_deref()), Some("ram_role_arn"));
    }
}
