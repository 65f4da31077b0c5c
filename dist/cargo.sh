#!/usr/bin/env bash
# The cargo that maturin calls when zig links. maturin's own way of calling zig would compile all dependencies again,
# which the other surfaces have compiled already.
#
# TARGET, ZIG  the Rust target, and what cargo-zigbuild calls it
set -euo pipefail

if [ "${1:-}" != rustc ]; then exec cargo "$@"; fi
arguments=()
for argument; do
    if [ "$argument" = "$TARGET" ]; then argument=$ZIG; fi
    arguments+=("$argument")
done
exec cargo-zigbuild "${arguments[@]}"
