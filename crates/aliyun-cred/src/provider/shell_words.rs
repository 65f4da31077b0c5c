//! Splits a command line into words without a shell.
//!
//! By POSIX rules, or on Windows by those of the C runtime, where a backslash is a path separator.

/// Why a command line cannot be split.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Unfinished {
    Quote,
    Escape,
}

/// The words of `line`, by the rules of this system.
pub(crate) fn split(line: &str) -> Result<Vec<String>, Unfinished> {
    if cfg!(windows) { windows(line) } else { posix(line) }
}

/// The words so far. A word exists as soon as it has a character or an opening quote.
#[derive(Default)]
struct Words {
    done: Vec<String>,
    current: Option<String>,
}

impl Words {
    fn push(&mut self, character: char) {
        self.begin().push(character);
    }

    /// Starts a word, so that an empty quoted argument counts.
    fn begin(&mut self) -> &mut String {
        self.current.get_or_insert_default()
    }

    fn end(&mut self) {
        self.done.extend(self.current.take());
    }
}

pub(crate) fn posix(line: &str) -> Result<Vec<String>, Unfinished> {
    let mut words = Words::default();
    let mut rest = line.chars();
    while let Some(character) = rest.next() {
        match character {
            c if c.is_ascii_whitespace() => words.end(),
            '\\' => match rest.next() {
                None => return Err(Unfinished::Escape),
                // A line continuation.
                Some('\n') => {}
                Some(escaped) => words.push(escaped),
            },
            '\'' => {
                words.begin();
                loop {
                    match rest.next() {
                        None => return Err(Unfinished::Quote),
                        Some('\'') => break,
                        Some(literal) => words.push(literal),
                    }
                }
            }
            '"' => {
                words.begin();
                loop {
                    match rest.next() {
                        None => return Err(Unfinished::Quote),
                        Some('"') => break,
                        Some('\\') => match rest.next() {
                            None => return Err(Unfinished::Quote),
                            Some('\n') => {}
                            Some(escaped @ ('"' | '\\' | '$' | '`')) => words.push(escaped),
                            Some(other) => {
                                words.push('\\');
                                words.push(other);
                            }
                        },
                        Some(literal) => words.push(literal),
                    }
                }
            }
            c => words.push(c),
        }
    }
    words.end();
    Ok(words.done)
}

/// Only double quotes quote; a backslash is literal, except before a double quote inside them.
pub(crate) fn windows(line: &str) -> Result<Vec<String>, Unfinished> {
    let mut words = Words::default();
    let mut quoted = false;
    let mut rest = line.chars().peekable();
    while let Some(character) = rest.next() {
        match character {
            '"' => {
                words.begin();
                quoted = !quoted;
            }
            '\\' if quoted && rest.peek() == Some(&'"') => {
                rest.next();
                words.push('"');
            }
            c if c.is_ascii_whitespace() && !quoted => words.end(),
            c => words.push(c),
        }
    }
    if quoted {
        return Err(Unfinished::Quote);
    }
    words.end();
    Ok(words.done)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn posix_rules() {
        for (line, words) in [
            ("", &[][..]),
            (" \t\r\n ", &[]),
            ("tool a  b", &["tool", "a", "b"]),
            ("tool \\\n arg", &["tool", "arg"]),
            ("to\\\nol", &["tool"]),
            ("\"a\\\nb\"", &["ab"]),
            (r#""a\"b\\c""#, &[r#"a"b\c"#]),
            (r#""\$x \`y\` \z""#, &[r"$x `y` \z"]),
            (r"'a\b \$ ' c", &[r"a\b \$ ", "c"]),
            ("a '' \"\" b", &["a", "", "", "b"]),
            ("a'b'\"c\"d", &["abcd"]),
            ("a #b c#d", &["a", "#b", "c#d"]),
            (r"a\ ", &["a "]),
            (r"a\ b", &["a b"]),
            ("\"\"", &[""]),
            ("a\u{a0}b", &["a\u{a0}b"]),
        ] {
            assert_eq!(posix(line).unwrap(), words, "{line:?}");
        }
        for (line, problem) in [
            ("a 'b", Unfinished::Quote),
            ("a \"b", Unfinished::Quote),
            ("a \"b\\", Unfinished::Quote),
            ("a \\", Unfinished::Escape),
        ] {
            assert_eq!(posix(line).unwrap_err(), problem, "{line:?}");
        }
    }

    #[test]
    fn windows_rules() {
        for (line, words) in [
            (r"C:\tools\x.exe -p C:\a", &[r"C:\tools\x.exe", "-p", r"C:\a"][..]),
            (r#""C:\Program Files\x.exe" "a \"b\"" '' "#, &[r"C:\Program Files\x.exe", "a \"b\"", "''"]),
            (r#"a "" b"#, &["a", "", "b"]),
        ] {
            assert_eq!(windows(line).unwrap(), words, "{line:?}");
        }
        assert_eq!(windows("\"a").unwrap_err(), Unfinished::Quote);
    }
}
