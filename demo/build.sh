#!/usr/bin/env bash
# Compiles the demonstration's programs in C and C++: `make demo-programs`.
set -euo pipefail
cd "$(dirname "$0")/.."

mkdir -p "$BUILD/demo"
ln -sf "$DEBUG/libaliyun_cred.so" "$BUILD/demo/libaliyun_cred.so.0"
link=(-L"$DEBUG" -laliyun_cred -Wl,-rpath,"$BUILD/demo")
"$CC" -std=c99 -Iinclude demo/demo.c -o "$BUILD/demo/demo-c" "${link[@]}"
"$CXX" -std=c++17 -Iinclude demo/demo.cpp -o "$BUILD/demo/demo-cpp" "${link[@]}"
