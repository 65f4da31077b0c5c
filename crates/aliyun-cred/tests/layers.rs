//! The layers of this crate: what stands higher imports what stands lower, and never the other way round.

#![allow(clippy::unwrap_used, clippy::disallowed_methods, reason = "a test may panic, and reads the sources")]

use std::fs;
use std::path::{Path, PathBuf};

/// From the top down. What shares a line may import one another.
const LAYERS: &[&[&str]] = &[
    &["lib"],
    &["fuzz"],
    &["binding"],
    &["client", "builder", "explain"],
    &["cache"],
    &["provider"],
    &["profile"],
    &["protocol"],
    &["host"],
    &["runtime"],
    &["config", "source"],
    &["update", "status"],
    &["report", "event"],
    &["credentials"],
    &["lead"],
    &["wording"],
    &["error"],
    &["secret"],
    &["text"],
];

fn rank(module: &str) -> Option<usize> {
    LAYERS.iter().position(|layer| layer.contains(&module))
}

fn sources(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries.flat_map(|path| if path.is_dir() { sources(&path) } else { vec![path] }).collect()
}

/// The modules that a source names behind `crate::`, its comments and tests left out.
fn imports(source: &str) -> Vec<String> {
    let code = source.split("#[cfg(test)]\nmod").next().unwrap();
    let lines = code.lines().filter(|line| !line.trim_start().starts_with("//"));
    lines
        .flat_map(|line| line.split("crate::").skip(1))
        .map(|rest| rest.chars().take_while(|c| c.is_ascii_lowercase() || *c == '_').collect())
        .collect()
}

#[test]
fn imports_run_downwards() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut checked = 0;
    let mut wrong = Vec::new();
    for path in sources(&root) {
        let inside = path.strip_prefix(&root).unwrap();
        let module = inside.components().next().unwrap().as_os_str().to_str().unwrap().trim_end_matches(".rs");
        let own = rank(module).unwrap_or_else(|| panic!("{module} is in no layer"));
        for import in imports(&fs::read_to_string(&path).unwrap()) {
            checked += 1;
            match rank(&import) {
                Some(other) if other >= own => {}
                _ => wrong.push(format!("{} imports {import}", inside.display())),
            }
        }
    }
    assert!(checked > 100, "the sources are not where they are looked for");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
