#!/usr/bin/env bash
# Builds everything that this machine can make, into .build/dist: all surfaces for each target whose standard library is
# installed (`rustup target add` gives more), the npm packages that users install, the source distribution for Python, SHA256SUMS.
set -euo pipefail

source "$(dirname "$0")/environment.sh"

rm -rf "$DIST"
mkdir -p "$DIST"
for target in $("$PYTHON" "$here/table.py" --possible); do
    # In this order two of them share what they have compiled; maturin brings its own wrapper of zig.
    for surface in c node python command; do
        echo "== $target: $surface"
        "$here/build.sh" "$target" "$surface"
    done
done
echo "== for every platform"
"$here/common.sh"
