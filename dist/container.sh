#!/usr/bin/env bash
# Tests the artifacts of a target in a container of a system that they are for, with docker.
#
#   container.sh IMAGE TARGET [SURFACE...]
#
# What the tests need of the system (Python, a C compiler) is installed there first; nothing of this project is built.
set -euo pipefail

image=$1 target=$2
shift 2
root=$(cd "$(dirname "$0")/.." && pwd)
# The images for building wheels have their Pythons in a place of their own.
docker run --rm --volume "$root:/project:ro" --env TARGET="$target" --env SURFACES="$*" "$image" sh -euc '
    PATH=/opt/python/cp311-cp311/bin:$PATH
    if command -v apk >/dev/null; then apk add --quiet python3 gcc g++ musl-dev libgcc
    elif command -v apt-get >/dev/null; then
        apt-get update -qq
        DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends \
            python3 python3-venv gcc g++ libc6-dev pkg-config >/dev/null
    elif ! [ -d /opt/python ]; then yum install -q -y python3 gcc gcc-c++ glibc-devel
    fi
    # The newest that is there: what comes with the system may be older than the wheel supports.
    for python in python3.14 python3.13 python3.12 python3.11 python3.10 python3.9 python3; do
        if command -v "$python" >/dev/null; then break; fi
    done
    exec "$python" /project/dist/test.py "$TARGET" $SURFACES --quiet --work /tmp/dist-test
'
