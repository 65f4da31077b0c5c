//! `list`: the profiles of the configuration files.

use aliyun_cred::ErrorKind;
use aliyun_cred::binding::{self, ProfileFile};

use crate::failure::Outcome;
use crate::print;

pub(crate) fn run() -> Outcome {
    let files: Vec<String> = binding::profile_files()?.iter().map(shown).collect();
    print(files.join("\n").as_bytes())
}

/// The file, and a line for each of its profiles; the one that a client uses is marked.
fn shown(file: &ProfileFile) -> String {
    let path = binding::one_line(file.path.display().to_string());
    let profiles = match &file.profiles {
        Ok(profiles) => profiles,
        Err(error) if error.kind() == ErrorKind::NotConfigured => return format!("{path}: missing\n"),
        Err(error) => return format!("{path}: {error}\n"),
    };
    let width = profiles.iter().map(|profile| profile.name.chars().count()).max().unwrap_or(0);
    let lines = profiles.iter().map(|profile| {
        let mark = if file.chosen.as_deref() == Some(profile.name.as_str()) { "*" } else { " " };
        let mode = profile.mode.as_deref().unwrap_or("no mode");
        let base = profile.stands_on.as_ref().map_or(String::new(), |base| format!(", on {base}"));
        format!("{mark} {:width$}  {mode}{base}\n", profile.name)
    });
    format!("{path}\n{}", lines.collect::<String>())
}
