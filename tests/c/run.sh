#!/bin/sh
# Builds the C and C++ tests and the probe against a built libaliyun_cred, and runs them: plain, against the static
# library, under AddressSanitizer with leak detection, and under valgrind.
#
#   cargo build -p aliyun-cred-c && tests/c/run.sh
#
# PROFILE=debug|release  which library to test (debug)
# LIB_DIR                where it is (target/$PROFILE)
# PANIC_LIB              one that was built with the feature inject-panic
# BUILD_DIR              where everything that is made goes (.build/c); the probe becomes $BUILD_DIR/probe
# CC, CXX                the compilers (gcc, g++); clang and clang++ check the headers too where they are installed
# REQUIRE_ALL=1          what would be skipped is a failure
# `run.sh probe` builds the probe only, and `run.sh symbols` regenerates symbols.txt; UPDATE_ABI=1 regenerates abi.txt.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
PROFILE=${PROFILE:-debug}
LIB_DIR=${LIB_DIR:-$root/target/$PROFILE}
BUILD_DIR=${BUILD_DIR:-$root/.build/c}
CC=${CC:-gcc}
CXX=${CXX:-g++}

say() { printf '%s\n' "$*"; }
# In a file, so that those in the background count too.
failed() { say "FAILED: $*"; say "$*" >>"$BUILD_DIR/failures"; }
skipped() {
    if [ "${REQUIRE_ALL:-0}" = 1 ]; then failed "$* (REQUIRE_ALL=1)"; else say "skipped: $*"; fi
}

for name in libaliyun_cred.so libaliyun_cred.a; do
    [ -f "$LIB_DIR/$name" ] || { say "no $LIB_DIR/$name: cargo build -p aliyun-cred-c comes first"; exit 1; }
done

exported() { nm -D --defined-only "$LIB_DIR/libaliyun_cred.so" | awk '{print $3}' | LC_ALL=C sort; }
if [ "${1:-}" = symbols ]; then exported >"$here/symbols.txt"; exit 0; fi

# Links and run paths need absolute names.
mkdir -p "$BUILD_DIR"
BUILD_DIR=$(cd "$BUILD_DIR" && pwd)
LIB_DIR=$(cd "$LIB_DIR" && pwd)
shared=$LIB_DIR/libaliyun_cred.so
static=$LIB_DIR/libaliyun_cred.a

for folder in plain static asan threads headers logs lib home; do
    rm -rf "${BUILD_DIR:?}/$folder"
    mkdir "$BUILD_DIR/$folder"
done
: >"$BUILD_DIR/failures"
# As in an installation: the name for the linker, and the name for the loader.
ln -s "$shared" "$BUILD_DIR/lib/libaliyun_cred.so"
ln -s "$shared" "$BUILD_DIR/lib/libaliyun_cred.so.0"

warnings="-Wall -Wextra -Wpedantic -Werror"
include="-I$root/include"
posix="-D_POSIX_C_SOURCE=200809L"
link="-L$BUILD_DIR/lib -laliyun_cred -Wl,-rpath,$BUILD_DIR/lib"
# The output of `rustc --print native-static-libs`.
link_static="$static -lgcc_s -lutil -lrt -lpthread -lm -ldl"

# shellcheck disable=SC2086 # the variables hold several words on purpose
compile() { # source output flags...
    source=$1; output=$2; shift 2
    case $source in
        results.cpp) set -- "$@" -fno-exceptions -fno-rtti ;;
        adapters.cpp) set -- "$@" "-I$here/sdk" ;;
    esac
    case $source in
        *.cpp) "$CXX" -std=c++17 -g -O1 $warnings $posix $include "$here/$source" -o "$output" "$@" -pthread ;;
        *) "$CC" -std=c11 -g -O1 $warnings $posix $include "$here/$source" -o "$output" "$@" -pthread ;;
    esac
}

compile probe.c "$BUILD_DIR/probe" $link
if [ "${1:-}" = probe ]; then exit 0; fi

# Runs a program without the caller's environment, and without a source that could leave this machine.
clean() { # [NAME=value...] program [arguments...]
    env -i PATH="$PATH" HOME="$BUILD_DIR/home" ALIBABA_CLOUD_ECS_METADATA_DISABLED=true \
        ALIBABA_CLOUD_ECS_METADATA_ENDPOINT=http://127.0.0.1:9 "$@"
}

