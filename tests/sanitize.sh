#!/usr/bin/env bash
# `make sanitize`: the core's unit tests and the C library's test programs under AddressSanitizer, for the latter with
# leaks, and under ThreadSanitizer. The standard library is instrumented, too, so that no report is suppressed by name.
# Takes ten minutes for each; wants the compiler's source (`rustup component add rust-src`) and clang.
#
#   sanitize.sh [address|thread]...
#
# Miri has no part in this: it comes with a nightly compiler only, and it knows neither sockets nor processes.
set -euo pipefail
cd "$(dirname "$0")/.."

skipped() {
    if [ "${REQUIRE_ALL:-0}" = 1 ]; then echo "FAILED: $* (REQUIRE_ALL=1)"; exit 1; fi
    echo "skipped: $*"
    exit 0
}
sysroot=$(rustc --print sysroot)
target=$(rustc -vV | sed -n 's/^host: //p')
[ -d "$sysroot/lib/rustlib/src/rust/library" ] || skipped "the compiler's source is missing: rustup component add rust-src"
command -v clang++ >/dev/null || skipped "clang is not installed (make ci-tools)"

# For the unstable options of the stable compiler.
export RUSTC_BOOTSTRAP=1
# Children that threads fork start threads again: in the tests of that.
export TSAN_OPTIONS=die_after_fork=0

[ $# -gt 0 ] || set -- address thread
for sanitizer; do
    export RUSTFLAGS=-Zsanitizer=$sanitizer CARGO_TARGET_DIR=$PWD/.build/sanitize/$sanitizer
    built=$CARGO_TARGET_DIR/$target/debug
    echo "== the core, $sanitizer"
    # Some of these tests leak on purpose: what a forked child leaves to its parent, panics, a client that asks itself.
    ASAN_OPTIONS=detect_leaks=0 cargo test --quiet -Zbuild-std --target "$target" -p aliyun-cred --lib

    echo "== the C library, $sanitizer"
    cargo build --quiet -Zbuild-std --target "$target" -p aliyun-cred-c
    # The compiler's runtime, not clang's: each version of LLVM wants its own.
    runtime=$sysroot/lib/rustlib/$target/lib/librustc-stable_rt.${sanitizer:0:1}san.a
    for source in $(cat tests/c/programs.txt); do
        program=$CARGO_TARGET_DIR/${source%.*}
        case $source in
            results.cpp) compile=(clang++ -std=c++17 -fno-exceptions -fno-rtti) ;;
            *.cpp) compile=(clang++ -std=c++17) ;;
            *) compile=(clang -std=c11) ;;
        esac
        "${compile[@]}" -g -O1 -D_GNU_SOURCE -Iinclude -Itests/c/sdk -fsanitize="$sanitizer" -c "tests/c/$source" -o "$program.o"
        clang++ "$program.o" "$built/libaliyun_cred.a" -Wl,--whole-archive "$runtime" -Wl,--no-whole-archive -o "$program" \
            -lgcc_s -lutil -lrt -lpthread -lm -ldl
        env -i PATH="$PATH" HOME="$CARGO_TARGET_DIR" TSAN_OPTIONS=$TSAN_OPTIONS ALIBABA_CLOUD_ECS_METADATA_DISABLED=true \
            ALIBABA_CLOUD_ECS_METADATA_ENDPOINT=http://127.0.0.1:9 "$program"
        echo "ok $source"
    done
done
