#!/bin/sh
# Installs the C library into temporary folders, checks the files, and builds programs with nothing else: with
# pkg-config and CMake, shared and static, with gcc and clang, in the original place and after moving it. Finally runs
# the example in examples/caller-identity against the emulator.
#
# PROFILE        cargo's profile (dev)
# BUILD_DIR      where everything that is made goes (.build/package/test)
# PYTHON         a Python for the example's test (python3)
# REQUIRE_ALL=1  what would be skipped is a failure
set -eu

here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
PROFILE=${PROFILE:-dev}
BUILD_DIR=${BUILD_DIR:-$root/.build/package/test}
PYTHON=${PYTHON:-python3}
failures=0
# This may run under a make that was told where to install.
unset MAKEFLAGS MAKELEVEL PREFIX LIBDIR INCLUDEDIR DESTDIR

say() { printf '%s\n' "$*"; }
failed() { say "FAILED: $*"; failures=$((failures + 1)); }
skipped() {
    if [ "${REQUIRE_ALL:-0}" = 1 ]; then failed "$* (REQUIRE_ALL=1)"; else say "skipped: $*"; fi
}
have() { # tool...
    for tool in "$@"; do command -v "$tool" >/dev/null || return 1; done
}

rm -rf "$BUILD_DIR"
mkdir -p "$BUILD_DIR/home"
BUILD_DIR=$(cd "$BUILD_DIR" && pwd)
version=$(sed -n 's/^version = "\(.*\)"$/\1/p' "$root/Cargo.toml")
abi=$(sed -n 's/^#define ALIYUN_CRED_ABI_VERSION //p' "$root/include/aliyun_cred.h")

make_package() { # make's arguments
    "${MAKE:-make}" -C "$root" --no-print-directory PROFILE="$PROFILE" "$@"
}
# Without the caller's environment, and without a source that could leave this machine.
clean() { # [NAME=value...] program [arguments...]
    env -i PATH="$PATH" HOME="$BUILD_DIR/home" ALIBABA_CLOUD_ECS_METADATA_DISABLED=true \
        ALIBABA_CLOUD_ECS_METADATA_ENDPOINT=http://127.0.0.1:9 "$@"
}
prints_version() { # title, then as clean
    title=$1; shift
    printed=$(clean "$@") || failed "$title"
    [ "$printed" = "$version" ] || failed "$title: it says '$printed'"
}

# --- what is installed

listing() { (cd "$1" && find . -mindepth 1 -printf '%M %P %l\n' | sed 's/ $//' | LC_ALL=C sort -k 2); }
expected() { # folder of libraries, of headers, of data; as listing shows them
    cat <<END
-rw-r--r-- $2/aliyun_cred.h
-rw-r--r-- $2/aliyun_cred.hpp
-rw-r--r-- $2/aliyun_cred/adapters/adapter.hpp
-rw-r--r-- $2/aliyun_cred/adapters/aws_sdk_cpp.hpp
-rw-r--r-- $2/aliyun_cred/adapters/log_c_sdk.h
-rw-r--r-- $2/aliyun_cred/adapters/oss_c_sdk.h
-rw-r--r-- $2/aliyun_cred/adapters/oss_cpp_sdk.hpp
-rw-r--r-- $1/cmake/aliyun_cred/aliyun_credConfig.cmake
-rw-r--r-- $1/cmake/aliyun_cred/aliyun_credConfigVersion.cmake
-rw-r--r-- $1/libaliyun_cred.a
lrwxrwxrwx $1/libaliyun_cred.so libaliyun_cred.so.$abi
lrwxrwxrwx $1/libaliyun_cred.so.$abi libaliyun_cred.so.$version
-rwxr-xr-x $1/libaliyun_cred.so.$version
-rw-r--r-- $1/pkgconfig/aliyun_cred.pc
-rw-r--r-- $3/aliyun_cred/tsan.supp
END
}
check_files() { # title, DESTDIR, folder of libraries, of headers, of data
    listing "$2" | grep -v '^d' >"$BUILD_DIR/listing" || :
    expected "$3" "$4" "$5" | LC_ALL=C sort -k 2 | diff -u - "$BUILD_DIR/listing" || failed "$1: the files differ"
    if listing "$2" | grep '^d' | grep -v '^drwxr-xr-x '; then failed "$1: a folder is not for everybody"; fi
}

