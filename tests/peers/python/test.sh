#!/usr/bin/env bash
# What `make test-python-peers` runs: the official SDKs from PyPI with our client, our package in the place of the
# official one (as an alias, and as a distribution of its name), and every scenario with both packages side by side.
set -euo pipefail
cd "$(dirname "$0")/../../.."
peers=$BUILD/peers
# On top of the virtual environment of the official packages, the distribution of the official name.
compat=$BUILD/peers-compat

install() {
    "$1/bin/python" -m pip --disable-pip-version-check install --quiet "${@:2}"
}

site_packages() {
    "$1/bin/python" -c "import site; print(site.getsitepackages()[0])"
}

environment() {
    test -x "$1/bin/python" || "$PYTHON" -m venv "$1" || { rm -rf "$1"; exit 1; }
}

environment "$peers"
# Most of the packages are built here: with these in an environment for each, that takes twice as long.
install "$peers" setuptools==80.9.0 wheel==0.45.1
install "$peers" --no-build-isolation -r tests/peers/python/requirements.txt
MATURIN_PEP517_ARGS=$DEV_WHEEL install "$peers" --force-reinstall --no-deps ./python
environment "$compat"
site_packages "$peers" >"$(site_packages "$compat")/peers.pth"
install "$compat" --force-reinstall --no-deps ./python/compat

PEERS_COMPAT_PYTHON=$compat/bin/python "$peers/bin/python" -m pytest -n auto tests/peers/python
echo "== Python: the same under the official name, as an alias and as a distribution"
export PEERS_IN_ITS_PLACE=1
"$peers/bin/python" -m aliyun_cred -m pytest tests/peers/python/test_openapi.py
"$compat/bin/python" -m pytest tests/peers/python/test_openapi.py
unset PEERS_IN_ITS_PLACE
echo "== Python: every scenario with the official package and ours, side by side"
"$peers/bin/python" tests/peers/python/differential.py
