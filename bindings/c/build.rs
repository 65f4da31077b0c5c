//! How the shared library is linked: its name for the loader, and that it stays once loaded.
#![allow(clippy::print_stdout, reason = "cargo reads a build script's standard output")]
#![allow(clippy::disallowed_methods, reason = "cargo speaks to a build script through its environment")]

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    // The number is that of `aliyun_cred_abi_version`; tests/c/run.sh compares the two.
    match std::env::var("CARGO_CFG_TARGET_OS").as_deref() {
        Ok("linux") => {
            println!("cargo:rustc-cdylib-link-arg=-Wl,-soname,libaliyun_cred.so.0");
            // The background thread runs this library's code until the process ends: `dlclose` must not unmap it.
            println!("cargo:rustc-cdylib-link-arg=-Wl,-z,nodelete");
        }
        // Programs say where to look; see src/resident.rs for what keeps it loaded.
        Ok("macos") => println!("cargo:rustc-cdylib-link-arg=-Wl,-install_name,@rpath/libaliyun_cred.0.dylib"),
        _ => {}
    }
}
