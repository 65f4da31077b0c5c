//! Text from outside: decodes it, and decides what may be used as a key or shown in an error. And the text of a time.
//!
//! Invariant: nothing here puts a possible secret into a message.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::fmt;
use std::ops::Deref;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::SystemTime;

use arc_swap::ArcSwapOption;
use zeroize::Zeroizing;

/// Decodes data from a file, a service or a command: UTF-8 with or without a byte order mark, or UTF-16 with one, as
/// Windows PowerShell 5 writes it. `None` if it is neither.
pub(crate) fn decode(bytes: &[u8]) -> Option<Cow<'_, str>> {
    let utf16 = |pair: fn([u8; 2]) -> u16, bytes: &[u8]| {
        let pairs = bytes.chunks_exact(2);
        if !pairs.remainder().is_empty() {
            return None;
        }
        let units = pairs.map(|bytes| match bytes {
            [first, second] => pair([*first, *second]),
            _ => 0,
        });
        // The maximum length: growing would leave copies behind.
        let mut text = String::with_capacity(bytes.len() / 2 * 3);
        for character in char::decode_utf16(units) {
            text.push(character.ok()?);
        }
        Some(Cow::Owned(text))
    };
    match bytes {
        [0xEF, 0xBB, 0xBF, rest @ ..] => std::str::from_utf8(rest).ok().map(Cow::Borrowed),
        [0xFF, 0xFE, rest @ ..] => utf16(u16::from_le_bytes, rest),
        [0xFE, 0xFF, rest @ ..] => utf16(u16::from_be_bytes, rest),
        _ => std::str::from_utf8(bytes).ok().map(Cow::Borrowed),
    }
}

/// Like [`decode`], into a buffer that is wiped on drop: for secrets.
pub(crate) fn decode_wiped(bytes: &[u8]) -> Option<Zeroizing<String>> {
    decode(bytes).map(|text| Zeroizing::new(text.into_owned()))
}

/// Checks a key, secret or token, which messages call `name`, for use in a header: printable ASCII without white space.
/// Surrounding white space is removed with a warning. Surrounding quotes are kept, also with a warning: they may be
/// intended.
///
/// # Errors
/// The reason it is invalid, as a sentence that begins with `name`.
pub(crate) fn key<'a>(value: &'a str, name: &str) -> Result<&'a str, String> {
    let trimmed = value.trim();
    let quoted = |quote| trimmed.len() > 1 && trimmed.starts_with(quote) && trimmed.ends_with(quote);
    if trimmed.len() < value.len() && !trimmed.is_empty() && is_news(name) {
        warn(name, &format!("{name} has white space around it, which is ignored; remove it"));
    }
    if (quoted('"') || quoted('\'')) && is_news(name) {
        warn(name, &format!("{name} stands in quotes, which are used as part of it; remove them"));
    }
    match trimmed.chars().find(|character| !character.is_ascii_graphic()) {
        None => Ok(trimmed),
        Some(character) if character.is_control() => Err(format!("{name} contains a control character")),
        Some(character) if character.is_whitespace() => Err(format!("{name} contains white space")),
        Some(_) => Err(format!("{name} contains characters that are not ASCII")),
    }
}

/// Logs a one-line warning. `source` is what some languages report only once.
#[allow(clippy::disallowed_macros, reason = "the one place that warns")]
pub(crate) fn warn(source: &str, text: &str) {
    let (source, text) = (one_line(source.to_owned()), one_line(text.to_owned()));
    log::warn!(target: "aliyun_cred", source = source.as_str(); "{text}");
}

/// Whether this is the first warning of `name` in this process. Lock-free: a fork could leave a lock held.
pub(crate) fn is_news(name: &str) -> bool {
    /// File and provider names come from the user, without limit.
    const MOST: usize = 1000;
    static WARNED: ArcSwapOption<BTreeSet<String>> = ArcSwapOption::const_empty();
    if WARNED.load().as_ref().is_some_and(|warned| warned.contains(name)) {
        return false;
    }
    let mut is_new = false;
    WARNED.rcu(|warned| {
        let mut warned = warned.as_deref().cloned().unwrap_or_default();
        is_new = warned.len() < MOST && warned.insert(name.to_owned());
        Some(Arc::new(warned))
    });
    is_new
}

/// Quotes `text` for an error if it `is_known`: a documented word, or a name that appears elsewhere in the same file.
/// Anything else may be a misplaced secret, so only its length is shown.
pub(crate) fn quoted(text: &str, is_known: bool) -> Cow<'_, str> {
    if is_known { text.into() } else { length(text).into() }
}

/// The length of a text, to show in its place.
pub(crate) fn length(text: &str) -> String {
    match text.chars().count() {
        1 => "<1 character>".to_owned(),
        count => format!("<{count} characters>"),
    }
}