# Checks the header in every supported language, with and without a compiler's own default.
# shellcheck disable=SC2086
check_headers() { # C compiler, C++ compiler, a name for the two
    programs=$BUILD_DIR/headers/$3
    mkdir "$programs"
    strict=-Wold-style-cast
    # Clang does not support it.
    case $2 in *clang*) ;; *) strict="$strict -Wuseless-cast" ;; esac
    for std in c99 c11 c17; do
        "$1" -std=$std $warnings $include "$here/header.c" -o "$programs/$std" $link || failed "$1 $std"
    done
    for std in c++11 c++14 c++17 c++20; do
        "$2" -std=$std $warnings $include -x c++ "$here/header.c" -o "$programs/$std" $link || failed "$2 $std"
    done
    for std in c++17 c++20; do
        "$2" -std=$std $warnings $posix $include -fsyntax-only "$here/wrapper.cpp" || failed "$2 $std aliyun_cred.hpp"
        "$2" -std=$std $warnings $posix $include -fno-exceptions -fno-rtti -fsyntax-only "$here/results.cpp" ||
            failed "$2 $std aliyun_cred.hpp without exceptions and RTTI"
        for adapter in "$root"/include/aliyun_cred/adapters/*.hpp; do
            printf '#include "%s"\n' "$adapter" | "$2" -std=$std $warnings $strict "-I$here/sdk" -fno-exceptions \
                -fno-rtti -x c++ -fsyntax-only - || failed "$2 $std $adapter"
        done
        # The warnings that strict projects enable for every header, C's included.
        for header in aliyun_cred.h aliyun_cred.hpp; do
            printf '#include <%s>\n' "$header" | "$2" -std=$std $warnings $strict $include -x c++ -fsyntax-only - ||
                failed "$2 $std $strict $header"
        done
    done
    for adapter in "$root"/include/aliyun_cred/adapters/*.h; do
        printf '#include "%s"\n' "$adapter" | "$1" -std=c99 $warnings "-I$here/sdk" -x c -fsyntax-only - ||
            failed "$1 $adapter"
    done
    for program in "$programs"/*; do
        clean "$program" || failed "$program"
    done
    say "ok headers with $1 and $2"
}
check_headers "$CC" "$CXX" given >"$BUILD_DIR/logs/headers" 2>&1 &
trap 'kill $! 2>/dev/null; exit 130' INT TERM
if command -v clang >/dev/null && command -v clang++ >/dev/null; then
    check_headers clang clang++ clang
else
    skipped "the headers with clang: it is not installed"
fi
wait $! || failed "the headers with $CC and $CXX"
cat "$BUILD_DIR/logs/headers"

# The exported symbols.
exported >"$BUILD_DIR/symbols.txt"
if grep -v '^aliyun_cred_' "$BUILD_DIR/symbols.txt"; then failed "the library exports foreign symbols"; fi
if diff -u "$here/symbols.txt" "$BUILD_DIR/symbols.txt"; then say "ok symbols"; else failed "symbols.txt differs"; fi
while read -r symbol; do
    grep -q "$symbol(" "$root/include/aliyun_cred.h" || failed "aliyun_cred.h does not declare $symbol"
    case $symbol in
        # These take no pointer; the third takes a number.
        aliyun_cred_version | aliyun_cred_abi_version | aliyun_cred_error_kind_name | aliyun_cred_config_new) ;;
        *) grep -q "\b$symbol\b" "$here/nulls.c" "$here/setters.h" || failed "nulls.c does not try $symbol" ;;
    esac
done <"$BUILD_DIR/symbols.txt"
# Every function with a string argument.
for symbol in $(tr '\n' ' ' <"$root/include/aliyun_cred.h" | tr ';' '\n' |
    sed -n 's/.*\(aliyun_cred_[a-z_]*\)([^()]*const char \*[^()]*) *$/\1/p'); do
    grep -q "\b$symbol\b" "$here/enormous.c" "$here/setters.h" || failed "enormous.c does not try $symbol"
done
abi=$(sed -n 's/^#define ALIYUN_CRED_ABI_VERSION //p' "$root/include/aliyun_cred.h")
dynamic=$(readelf -dW "$shared")
case $dynamic in *"[libaliyun_cred.so.$abi]"*) ;; *) failed "the SONAME is not libaliyun_cred.so.$abi" ;; esac
case $dynamic in *NODELETE*) ;; *) failed "the library can be unloaded" ;; esac

# What programs have compiled into them. The list must contain every number in the header.
compile abi.c "$BUILD_DIR/abi"
clean "$BUILD_DIR/abi" >"$BUILD_DIR/abi.txt"
if [ "${UPDATE_ABI:-0}" = 1 ]; then cp "$BUILD_DIR/abi.txt" "$here/abi.txt"; fi
if diff -u "$here/abi.txt" "$BUILD_DIR/abi.txt"; then say "ok numbers and layouts"; else failed "abi.txt differs"; fi
for name in $(sed -n 's/^ *\(ALIYUN_CRED_[A-Z_]*\) = [0-9]*,$/\1/p' "$root/include/aliyun_cred.h"); do
    grep -q "^$name " "$here/abi.txt" || failed "abi.txt does not list $name"
done

run() { # title, program, and what runs it
    title=$1; program=$2; shift 2
    say "== $title"
    clean "$@" "$program" || failed "$title"
}

if [ -n "${PANIC_LIB:-}" ]; then
    mkdir -p "$BUILD_DIR/panics"
    cp "$PANIC_LIB" "$BUILD_DIR/panics/libaliyun_cred.so.0"
    compile panics.c "$BUILD_DIR/panics/panics" "$BUILD_DIR/panics/libaliyun_cred.so.0" "-Wl,-rpath,$BUILD_DIR/panics"
    # Standard error belongs to the program: the library prints nothing there, not even a panic.
    run "panics" "$BUILD_DIR/panics/panics" 2>"$BUILD_DIR/panics/stderr"
    if [ -s "$BUILD_DIR/panics/stderr" ]; then cat "$BUILD_DIR/panics/stderr"; failed "a fault was printed"; fi
else
    skipped "faults inside the library: no PANIC_LIB (make test-c builds it)"
fi

check_program() { # source
    name=${1%.*}
    # shellcheck disable=SC2086
    compile "$1" "$BUILD_DIR/plain/$name" $link
    run "$name" "$BUILD_DIR/plain/$name"
    # shellcheck disable=SC2086
    compile "$1" "$BUILD_DIR/asan/$name" $link -fsanitize=address,undefined -fno-sanitize-recover=all
    run "$name, AddressSanitizer" "$BUILD_DIR/asan/$name" ASAN_OPTIONS=detect_leaks=1
    if command -v valgrind >/dev/null; then
        run "$name, valgrind" "$BUILD_DIR/plain/$name" ENORMOUS=65536 valgrind --quiet --error-exitcode=99 --leak-check=full \
            --show-leak-kinds=definite,indirect --errors-for-leak-kinds=definite,indirect --child-silent-after-fork=yes
    fi
    case $1 in
        asking.c | engines.cpp | adapters.cpp)
            # shellcheck disable=SC2086
            compile "$1" "$BUILD_DIR/threads/$name" $link -fsanitize=thread
            # With the installed suppressions.
            run "$name, ThreadSanitizer" "$BUILD_DIR/threads/$name" \
                TSAN_OPTIONS=suppressions="$root/bindings/c/package/tsan.supp"
            ;;
    esac
}
check_programs() { # sources
    for source in "$@"; do
        check_program "$source" >"$BUILD_DIR/logs/$source" 2>&1 || failed "$source"
        cat "$BUILD_DIR/logs/$source"
    done
}
# programs.txt lists them, also for the tests of a release. Two at once.
odd=$(sed -n 'p;n' "$here/programs.txt")
even=$(sed -n 'n;p' "$here/programs.txt")
# shellcheck disable=SC2086
check_programs $odd &
# shellcheck disable=SC2086
check_programs $even
wait $! || failed "programs"
command -v valgrind >/dev/null || skipped "valgrind is not installed"

# shellcheck disable=SC2086
compile remote.c "$BUILD_DIR/static/remote" $link_static
run "remote, static library" "$BUILD_DIR/static/remote"

# The archive in two shared objects of one process; only their own names leave them.
for name in first second; do
    # shellcheck disable=SC2086
    compile plugin.c "$BUILD_DIR/static/$name.so" -shared -fPIC -Wl,--exclude-libs,ALL $link_static
done
compile plugins.c "$BUILD_DIR/static/plugins" -ldl
say "== two plugins with the static library"
clean ALIBABA_CLOUD_ACCESS_KEY_ID=of-the-environment ALIBABA_CLOUD_ACCESS_KEY_SECRET=secret \
    "$BUILD_DIR/static/plugins" "$BUILD_DIR/static/first.so" "$BUILD_DIR/static/second.so" || failed "two plugins"

# The probe, with a configuration and without.
mkdir -p "$BUILD_DIR/probed"
printf '{"type": "sts", "access_key_id": "a\\"\\\\", "access_key_secret": "s", "security_token": "t"}' \
    >"$BUILD_DIR/probed/config.json"
clean "$BUILD_DIR/probe" "$BUILD_DIR/probed" 2 ask || failed "probe"
credential='{"credential":{"access_key_id":"a\"\\","access_key_secret":"s","security_token":"t","bearer_token":null,"type":"sts","provider_name":"static_sts"}}'
expected="{\"construction_error\":null,\"outcomes\":[$credential,$credential],\"clock_offset\":0}"
[ "$(cat "$BUILD_DIR/probed/result.json")" = "$expected" ] || failed "probe: result.json is not as expected"

if [ -s "$BUILD_DIR/failures" ]; then say "$(wc -l <"$BUILD_DIR/failures") failed"; exit 1; fi
say "all C and C++ tests passed"
