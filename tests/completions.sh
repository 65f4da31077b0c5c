#!/usr/bin/env bash
# The completions that the command prints, loaded by bash, zsh and fish.
#
# DEBUG          where the command is (target/debug)
# BUILD          where the scripts go (.build)
# REQUIRE_ALL=1  what would be skipped is a failure
set -euo pipefail
cd "$(dirname "$0")/.."

command=${DEBUG:-target/debug}/aliyun-cred
folder=${BUILD:-$PWD/.build}/completions
rm -rf "$folder"
mkdir -p "$folder/home"
failures=0

skipped() {
    if [ "${REQUIRE_ALL:-0}" = 1 ]; then
        echo "FAILED: $* (REQUIRE_ALL=1)"
        failures=$((failures + 1))
    else
        echo "skipped: $*"
    fi
}

# What a shell says that runs a script, without this user's configuration.
in_shell() { env -i PATH="$PATH" HOME="$folder/home" LANG=C.UTF-8 "$@"; }

# Of each: its script parses, completes this command, and finds a subcommand by its beginning.
expect() { # shell, expected, found
    if [ "$2" = "$3" ]; then
        echo "$1 completes the command"
    else
        printf 'FAILED: %s says\n%s\nand not\n%s\n' "$1" "$3" "$2"
        failures=$((failures + 1))
    fi
}

# shellcheck disable=SC2016 # the shells' own variables
test_bash() {
    bash -n "$folder/bash"
    in_shell bash --norc -c 'source "$0"
        set -- $(complete -p aliyun-cred)
        echo "${@: -1}"
        COMP_WORDS=(aliyun-cred wh) COMP_CWORD=1
        "${@: -2:1}" aliyun-cred wh aliyun-cred
        echo "${COMPREPLY[*]}"' "$folder/bash"
}
# shellcheck disable=SC2016
test_zsh() {
    mkdir "$folder/functions"
    cp "$folder/zsh" "$folder/functions/_aliyun-cred"
    zsh -n "$folder/zsh"
    # The functions below the first are called as it would call them: only an editor's widget calls that.
    in_shell zsh -f -c 'fpath=("$1" $fpath)
        autoload -Uz compinit && compinit -D
        echo ${(k)_comps[(r)_aliyun-cred]}
        source "$1/_aliyun-cred"
        _describe() { print -l -- ${(P)4} | grep -o "^wh[a-z]*" }
        _aliyun-cred_commands' zsh "$folder/functions"
}
# shellcheck disable=SC2016
test_fish() {
    fish -n "$folder/fish"
    in_shell fish --no-config -c 'source $argv[1]
        complete --do-complete "aliyun-cred wh" | string replace --regex "\t.*" ""' "$folder/fish"
}

declare -A expected=(
    [bash]=$'aliyun-cred\nwhoami'
    [zsh]=$'aliyun-cred\nwhoami'
    [fish]=whoami
)
for shell in bash zsh fish; do
    if ! command -v "$shell" >/dev/null; then
        skipped "the completions of $shell, which is not installed (make ci-tools)"
        continue
    fi
    "$command" completions "$shell" >"$folder/$shell"
    expect "$shell" "${expected[$shell]}" "$("test_$shell" 2>&1)"
done
exit $((failures > 0))