/// A path as errors show it. Something that does not look like a path may be a secret pasted in its place, or a key
/// instead of the name of its file: only its length is shown.
pub(crate) fn shown_path(path: &Path) -> String {
    let shown = path.display().to_string();
    let begins = ["/", "./", "../", "~/", "\\", ".\\", "..\\"].iter().any(|start| shown.starts_with(start));
    // A drive.
    let begins = begins || shown.get(1..).is_some_and(|rest| rest.starts_with(":\\") || rest.starts_with(":/"));
    // Keys contain no dot, but tokens do: the part after their last dot is long.
    let is_name = shown.len() <= 64 && shown.rsplit_once('.').is_some_and(|(_, extension)| extension.len() <= 5);
    if begins || is_name { shown } else { length(&shown) }
}

/// A path that a user gave, which `Debug` shows as errors do.
#[derive(Clone)]
pub(crate) struct GivenPath(PathBuf);

impl From<PathBuf> for GivenPath {
    fn from(path: PathBuf) -> Self {
        GivenPath(path)
    }
}

impl Deref for GivenPath {
    type Target = Path;

    fn deref(&self) -> &Path {
        &self.0
    }
}

impl fmt::Debug for GivenPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&shown_path(self))
    }
}

/// Removes everything that could start a new log line, control a terminal, or make a text look like another one: line
/// breaks and other control characters, direction marks, invisible characters.
pub(crate) fn one_line(text: String) -> String {
    let unwanted = |character: char| {
        character.is_control()
            || matches!(character,
                '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
                | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
    };
    if text.contains(unwanted) { text.replace(unwanted, " ") } else { text }
}

/// A time in RFC 3339, in UTC and whole seconds.
pub(crate) fn rfc3339(time: SystemTime) -> String {
    let seconds = time.duration_since(SystemTime::UNIX_EPOCH).map_or(0, |since| since.as_secs());
    let seconds = i64::try_from(seconds).unwrap_or(i64::MAX);
    jiff::Timestamp::from_second(seconds).unwrap_or(jiff::Timestamp::MAX).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_have_whole_seconds() {
        let time = SystemTime::UNIX_EPOCH + std::time::Duration::from_millis(1_767_323_045_999);
        assert_eq!(rfc3339(time), "2026-01-02T03:04:05Z");
    }

    #[test]
    fn marks_say_how_text_is_encoded() {
        let utf16 = |mark: u16, convert: fn(u16) -> [u8; 2]| -> Vec<u8> {
            std::iter::once(mark).chain("a密𝄞".encode_utf16()).flat_map(convert).collect()
        };
        let (little, big) = (utf16(0xFEFF, u16::to_le_bytes), utf16(0xFEFF, u16::to_be_bytes));
        for bytes in ["a密𝄞".as_bytes(), "\u{feff}a密𝄞".as_bytes(), &little, &big] {
            assert_eq!(decode(bytes).as_deref(), Some("a密𝄞"), "{bytes:?}");
        }
        for bytes in [&b"\xff"[..], b"\xef\xbb\xbf\xff", b"\xff\xfea", b"\xff\xfe\x00\xd8", b"a\xff\xfe"] {
            assert_eq!(decode(bytes), None, "{bytes:?}");
        }
        assert_eq!(decode(b"").as_deref(), Some(""));
    }

    #[test]
    fn keys_are_printable_ascii() {
        for (value, expected) in [("aZ09+/=", "aZ09+/="), (" a\r\n", "a"), ("\u{a0}a\u{3000}", "a"), ("\"a'", "\"a'")] {
            assert_eq!(key(value, "it"), Ok(expected));
        }
        for (value, why) in [
            ("a\r\nX: b", "it contains a control character"),
            ("a\0", "it contains a control character"),
            ("a\u{7f}b", "it contains a control character"),
            ("a b", "it contains white space"),
            ("a密", "it contains characters that are not ASCII"),
            ("a\u{202e}b", "it contains characters that are not ASCII"),
        ] {
            assert_eq!(key(value, "it"), Err(why.to_owned()));
        }
    }

    #[test]
    fn only_paths_are_shown_as_paths() {
        for path in ["/run/token", "./a", "../a", "~/a", "C:\\a", "\\\\server\\a", "key.pem", "keys/a.pem"] {
            assert_eq!(shown_path(path.as_ref()), path);
        }
        for secret in ["Kq7ZcanaryVx3nB8mT2pLw9sRf6HdY", "CAIS/canary+token==", "MIIEcanary"] {
            assert_eq!(shown_path(secret.as_ref()), length(secret));
        }
        for length in [2, 9] {
            let jwt = format!("{0}.{0}.{0}", "eyJcanary".repeat(length));
            assert_eq!(shown_path(jwt.as_ref()), super::length(&jwt));
        }
    }

    #[test]
    fn nothing_invisible_stays() {
        let text = "no\r\n2026-01-01 all is well\u{1b}[2J\u{2028}凭证\u{202e}gnp\u{2066}\u{200b}\u{feff}";
        assert_eq!(one_line(text.to_owned()), "no  2026-01-01 all is well [2J 凭证 gnp   ");
    }
}
