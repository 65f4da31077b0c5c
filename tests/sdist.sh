#!/usr/bin/env bash
# What `make test-sdist` runs: the Python source distribution is built and imported in an empty folder.
set -euo pipefail
cd "$(dirname "$0")/.."
folder=$BUILD/sdist

rm -rf "$folder"
mkdir -p "$folder"
(cd python && "$VENV/bin/python" -m maturin sdist --out "$folder" >/dev/null 2>&1)
cd "$folder"
"$PYTHON" -m venv venv
MATURIN_PEP517_ARGS="--profile dev" venv/bin/python -m pip --disable-pip-version-check install --quiet ./*.tar.gz
venv/bin/python -I -c "from aliyun_cred.client import Client; Client()"
