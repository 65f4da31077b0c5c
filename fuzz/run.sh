#!/usr/bin/env bash
# `fuzz/run.sh SECONDS [TARGET...]`: builds the targets with libFuzzer, makes up inputs for each for so many seconds, and
# says how many there were. New ones that reach new code are kept in .build/fuzz/corpus; one that fails, hangs or needs
# too much memory ends the run, and is in .build/fuzz/artifacts.
set -euo pipefail
cd "$(dirname "$0")"

seconds=$1
shift
targets=("$@")
if [ $# = 0 ]; then
    for file in fuzz_targets/*.rs; do targets+=("$(basename "$file" .rs)"); done
fi
work=$PWD/../.build/fuzz
triple=$(rustc -vV | sed -n 's/^host: //p')
# With a target, build scripts are built without this.
RUSTFLAGS="-Cpasses=sancov-module -Cllvm-args=-sanitizer-coverage-level=4 \
-Cllvm-args=-sanitizer-coverage-inline-8bit-counters -Cllvm-args=-sanitizer-coverage-pc-table \
-Cllvm-args=-sanitizer-coverage-trace-compares" \
    cargo build --quiet --locked --release --target "$triple" --target-dir "$work/target"

total=0
mkdir -p "$work/artifacts"
for target in "${targets[@]}"; do
    mkdir -p "$work/corpus/$target"
    "$work/target/$triple/release/$target" "$work/corpus/$target" "corpus/$target" -max_total_time="$seconds" \
        -max_len=4096 -timeout=5 -rss_limit_mb=1024 -print_final_stats=1 -artifact_prefix="$work/artifacts/$target-" \
        2>"$work/$target.log" || {
        tail -n 60 "$work/$target.log" >&2
        exit 1
    }
    inputs=$(sed -n 's/^stat::number_of_executed_units: *//p' "$work/$target.log")
    printf '%-16s %13d inputs\n' "$target" "$inputs"
    total=$((total + inputs))
done
printf '%-16s %13d inputs\n' total "$total"
