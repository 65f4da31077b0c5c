#!/usr/bin/env bash
# `make test-c`: the programs of this folder, the examples in the headers, and secrets left in memory.
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
echo "== C: what stays in memory"
"$PYTHON" tests/c/memory.py
