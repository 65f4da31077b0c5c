#!/usr/bin/env bash
# Formats every source of the repository: Rust, C and C++, Python, JavaScript. `tools/format.sh --check` changes nothing,
# fails if anything would be changed or the options' generated code is out of date, and lints Python, too. VENV is a
# virtual environment, where the pinned formatters are installed from PyPI.
set -euo pipefail
cd "$(dirname "$0")/.."

"$VENV/bin/python" -m pip --disable-pip-version-check install --quiet -r tools/requirements.txt
mapfile -t c_sources < <(
    find bench demo examples include tests -name '*.[ch]' -o -name '*.[ch]pp' | grep -v '^include/aliyun_cred\.h$'
)
if [[ ${1-} == --check ]]; then
    "$VENV/bin/python" bindings/options.py --check
    cargo fmt --all --check
    "$VENV/bin/clang-format" --dry-run -Werror "${c_sources[@]}"
    "$VENV/bin/ruff" format --quiet --check .
    "$VENV/bin/ruff" check --quiet .
    tools/prettier.sh --check
else
    cargo fmt --all
    "$VENV/bin/clang-format" -i "${c_sources[@]}"
    "$VENV/bin/ruff" check --quiet --select I --fix .
    "$VENV/bin/ruff" format --quiet .
    tools/prettier.sh --write
fi
