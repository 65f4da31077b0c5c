#!/bin/sh
# Installs the C library, or removes it.
#
#   install.sh install FROM    FROM has what stage.sh made
#   install.sh uninstall
#
# PREFIX       where it will be used from (/usr/local)
# LIBDIR       for libraries, pkgconfig/ and cmake/ ($PREFIX/lib); a DLL goes to $PREFIX/bin
# INCLUDEDIR   for headers ($PREFIX/include)
# DESTDIR      is put in front of all of them: a package is built there, and used elsewhere
#
# Folders that exist are left as they are, what is created is open to everybody's eyes whatever the umask, and nothing
# outside of these folders is touched.
set -eu

action=$1
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../../.." && pwd)
umask 022

# Without the slashes at its end; "/" becomes nothing.
trimmed() { printf '%s' "$1" | sed 's|//*$||'; }
absolute() { # name value
    case $2 in /*) ;; *) echo "$1 is not an absolute path: '$2'"; exit 1 ;; esac
}

PREFIX=${PREFIX:-/usr/local}
absolute PREFIX "$PREFIX"
PREFIX=$(trimmed "$PREFIX")
LIBDIR=${LIBDIR:-$PREFIX/lib} INCLUDEDIR=${INCLUDEDIR:-$PREFIX/include}
absolute LIBDIR "$LIBDIR"
absolute INCLUDEDIR "$INCLUDEDIR"
LIBDIR=$(trimmed "$LIBDIR") INCLUDEDIR=$(trimmed "$INCLUDEDIR")
lib=${DESTDIR:-}$LIBDIR bin=${DESTDIR:-}$PREFIX/bin include=${DESTDIR:-}$INCLUDEDIR share=${DESTDIR:-}$PREFIX/share/aliyun_cred

version=$(sed -n 's/^version = "\(.*\)"$/\1/p' "$root/Cargo.toml")
abi=$(sed -n 's/^#define ALIYUN_CRED_ABI_VERSION //p' "$root/include/aliyun_cred.h")
# The file's name would promise one thing, and its SONAME another.
[ "$abi" = "${version%%.*}" ] || { echo "version $version does not begin with the number of the ABI, $abi"; exit 1; }

put() { # file folder mode
    mkdir -p "$2"
    install -m "$3" "$1" "$2/"
}

# Paths inside the package are written relative to where the file itself is, so that the whole may be moved. A folder
# that is not below PREFIX stays absolute.
fill() { # template folder; up: from there to PREFIX
    mkdir -p "$2"
    name=$(basename "$1" .in)
    sed -e "s|@version@|$version|g" -e "s|@abi@|$abi|g" -e "s|@prefix@|$prefix|g" -e "s|@libdir@|$libdir|g" \
        -e "s|@includedir@|$includedir|g" -e "s|@private@|$private|g" -e "s|@static_libraries@|$static_libraries|g" \
        -e "s|@shared@|$shared|g" -e "s|@static@|$static|g" -e "s|@linked_by@|$linked_by|g" "$1" >"$2/$name"
    chmod 644 "$2/$name"
}
inside() { # variable folder
    case $2 in "$PREFIX"/*) printf '%s' "$1${2#"$PREFIX"}" ;; *) printf '%s' "$2" ;; esac
}
up() { # folder below PREFIX
    printf '%s' "${1#"$PREFIX"}" | sed 's|/[^/][^/]*|/..|g'
}

# What system-libraries says of a target.
libraries_of() { # target
    grep -v '^#' "$here/system-libraries" | while read -r pattern libraries; do
        # shellcheck disable=SC2254 # it is a pattern
        case $1 in $pattern) printf '%s' "$libraries"; break ;; esac
    done
}
# The same as CMake's list.
listed() { # linker's words
    # shellcheck disable=SC2086 # it is several words
    set -- $1
    items=''
    while [ $# -gt 0 ]; do
        case $1 in
            -framework) item="-framework $2"; shift ;;
            -l*) item=${1#-l} ;;
            *.lib) item=${1%.lib} ;;
            /defaultlib:*) item="" ;; # the compiler has its own
            *) item=$1 ;;
        esac
        items=$items${items:+${item:+;}}$item
        shift
    done
    printf '%s' "$items"
}

# Each system has its names for a shared library: the file, the name that programs ask for, the name that they are
# linked by.
put_elf() { # from
    mkdir -p "$lib"
    install -m 755 "$1/libaliyun_cred.so" "$lib/libaliyun_cred.so.$version"
    ln -sf "libaliyun_cred.so.$version" "$lib/libaliyun_cred.so.$abi"
    ln -sf "libaliyun_cred.so.$abi" "$lib/libaliyun_cred.so"
}
put_dylib() { # from
    mkdir -p "$lib"
    install -m 755 "$1/libaliyun_cred.dylib" "$lib/libaliyun_cred.$version.dylib"
    ln -sf "libaliyun_cred.$version.dylib" "$lib/libaliyun_cred.$abi.dylib"
    ln -sf "libaliyun_cred.$abi.dylib" "$lib/libaliyun_cred.dylib"
}
put_dll() { # from
    put "$1/aliyun_cred.dll" "$bin" 755
    put "$1/$import" "$lib" 644
}

install_all() {
    target=$(cat "$1/target")
    private=$(libraries_of "$target")
    [ -n "$private" ] || { echo "$here/system-libraries does not know $target"; exit 1; }
    static=libaliyun_cred.a import=libaliyun_cred.dll.a
    case $target in *-msvc) static=aliyun_cred.lib import=aliyun_cred.dll.lib ;; esac
    put "$root/include/aliyun_cred.h" "$include" 644
    put "$root/include/aliyun_cred.hpp" "$include" 644
    for adapter in "$root"/include/aliyun_cred/adapters/*; do
        put "$adapter" "$include/aliyun_cred/adapters" 644
    done
    put "$1/$static" "$lib" 644
    case $target in
        *-windows-*) put_dll "$1" ;;
        *-apple-*) put_dylib "$1" ;;
        *) put_elf "$1" && put "$here/tsan.supp" "$share" 644 ;;
    esac

    prefix=$PREFIX
    case $LIBDIR in "$PREFIX"/*) prefix="\${pcfiledir}$(up "$LIBDIR/pkgconfig")" ;; esac
    libdir=$(inside "\${prefix}" "$LIBDIR") includedir=$(inside "\${prefix}" "$INCLUDEDIR")
    static_libraries='' shared='' linked_by=''
    fill "$here/aliyun_cred.pc.in" "$lib/pkgconfig"

    case $LIBDIR in "$PREFIX"/*) prefix="\${_aliyun_cred_here}$(up "$LIBDIR/cmake/aliyun_cred")" ;; esac
    libdir=$(inside "\${_aliyun_cred_prefix}" "$LIBDIR") includedir=$(inside "\${_aliyun_cred_prefix}" "$INCLUDEDIR")
    static_libraries=$(listed "$private")
    case $target in
        *-windows-*) shared="\${_aliyun_cred_prefix}/bin/aliyun_cred.dll" linked_by="IMPORTED_IMPLIB \"$libdir/$import\"" ;;
        *-apple-*) shared=$libdir/libaliyun_cred.$version.dylib linked_by="IMPORTED_SONAME \"@rpath/libaliyun_cred.$abi.dylib\"" ;;
        *) shared=$libdir/libaliyun_cred.so.$version linked_by="IMPORTED_SONAME \"libaliyun_cred.so.$abi\"" ;;
    esac
    fill "$here/aliyun_credConfig.cmake.in" "$lib/cmake/aliyun_cred"
    fill "$here/aliyun_credConfigVersion.cmake.in" "$lib/cmake/aliyun_cred"
}

uninstall_all() {
    rm -f "$share/tsan.supp" "$include/aliyun_cred.h" "$include/aliyun_cred.hpp" "$lib/libaliyun_cred.a" "$lib/libaliyun_cred.so" \
        "$lib/libaliyun_cred.so.$abi" "$lib/libaliyun_cred.so.$version" "$lib/libaliyun_cred.dylib" \
        "$lib/libaliyun_cred.$abi.dylib" "$lib/libaliyun_cred.$version.dylib" "$lib/aliyun_cred.lib" \
        "$lib/aliyun_cred.dll.lib" "$lib/libaliyun_cred.dll.a" "$bin/aliyun_cred.dll" "$lib/pkgconfig/aliyun_cred.pc" \
        "$lib/cmake/aliyun_cred/aliyun_credConfig.cmake" "$lib/cmake/aliyun_cred/aliyun_credConfigVersion.cmake"
    for adapter in "$root"/include/aliyun_cred/adapters/*; do
        rm -f "$include/aliyun_cred/adapters/$(basename "$adapter")"
    done
    # The folders that are nobody else's.
    for folder in "$lib/cmake/aliyun_cred" "$share" "$include/aliyun_cred/adapters" "$include/aliyun_cred"; do
        [ ! -d "$folder" ] || rmdir "$folder" 2>/dev/null || :
    done
}

case $action in
    install) install_all "$2" ;;
    uninstall) uninstall_all ;;
    *) echo "install.sh: install or uninstall, not '$action'"; exit 2 ;;
esac
