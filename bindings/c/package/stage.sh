#!/bin/sh
# Makes what is installed out of what cargo built.
#
#   stage.sh FROM TO [LIMIT]    FROM has libaliyun_cred.so and libaliyun_cred.a; both are written to TO
#
# LIMIT is how many bytes the stripped shared library may have; its size is printed. LD, OBJCOPY, NM and STRIP name
# the tools; without them the archive stays as cargo made it.
set -eu

from=$1 to=$2 limit=${3:-}
LD=${LD:-ld} OBJCOPY=${OBJCOPY:-objcopy} NM=${NM:-nm} STRIP=${STRIP:-strip}

[ -f "$from/libaliyun_cred.so" ] || { echo "no $from/libaliyun_cred.so: only systems with ELF libraries are packaged"; exit 1; }
mkdir -p "$to"
work=$(mktemp -d "$to/work.XXXXXX")
trap 'rm -rf "$work"' EXIT

# The profile says whether the library is stripped, so that a distribution can keep its debugging information.
cp "$from/libaliyun_cred.so" "$work/libaliyun_cred.so"
"$STRIP" --strip-unneeded -o "$work/stripped" "$work/libaliyun_cred.so" 2>/dev/null || cp "$from/libaliyun_cred.so" "$work/stripped"
size=$(wc -c <"$work/stripped")
echo "libaliyun_cred.so: $size bytes stripped${limit:+, of $limit at most}"
[ "$size" -le "${limit:-$size}" ] || { echo "the shared library is too large"; exit 1; }

# An archive of Rust has the whole standard library in it, under names that a second such archive in the same program
# has too. One object whose other names are local collides with nothing. What the functions do not reach is left out;
# groups are dissolved, or another archive's copy would win and be out of reach; std's bitcode would be read by
# whatever compiler plugin the tools find.
localise() {
    "$NM" -D --defined-only "$from/libaliyun_cred.so" | sed 's/.* /-u /' >"$work/roots" || return
    [ -s "$work/roots" ] || return
    # shellcheck disable=SC2046 # two words a line
    "$LD" -r --gc-sections --force-group-allocation $(cat "$work/roots") \
        -o "$work/whole.o" "$from/libaliyun_cred.a" || return
    "$OBJCOPY" --wildcard --keep-global-symbol='aliyun_cred_*' --strip-unneeded \
        --remove-section=.llvmbc --remove-section=.llvmcmd "$work/whole.o" "$work/aliyun_cred.o" || return
    "${AR:-ar}" rcs "$work/libaliyun_cred.a" "$work/aliyun_cred.o"
}
if ! localise 2>"$work/reason"; then
    echo "libaliyun_cred.a keeps its inner names: $(head -n 1 "$work/reason")"
    cp "$from/libaliyun_cred.a" "$work/libaliyun_cred.a"
fi

mv "$work/libaliyun_cred.so" "$to/libaliyun_cred.so"
mv "$work/libaliyun_cred.a" "$to/libaliyun_cred.a"
