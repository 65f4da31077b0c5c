#!/usr/bin/env bash
# Builds one surface for one target: the same command on a developer's machine and on a host of the release workflow.
#
#   dist/build.sh TARGET python|node|c
#
# TARGET is a Rust target of dist/targets.json. The artifact goes to .build/dist. `make dist-tools` comes first, which
# installs maturin, zig and cargo-zigbuild.
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
case $surface in python | node | c) ;; *) echo "build.sh: python, node or c, not '$surface'" >&2; exit 2 ;; esac

export CARGO_TARGET_DIR=${CARGO_TARGET_DIR:-$root/target}
export CARGO_HOME=${CARGO_HOME:-$HOME/.cargo}
export ZIG_GLOBAL_CACHE_DIR=$root/.build/zig CARGO_ZIGBUILD_CACHE_DIR=$root/.build/zigbuild

# Of several that match, rustc takes the last.
flags='' c_flags=''
sysroot=$(rustc --print sysroot)
for pair in "$sysroot=/rust" "$CARGO_HOME=/cargo" "$root=/aliyun-cred" "$CARGO_TARGET_DIR=/target"; do
    from=$(native "${pair%=*}")
    flags+=${flags:+$'\x1f'}--remap-path-prefix=$from=${pair##*=}
    c_flags+=" -ffile-prefix-map=$from=${pair##*=}"
done
build=build zig=$(field zig)
if [ -n "$zig" ]; then
    build=zigbuild
    # A library that others load shares their C library.
    case $target in *-musl) flags+=$'\x1f-Ctarget-feature=-crt-static' ;; esac
fi
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
case $surface in
    python)
        compatibility=$(field compatibility)
        if [ -n "$zig" ]; then export CARGO=$here/cargo.sh TARGET=$target ZIG=$zig; fi
        (cd "$root/python" && maturin build --quiet --locked --release \
            ${compatibility:+--compatibility "$compatibility"} --target "$target" --out "$work")
        unset CARGO
        "$PYTHON" "$here/licences.py" "$target" aliyun-cred-python "$work"
        "$PYTHON" "$here/wheel.py" "$work" "$DIST"
        ;;
    node)
        node "$root/node/scripts/build.js" --target "$target" ${zig:+--zig "$zig"} --out "$work/aliyun_cred.node"
        "$PYTHON" "$here/licences.py" "$target" aliyun-cred-node "$work"
        node "$here/npm.js" platform "$target" "$work" "$DIST"
        ;;
    c)
        (cd "$root" && cargo $build --quiet --locked --release -p aliyun-cred-c --target "${zig:-$target}")
        "$PYTHON" "$here/licences.py" "$target" aliyun-cred-c "$work"
        "$here/archive.sh" "$target" "$built" "$work" "$DIST"
        ;;
esac
