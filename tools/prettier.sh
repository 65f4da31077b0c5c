#!/usr/bin/env bash
# Runs the pinned prettier over all JavaScript and TypeScript: `tools/prettier.sh --write` formats, `--check` checks.
# Installs it from the npm registry into .build/tools, again when the pinned version changes.
set -euo pipefail

cd "$(dirname "$0")/.."
tools=.build/tools
if ! cmp -s tools/package-lock.json "$tools/installed.json"; then
    mkdir -p "$tools"
    cp tools/package.json tools/package-lock.json "$tools/"
    (cd "$tools" && npm --no-audit --no-fund --loglevel=error ci >/dev/null)
    cp tools/package-lock.json "$tools/installed.json"
fi
exec "$tools/node_modules/.bin/prettier" --log-level warn "${1:---check}" '{bench,demo,dist,docs,node,tests}/**/*.{js,mjs,ts,mts,css}'
