#!/usr/bin/env bash
# `make test-c`: the programs of this folder, and the examples in the headers.
set -euo pipefail
cd "$(dirname "$0")/../.."
export BUILD_DIR=$BUILD/c

mkdir -p "$BUILD_DIR"
# The library itself, and a build whose functions panic.
cargo build --quiet -p aliyun-cred-c --features inject-panic
cp "$DEBUG/libaliyun_cred.so" "$BUILD_DIR/panicking.so"
cargo build --quiet -p aliyun-cred-c
PANIC_LIB=$BUILD_DIR/panicking.so tests/c/run.sh
"$PYTHON" tests/c/examples.py
