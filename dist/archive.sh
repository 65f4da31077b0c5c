#!/usr/bin/env bash
# Packs the C library: libaliyun_cred-VERSION-TARGET.tar.gz, a .zip for Windows.
#
#   archive.sh TARGET BUILT FROM TO    BUILT has what cargo built, FROM has THIRD-PARTY and SBOM.cdx.json
#
# What is inside is what `make install` installs, and may be unpacked anywhere.
set -euo pipefail

target=$1 built=$2 from=$3 to=$4
source "$(dirname "$0")/environment.sh"
package=$here/../bindings/c/package
table() { "$PYTHON" "$here/table.py" "$@"; }
version=$(table --version)
name=libaliyun_cred-$version-$target

TARGET=$target "$package/stage.sh" "$built" "$from/staged" "$(table --limit c)"
DESTDIR=$from PREFIX=/$name LIBDIR='' INCLUDEDIR='' "$package/install.sh" install "$from/staged"
for file in "$here/../LICENSE" "$from/THIRD-PARTY" "$from/SBOM.cdx.json"; do
    install -m 644 "$file" "$from/$name/"
done
"$PYTHON" "$here/pack.py" "$from/$name" "$to/$name.$(table "$target" archive)"
