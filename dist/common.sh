#!/usr/bin/env bash
# Adds to .build/dist what is there once for all targets: the main npm package, the source distribution for Python, and at
# last the sum of everything in it.
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
root=$(dirname "$here")
DIST=${DIST:-$root/.build/dist}
SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-$(git -C "$root" log -1 --format=%ct 2>/dev/null || echo 315532800)}
export SOURCE_DATE_EPOCH
PATH=$root/.build/dist-tools/bin:$PATH

node "$here/npm.js" main "$DIST"
(cd "$root/python" && maturin sdist --out "$DIST" >/dev/null 2>&1)
cd "$DIST"
rm -f SHA256SUMS
sums=$(sha256sum -- *)
printf '%s\n' "$sums" >SHA256SUMS
