//! `include/aliyun_cred.h` is what cbindgen makes of this crate, and both headers know every option of the core.
//!
//! `UPDATE_HEADER=1 cargo test -p aliyun-cred-c` writes the header anew.
#![allow(missing_docs, reason = "a test")]
#![allow(clippy::disallowed_methods, reason = "a test reads files by itself")]
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test may panic")]

use std::path::{Path, PathBuf};

use aliyun_cred_core::{Config, OptionValue};

/// In the order in which the header shows them.
const MODULES: [&str; 11] =
    ["version", "error", "config", "client", "request", "provider", "credentials", "report", "status", "event", "log"];

fn crate_folder() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn header_file(name: &str) -> PathBuf {
    crate_folder().join("../../include").join(name)
}

fn generated() -> String {
    let settings = cbindgen::Config::from_file(crate_folder().join("cbindgen.toml")).unwrap();
    let mut builder = cbindgen::Builder::new().with_config(settings);
    for module in MODULES {
        builder = builder.with_src(crate_folder().join("src").join(module).with_extension("rs"));
    }
    let mut header = Vec::new();
    builder.generate().unwrap().write(&mut header);
    String::from_utf8(header).unwrap()
}

#[test]
fn the_header_is_up_to_date() {
    let file = header_file("aliyun_cred.h");
    let fresh = generated();
    if std::env::var_os("UPDATE_HEADER").is_some() {
        std::fs::write(&file, &fresh).unwrap();
    }
    let committed = std::fs::read_to_string(&file).unwrap();
    // Not assert_eq!: a thousand lines of text would hide the message.
    assert!(committed == fresh, "include/aliyun_cred.h is out of date: UPDATE_HEADER=1 cargo test -p aliyun-cred-c");
}

#[test]
fn every_module_with_functions_is_in_the_header() {
    for entry in std::fs::read_dir(crate_folder().join("src")).unwrap() {
        let path = entry.unwrap().path();
        let exports = std::fs::read_to_string(&path).unwrap().contains("#[unsafe(no_mangle)]");
        let listed = MODULES.iter().any(|module| path.file_stem().is_some_and(|stem| stem == *module));
        assert_eq!(exports, listed, "{}", path.display());
    }
}

/// What C passes for the option, as the core's table types it.
fn c_type(option: &str) -> &'static str {
    let types = [("const char *", OptionValue::from("x")), ("int64_t ", 1.into()), ("bool ", true.into())];
    let mut taken = types.into_iter().filter(|(_, value)| Config::default().set(option, value.clone()).is_ok());
    taken.next().expect("an option takes one of the three types").0
}

#[test]
fn setters_and_options_are_the_same_set() {
    const PREFIX: &str = "aliyun_cred_config_set_";
    let header = generated();
    let mut declared: Vec<&str> = header
        .split(PREFIX)
        .skip(1)
        .filter_map(|rest| rest.split_once('('))
        .map(|(name, _)| name)
        .filter(|name| name.chars().all(|character| character.is_ascii_alphanumeric() || character == '_'))
        .collect();
    let mut options: Vec<&str> = Config::options().collect();
    declared.sort_unstable();
    options.sort_unstable();
    assert_eq!(declared, options);

    let flat: String = header.split_whitespace().collect::<Vec<_>>().join(" ");
    let wrapper = std::fs::read_to_string(header_file("aliyun_cred.hpp")).unwrap();
    for option in options {
        let declaration = format!("{PREFIX}{option}(aliyun_cred_config_t *config, {}value);", c_type(option));
        assert!(flat.contains(&declaration), "no {declaration}");
        // As a value, as a length of time or as a point of time.
        let forms = [format!("_OPTION({option},"), format!("_DURATION({option},"), format!("_TIME({option})")];
        let uses = wrapper.lines().filter(|line| forms.iter().any(|form| line.contains(form))).count();
        assert_eq!(uses, 1, "aliyun_cred.hpp has to list {option} once");
    }
}
