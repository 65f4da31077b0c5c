//! Link arguments of a Node addon on each platform.

fn main() {
    napi_build::setup();
}
