#!/usr/bin/env bash
# Builds one surface for one target: the same command on a developer's machine and on a host of the release workflow.
#
#   dist/build.sh TARGET python|node|c|command
#
# TARGET is a Rust target of dist/targets.json. The artifact goes to .build/dist; the command is one binary in three: an
# archive, a wheel and an npm package. `make dist-tools` comes first, which installs maturin, zig and cargo-zigbuild.
#
# environment.sh has the variables that change where it goes and which time it carries.
#
# The same sources and tools give the same bytes in any folder: no path of this machine is in them, and no time but that.
set -euo pipefail

target=$1 surface=$2
# As the system itself writes a path: rustc compares what it knows with what it is told.
native() { cygpath -w "$1" 2>/dev/null || printf '%s' "$1"; }
source "$(dirname "$0")/environment.sh"
field() { "$PYTHON" "$here/table.py" "$target" "$1"; }
case $surface in python | node | c | command) ;; *) echo "build.sh: python, node, c or command, not '$surface'" >&2; exit 2 ;; esac

export CARGO_TARGET_DIR=${CARGO_TARGET_DIR:-$root/target}
export CARGO_HOME=${CARGO_HOME:-$HOME/.cargo}
export ZIG_GLOBAL_CACHE_DIR=$root/.build/zig CARGO_ZIGBUILD_CACHE_DIR=$root/.build/zigbuild

# Of several that match, rustc takes the last.
flags='' c_flags=''
sysroot=$(rustc --print sysroot)
# With the source of the standard library installed, its files have a place; without it, this name.
std=/rustc/$(rustc -vV | sed -n 's/^commit-hash: //p')
for pair in "$sysroot=/rust" "$sysroot/lib/rustlib/src/rust=$std" "$CARGO_HOME=/cargo" "$root=/aliyun-cred" \
    "$CARGO_TARGET_DIR=/target"; do
    from=$(native "${pair%=*}")
    flags+=${flags:+$'\x1f'}--remap-path-prefix=$from=${pair##*=}
    c_flags+=" -ffile-prefix-map=$from=${pair##*=}"
done
build=build zig=$(field zig)
if [ -n "$zig" ]; then build=zigbuild; fi
case $surface:$target in
    # The command brings its C library: it runs on any Linux, and on a Windows without Microsoft's redistributable.
    command:*-musl | command:*-msvc) flags+=$'\x1f-Ctarget-feature=+crt-static' ;;
    # A library that others load shares theirs.
    *-musl) flags+=$'\x1f-Ctarget-feature=-crt-static' ;;
esac
case $target in
    *-apple-darwin) MACOSX_DEPLOYMENT_TARGET=$(field macos) && export MACOSX_DEPLOYMENT_TARGET ;;
esac
# A dependency makes constants up while it is compiled, unless it is told what to begin with.
export CONST_RANDOM_SEED=aliyun-cred
export CARGO_ENCODED_RUSTFLAGS=$flags CARGO_TERM_QUIET=true
case $target in *-msvc) ;; *) export "CFLAGS_${target//-/_}=$c_flags" ;; esac
built=$CARGO_TARGET_DIR/$target/release

work=$root/.build/dist-work/$target-$surface
rm -rf "$work"
mkdir -p "$work" "$DIST"

wheel() { # folder with pyproject.toml, crate
    local compatibility
    compatibility=$(field compatibility)
    (
        if [ -n "$zig" ]; then export CARGO=$here/cargo.sh TARGET=$target ZIG=$zig; fi
        cd "$1" && maturin build --quiet --locked --release \
            ${compatibility:+--compatibility "$compatibility"} --target "$target" --out "$work"
    )
    "$PYTHON" "$here/licences.py" "$target" "$2" "$work"
    "$PYTHON" "$here/wheel.py" "$work" "$DIST"
}

case $surface in
    python) wheel "$root/python" aliyun-cred-python ;;
    node)
        node "$root/node/scripts/build.js" --target "$target" ${zig:+--zig "$zig"} --out "$work/aliyun_cred.node"
        "$PYTHON" "$here/licences.py" "$target" aliyun-cred-node "$work"
        node "$here/npm.js" library "$target" "$work" "$DIST"
        ;;
    c)
        (cd "$root" && cargo $build --quiet --locked --release -p aliyun-cred-c --target "${zig:-$target}")
        "$PYTHON" "$here/licences.py" "$target" aliyun-cred-c "$work"
        "$here/archive.sh" "$target" "$built" "$work" "$DIST"
        ;;
    command)
        # The other two take the binary that the wheel has.
        wheel "$root/crates/aliyun-cred-cli" aliyun-cred-cli
        case $target in *-windows-*) binary=aliyun-cred.exe ;; *) binary=aliyun-cred ;; esac
        folder=$work/aliyun-cred-cli-$("$PYTHON" "$here/table.py" --version)-$target
        mkdir "$folder"
        install -m 755 "$built/$binary" "$folder/"
        install -m 644 "$root/LICENSE" "$work/THIRD-PARTY" "$work/SBOM.cdx.json" "$folder/"
        "$PYTHON" "$here/pack.py" "$folder" "$DIST/$(basename "$folder").$(field archive)"
        node "$here/npm.js" command "$target" "$folder" "$DIST"
        ;;
esac
