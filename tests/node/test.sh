#!/usr/bin/env bash
# What `make test-node` runs: the tests of this folder, with the packages that they need.
set -euo pipefail
cd "$(dirname "$0")/../.."

mkdir -p "$BUILD/node"
cp tests/node/package.json tests/node/package-lock.json "$BUILD/node/"
(cd "$BUILD/node" && $NPM ci)
node tests/node/run.js tests/node/*.test.js