# The exported symbols: both libraries export the listed functions and nothing else.
check_symbols() { # folder of libraries
    nm -D --defined-only "$1/libaliyun_cred.so" | awk '{print $3}' | LC_ALL=C sort >"$BUILD_DIR/symbols-shared"
    diff -u "$here/symbols.txt" "$BUILD_DIR/symbols-shared" || failed "symbols of the shared library"
    # The test requires the build's own tools: the archive must be localised.
    nm -g --defined-only "$1/libaliyun_cred.a" | awk 'NF == 3 {print $3}' | LC_ALL=C sort >"$BUILD_DIR/symbols-static"
    diff -u "$here/symbols.txt" "$BUILD_DIR/symbols-static" || failed "symbols of the archive"
    case $(readelf -dW "$1/libaliyun_cred.so") in
        *"[libaliyun_cred.so.$abi]"*) ;;
        *) failed "the SONAME is not libaliyun_cred.so.$abi" ;;
    esac
}

# With any umask, twice over, and as a distribution with its own folders would.
(umask 077 && make_package install DESTDIR="$BUILD_DIR/plain" PREFIX=/usr)
make_package install DESTDIR="$BUILD_DIR/plain" PREFIX=/usr/
check_files "PREFIX=/usr" "$BUILD_DIR/plain" usr/lib usr/include usr/share
check_symbols "$BUILD_DIR/plain/usr/lib"

triplet=lib/x86_64-linux-gnu
make_package install DESTDIR="$BUILD_DIR/triplet" PREFIX=/usr LIBDIR=/usr/$triplet INCLUDEDIR=/usr/include/aliyun
check_files "LIBDIR" "$BUILD_DIR/triplet" usr/$triplet usr/include/aliyun usr/share
make_package install DESTDIR="$BUILD_DIR/apart" PREFIX=/opt/cred LIBDIR=/srv/lib INCLUDEDIR=/srv/include
check_files "LIBDIR outside PREFIX" "$BUILD_DIR/apart" srv/lib srv/include opt/cred/share
grep -qx 'libdir=/srv/lib' "$BUILD_DIR/apart/srv/lib/pkgconfig/aliyun_cred.pc" || failed "libdir outside PREFIX"

# Without DESTDIR; an existing folder keeps its mode, and a file its place.
mkdir -p "$BUILD_DIR/prefix/lib"
chmod 2775 "$BUILD_DIR/prefix/lib"
echo foreign >"$BUILD_DIR/prefix/lib/foreign"
make_package install PREFIX="$BUILD_DIR/prefix"
[ "$(stat -c %a "$BUILD_DIR/prefix/lib")" = 2775 ] || failed "the mode of a folder that was there changed"
[ "$(find "$BUILD_DIR/prefix" ! -type d | wc -l)" = 16 ] || failed "PREFIX without DESTDIR"
for directory in PREFIX LIBDIR INCLUDEDIR; do
    if (cd "$BUILD_DIR" && make_package install $directory=relative >/dev/null 2>&1); then
        failed "a relative $directory is accepted"
    fi
done
cp -a "$BUILD_DIR/prefix" "$BUILD_DIR/removed"
make_package uninstall PREFIX="$BUILD_DIR/removed"
[ "$(cd "$BUILD_DIR/removed" && find . ! -type d)" = ./lib/foreign ] || failed "uninstall leaves or takes too much"
for folder in lib/cmake/aliyun_cred share/aliyun_cred include/aliyun_cred; do
    [ ! -e "$BUILD_DIR/removed/$folder" ] || failed "uninstall leaves its folder $folder"
