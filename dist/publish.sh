#!/usr/bin/env bash
# Publishes what is in .build/dist, one place at a time. The release workflow calls it; with DRY_RUN=1 it says what it would do.
#
#   publish.sh npm       the platforms' packages first: those that users install depend on them
#   publish.sh wheels    puts what goes to PyPI into .build/pypi
#   publish.sh crates    the emulator first: the library's tests depend on it, and the others on the library
#   publish.sh page      the release on GitHub, with every file
#
# What is there already, from a run that broke off, is left as it is.
set -euo pipefail

source "$(dirname "$0")/environment.sh"
version=$("$PYTHON" "$here/table.py" --version)
cd "$root/.build/dist"
go() {
    if [ "${DRY_RUN:-0}" = 1 ]; then echo "would run: $*"; else "$@"; fi
}

case $1 in
    npm)
        # The name of a platform has two words at least.
        for file in aliyun-cred-*-*-"$version".tgz "aliyun-cred-$version.tgz" "aliyun-cred-cli-$version.tgz"; do
            name=$(tar -xzOf "$file" package/package.json | "$PYTHON" -c 'import json, sys; print(json.load(sys.stdin)["name"])')
            if npm view "$name@$version" version 2>/dev/null | grep -q .; then
                echo "$name $version is published"
            else
                go npm publish --provenance --access public "./$file"
            fi
        done
        ;;
    wheels)
        rm -rf "$root/.build/pypi" && mkdir -p "$root/.build/pypi"
        cp aliyun_cred-"$version"*.whl "aliyun_cred-$version.tar.gz" aliyun_cred_cli-"$version"*.whl "$root/.build/pypi/"
        ;;
    crates)
        cd "$root"
        for crate in aliyun-cred-emulator aliyun-cred aliyun-cred-cli aliyun-cred-reqsign; do
            if cargo info --quiet --registry crates-io "$crate@$version" >/dev/null 2>&1; then
                echo "$crate $version is published"
            else
                go cargo publish --locked -p "$crate"
            fi
        done
        ;;
    page)
        awk -v version="$version" '/^## / { inside = $2 == version; next } inside' "$root/CHANGELOG.md" >"$root/.build/notes.md"
        gh release view "v$version" >/dev/null 2>&1 ||
            go gh release create "v$version" --verify-tag --title "$version" --notes-file "$root/.build/notes.md"
        go gh release upload "v$version" --clobber ./*
        ;;
    *) echo "publish.sh: npm, wheels, crates or page, not '$1'"; exit 2 ;;
esac
