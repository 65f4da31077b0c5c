#!/usr/bin/env bash
# What `make test-node-peers` runs: the official SDKs from npm with our client, and with our package in the place of
# theirs; then every scenario with both packages side by side.
set -euo pipefail
cd "$(dirname "$0")/../../.."
beside=$BUILD/peers-node/beside
in_its_place=$BUILD/peers-node/in-its-place

mkdir -p "$beside" "$in_its_place"
cp tests/peers/node/package.json tests/peers/node/package-lock.json "$beside/"
cp tests/peers/node/in-its-place/package.json tests/peers/node/in-its-place/package-lock.json "$in_its_place/"
(cd node && npm pack --silent --ignore-scripts --pack-destination "$in_its_place" >/dev/null)
for folder in "$beside" "$in_its_place"; do
    (cd "$folder" && $NPM ci)
done
node tests/peers/node/run.js "$beside" "$in_its_place"
echo "== Node: every scenario with the official package and ours, side by side"
"$PYTHON" tests/peers/node/differential.py "$beside"