done
say "ok what is installed"

# The system libraries that the archive needs, as the compiler names them for everything in it.
echo 'extern crate aliyun_cred;' |
    rustc --edition 2024 --crate-type staticlib --crate-name everything --print native-static-libs -o "$BUILD_DIR/everything.a" \
        --extern aliyun_cred="$root/target/debug/libaliyun_cred.rlib" -L dependency="$root/target/debug/deps" - \
        2>"$BUILD_DIR/native" || failed "native-static-libs: $(cat "$BUILD_DIR/native")"
rm -f "$BUILD_DIR/everything.a"
needed=$(sed -n 's/^note: native-static-libs: //p' "$BUILD_DIR/native")
named=$(sed -n 's/^Libs.private: //p' "$BUILD_DIR/prefix/lib/pkgconfig/aliyun_cred.pc")
[ -n "$needed" ] && [ "$needed" = "$named" ] || failed "Libs.private is '$named', but the archive needs '$needed'"

# Without the tools, the archive stays as cargo made it, and the build says so.
OBJCOPY=no-such-tool "$root/bindings/c/package/stage.sh" "$root/target/debug" "$BUILD_DIR/untouched" \
    >"$BUILD_DIR/said" 2>&1 || failed "stage.sh without objcopy"
grep -q '^libaliyun_cred.a keeps its inner names: .*no-such-tool' "$BUILD_DIR/said" || failed "stage.sh hides that objcopy is missing"
cmp -s "$root/target/debug/libaliyun_cred.a" "$BUILD_DIR/untouched/libaliyun_cred.a" || failed "the archive without objcopy"
rm -rf "$BUILD_DIR/untouched"
if "$root/bindings/c/package/stage.sh" "$root/target/debug" "$BUILD_DIR/untouched" 1000 >/dev/null 2>&1; then
    failed "a library beyond the limit is accepted"
fi

# --- what can be built with it

# Both in the original place, one after the move.
every="gcc:g++"
if have clang clang++; then every="gcc:g++ clang:clang++"; else skipped "clang is not installed"; fi

# shellcheck disable=SC2086 # flags are several words
by_pkg_config() { # title, folder of libraries, compilers
    libs=$2
    flags() { PKG_CONFIG_PATH="$libs/pkgconfig" pkg-config "$@" aliyun_cred; }
    [ "$(flags --modversion)" = "$version" ] || failed "$1: pkg-config's version"
    # The archive beside the shared library must be named.
    archive=$(flags --cflags --static --libs | sed 's/-laliyun_cred/-l:libaliyun_cred.a/')
    for pair in $3; do
        cc=${pair%:*} cxx=${pair#*:} out=$BUILD_DIR/programs/$cc
        mkdir -p "$out"
        "$cc" -std=c99 "$here/package/consumer.c" -o "$out/shared-c" $(flags --cflags --libs)
        "$cxx" -std=c++17 "$here/package/consumer.cpp" -o "$out/shared-cpp" $(flags --cflags --libs)
        "$cc" -std=c99 "$here/package/consumer.c" -o "$out/static-c" $archive
        "$cxx" -std=c++17 "$here/package/consumer.cpp" -o "$out/static-cpp" $archive
        # Entirely static: the compiler has a library with another name for that. glibc warns about what it loads later.
        "$cc" -static -std=c99 "$here/package/consumer.c" -o "$out/whole-c" $(echo "$archive" | sed 's/-lgcc_s//') 2>/dev/null
        for language in c cpp; do
            case $(readelf -dW "$out/shared-$language") in *"[libaliyun_cred.so.$abi]"*) ;; *) failed "$1: not linked by SONAME" ;; esac
            case $(readelf -dW "$out/static-$language") in *libaliyun_cred*) failed "$1: static needs the shared library" ;; esac
            prints_version "$1, $cc, shared, $language" LD_LIBRARY_PATH="$libs" "$out/shared-$language"
            prints_version "$1, $cc, static, $language" "$out/static-$language"
        done
        prints_version "$1, $cc, -static" "$out/whole-c"
    done
    say "ok pkg-config, $1"
}
by_cmake() { # title, what CMake is told to look in, compilers
    for pair in $3; do
        out=$BUILD_DIR/cmake/${pair%:*}
        rm -rf "$out"
        cmake -S "$here/package" -B "$out" -DCMAKE_PREFIX_PATH="$2" -DCMAKE_C_COMPILER="${pair%:*}" \
            -DCMAKE_CXX_COMPILER="${pair#*:}" >"$BUILD_DIR/cmake.log" 2>&1 &&
            cmake --build "$out" >>"$BUILD_DIR/cmake.log" 2>&1 || { cat "$BUILD_DIR/cmake.log"; failed "$1: CMake"; return; }
        for program in shared-c shared-cpp static-c static-cpp; do
            prints_version "$1, CMake, ${pair%:*}, $program" "$out/$program"
        done
        case $(readelf -dW "$out/static-c") in *libaliyun_cred*) failed "$1: CMake's static target" ;; esac
    done
    say "ok CMake, $1"
}

