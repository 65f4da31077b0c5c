#!/usr/bin/env bash
# Installs the pinned tools of `make docs` in .build/tools: mdBook from crates.io, typedoc from npm, pdoc from PyPI (into
# the virtual environment, since it imports the package).
set -euo pipefail
cd "$(dirname "$0")/../.."
mdbook=0.5.4

tools=$BUILD/tools
if [[ $("$tools/bin/mdbook" --version 2>/dev/null) != "mdbook v$mdbook" ]]; then
    echo "== installing mdBook in .build/tools (a few minutes, once)"
    # Not optimised, and without its server, it is built in half the time, and makes a book in a second all the same. In
    # a folder of its own, which cargo removes.
    env -u CARGO_TARGET_DIR cargo install --quiet --locked --debug --root "$tools" --version "$mdbook" mdbook \
        --no-default-features --features search
fi
if ! cmp -s docs/book/package-lock.json "$tools/docs/installed.json"; then
    mkdir -p "$tools/docs"
    cp docs/book/package.json docs/book/package-lock.json "$tools/docs/"
    (cd "$tools/docs" && $NPM ci >/dev/null)
    cp docs/book/package-lock.json "$tools/docs/installed.json"
fi
"$VENV/bin/python" -m pip --disable-pip-version-check install --quiet -r docs/book/requirements.txt
