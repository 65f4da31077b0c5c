#!/usr/bin/env bash
# Formats every source of the repository: Rust, C and C++, Python, JavaScript. `tools/format.sh --check` changes nothing,
# fails if anything would be changed or the options' generated code is out of date, and lints Python, too. VENV is a
# virtual environment, where the pinned formatters are installed from PyPI.
set -euo pipefail
cd "$(dirname "$0")/.."

"$VENV/bin/python" -m pip --disable-pip-version-check install --quiet -r tools/requirements.txt
# Each of C and C++ but the generated header, and what CMake leaves where an example was built.
c_sources() {
    find bench demo examples include tests -name build -prune -o \( -name '*.[ch]' -o -name '*.[ch]pp' \) \
        ! -path include/aliyun_cred.h -print0
}
if [[ ${1-} == --check ]]; then
    "$VENV/bin/python" bindings/options.py --check
    cargo fmt --all --check
    c_sources | xargs -0 "$VENV/bin/clang-format" --dry-run -Werror
    "$VENV/bin/ruff" format --quiet --check .
    "$VENV/bin/ruff" check --quiet .
    tools/prettier.sh --check
else
    cargo fmt --all
    c_sources | xargs -0 "$VENV/bin/clang-format" -i
    "$VENV/bin/ruff" check --quiet --select I --fix .
    "$VENV/bin/ruff" format --quiet .
    tools/prettier.sh --write
fi