if have pkg-config; then
    by_pkg_config "PREFIX" "$BUILD_DIR/prefix/lib" "$every"
    by_pkg_config "DESTDIR, other folders" "$BUILD_DIR/triplet/usr/$triplet" gcc:g++
else
    skipped "pkg-config is not installed"
fi
if have cmake; then
    by_cmake "PREFIX" "$BUILD_DIR/prefix" "$every"
    # Reached through a link, as /lib links to /usr/lib.
    ln -s usr/lib "$BUILD_DIR/triplet/lib"
    by_cmake "DESTDIR, other folders, through a link" "$BUILD_DIR/triplet/$triplet/cmake" gcc:g++
else
    skipped "CMake is not installed"
fi
mv "$BUILD_DIR/prefix" "$BUILD_DIR/moved"
if have pkg-config; then by_pkg_config "moved" "$BUILD_DIR/moved/lib" gcc:g++; fi
if have cmake; then by_cmake "moved" "$BUILD_DIR/moved" gcc:g++; fi

# Beside another Rust archive, in either order.
rustc --edition 2024 --crate-type staticlib "$here/package/other.rs" -o "$BUILD_DIR/libother.a"
for order in "libaliyun_cred.a libother.a" "libother.a libaliyun_cred.a"; do
    # shellcheck disable=SC2086
    gcc -I"$BUILD_DIR/moved/include" -L"$BUILD_DIR/moved/lib" -L"$BUILD_DIR" "$here/package/both.c" -o "$BUILD_DIR/both" \
        -Wl,--whole-archive -l:${order% *} -l:${order#* } -Wl,--no-whole-archive $named || failed "two archives: $order"
    clean "$BUILD_DIR/both" || failed "two archives: $order"
done
say "ok beside another archive"

# --- the example

if ! have cmake; then
    skipped "the example: CMake is not installed"
elif ! pkg-config --exists libcurl libcrypto; then
    skipped "the example: libcurl or OpenSSL has no headers here"
else
    cmake -S "$root/examples/caller-identity" -B "$BUILD_DIR/example" -DCMAKE_PREFIX_PATH="$BUILD_DIR/moved" \
        >"$BUILD_DIR/cmake.log" 2>&1 && cmake --build "$BUILD_DIR/example" >>"$BUILD_DIR/cmake.log" 2>&1 ||
        { cat "$BUILD_DIR/cmake.log"; failed "the example does not build"; }
    "$PYTHON" "$here/caller_identity.py" "$BUILD_DIR/example/caller-identity" || failed "the example"
fi

if [ "$failures" -ne 0 ]; then say "$failures failed"; exit 1; fi
say "the package works"
