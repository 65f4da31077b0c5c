#!/usr/bin/env bash
# Adds to .build/dist the packages that serve every target, which are the two npm packages that users install and Python's
# source distribution, and then the checksums of all files there.
set -euo pipefail

source "$(dirname "$0")/environment.sh"

node "$here/npm.js" main "$DIST"
(cd "$root/python" && maturin sdist --out "$DIST" >/dev/null 2>&1)
cd "$DIST"
rm -f SHA256SUMS
sums=$(sha256sum -- *)
printf '%s\n' "$sums" >SHA256SUMS
