#!/bin/sh
# Makes what is installed out of what cargo built.
#
#   stage.sh FROM TO [LIMIT]    FROM has the shared library and the archive; both are written to TO, with what
#                               install.sh has to know: the target, and the import library of a DLL
#
# LIMIT is how many bytes the stripped shared library may have; its size is printed. LD, OBJCOPY, NM, STRIP and AR name
# the tools; without them the archive stays as cargo made it. TARGET is what cargo built for (its own setting, or this
# machine).
set -eu

from=$1 to=$2 limit=${3:-}
LD=${LD:-ld} OBJCOPY=${OBJCOPY:-objcopy} NM=${NM:-nm} STRIP=${STRIP:-strip}
TARGET=${TARGET:-${CARGO_BUILD_TARGET:-$(rustc -vV | sed -n 's/^host: //p')}}

case $TARGET in
    *-windows-msvc) shared=aliyun_cred.dll static=aliyun_cred.lib import=aliyun_cred.dll.lib ;;
    *-windows-*) shared=aliyun_cred.dll static=libaliyun_cred.a import=libaliyun_cred.dll.a ;;
    *-apple-*) shared=libaliyun_cred.dylib static=libaliyun_cred.a import='' ;;
    *) shared=libaliyun_cred.so static=libaliyun_cred.a import='' ;;
esac
for file in $shared $static $import; do
    [ -f "$from/$file" ] || { echo "no $from/$file: cargo has not built the C library for $TARGET there"; exit 1; }
done
mkdir -p "$to"
work=$(mktemp -d "$to/work.XXXXXX")
trap 'rm -rf "$work"' EXIT

# The profile says whether the library is stripped, so that a distribution can keep its debugging information.
cp "$from/$shared" "$work/$shared"
"$STRIP" --strip-unneeded -o "$work/stripped" "$work/$shared" 2>/dev/null || cp "$from/$shared" "$work/stripped"
size=$(wc -c <"$work/stripped")
echo "$shared: $size bytes stripped${limit:+, of $limit at most}"
[ "$size" -le "${limit:-$size}" ] || { echo "the shared library is too large"; exit 1; }

# An archive of Rust has the whole standard library in it, under names that a second such archive in the same program
# has too. One object whose other names are local collides with nothing. What the functions do not reach is left out;
# groups are dissolved, or another archive's copy would win and be out of reach; std's bitcode would be read by
# whatever compiler plugin the tools find.
localise() {
    [ "$shared" = libaliyun_cred.so ] || { echo "only in ELF can names be made local" >&2; return 1; }
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
    echo "$static keeps its inner names: $(head -n 1 "$work/reason")"
    cp "$from/$static" "$work/$static"
fi

for file in $import; do cp "$from/$file" "$work/$file"; done
for file in $shared $static $import; do mv "$work/$file" "$to/$file"; done
printf '%s\n' "$TARGET" >"$to/target"
