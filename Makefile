# The doors of this project; `make` alone lists them.
#
# Everything that is built or installed goes into two ignored folders: target/ (cargo) and .build/ (virtual
# environment, node_modules, C programs), but for what `install` puts where it is told. Nothing needs root but
# `ci-tools`.

SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory

PYTHON ?= python3
CC ?= cc
CXX ?= c++
BUILD := $(CURDIR)/.build
export CARGO_TARGET_DIR := $(CURDIR)/target
DEBUG := $(CARGO_TARGET_DIR)/debug
# Always together: alone, each would have its dependencies built once more, with other features.
CRATES := -p aliyun-cred -p aliyun-cred-emulator
VENV := $(BUILD)/venv
# A virtual environment of its own for the official packages.
PEERS := $(BUILD)/peers
# On top of it, our distribution of the official name in place of the official one.
PEERS_COMPAT := $(BUILD)/peers-compat
# The bindings of one test run are built once, without the release profile's minutes of optimisation.
DEV_WHEEL := MATURIN_PEP517_ARGS="--profile dev"
PIP := $(VENV)/bin/python -m pip --disable-pip-version-check install --quiet
NPM := npm --no-audit --no-fund --loglevel=error

# The C library as a package: where it goes (see bindings/c/package/install.sh), and cargo's profile.
export PREFIX LIBDIR INCLUDEDIR DESTDIR
PROFILE ?= release
CARGO_FLAGS ?=
PACKAGE := $(BUILD)/package/$(PROFILE)
BUILT := $(CARGO_TARGET_DIR)/$(if $(CARGO_BUILD_TARGET),$(CARGO_BUILD_TARGET)/)$(if $(filter dev,$(PROFILE)),debug,$(PROFILE))
# How many bytes the shared library may have; nothing else than a release is built for size.
SO_LIMIT := $(if $(filter release,$(PROFILE)),4194304)
C_SOURCES = $(shell find crates/aliyun-cred/src bindings/c/src -type f) $(wildcard Cargo.* crates/aliyun-cred/Cargo.toml \
	bindings/c/Cargo.toml bindings/c/build.rs bindings/c/package/stage.sh)

.PHONY: help demo test check ci-tools clean
.PHONY: rust c python node demo-programs demo-sdks
.PHONY: wheel package-c install uninstall test-package test-release
.PHONY: dist dist-tools dist-check test-targets
.PHONY: soak bench fleet test-rust test-c test-python test-wheel test-python-peers test-sdist test-node test-node-peers test-scenarios test-docs test-refresh test-processes

help: ## list what can be made
	@grep -hE '^[a-z-]+:.*## ' Makefile | sed -E 's/^([a-z-]+):.*## (.*)/  make \1|\2/' | column -t -s '|'

demo: demo-programs demo-sdks ## resolve one chained role in five languages, and let two official SDKs use it
	@$(VENV)/bin/python demo/run.py

test: check test-rust test-c test-package test-release test-python test-wheel test-python-peers test-sdist test-node test-node-peers test-docs test-scenarios test-refresh test-processes ## run everything that can fail
	@echo "everything passed"

check: ## formatting, lints, documentation
	@echo "== formatting, lints, documentation"
	@cargo fmt --all --check
	@cargo clippy --quiet --workspace --all-targets -- -D warnings
	@RUSTDOCFLAGS="-D warnings" cargo doc --quiet --no-deps -p aliyun-cred -p aliyun-cred-emulator

ci-tools: ## install the system's packages that some tests need (apt, as root)
	@apt-get update -qq
	@DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends \
		build-essential clang valgrind libclang-rt-14-dev cmake pkgconf libcurl4-openssl-dev libssl-dev debootstrap >/dev/null

install: package-c ## install the C library below PREFIX (/usr/local): headers, libraries, pkg-config and CMake files
	@bindings/c/package/install.sh install $(PACKAGE)

uninstall: ## remove what `make install` with the same variables installed
	@bindings/c/package/install.sh uninstall

clean: ## remove everything that was built
	@rm -rf $(BUILD) $(CARGO_TARGET_DIR)

# --- what is built

rust:
	@echo "== building the resolver and the emulator"
	@cargo build --quiet $(CRATES) --lib --bins --examples

c:
	@echo "== building the C library"
	@cargo build --quiet -p aliyun-cred-c

package-c: $(PACKAGE)/libaliyun_cred.a

# Sources decide, and not cargo: `make package-c` needs cargo, and `sudo make install` after it nothing.
$(PACKAGE)/libaliyun_cred.a: $(C_SOURCES)
	@echo "== building the C library for installation ($(PROFILE))"
	@cargo build --quiet --locked --profile $(PROFILE) -p aliyun-cred-c $(CARGO_FLAGS)
	@bindings/c/package/stage.sh $(BUILT) $(PACKAGE) $(SO_LIMIT)

$(VENV)/bin/python:
	@echo "== making a virtual environment in .build/venv"
	@$(PYTHON) -m venv $(VENV)

python: $(VENV)/bin/python
	@echo "== building the Python package"
	@$(DEV_WHEEL) $(PIP) --force-reinstall --no-deps ./python

node:
	@echo "== building the Node package"
	@cd node && node scripts/build.js --profile dev >/dev/null

demo-programs: rust c python node
	@mkdir -p $(BUILD)/demo
	@$(CC) -std=c99 -Iinclude demo/demo.c -o $(BUILD)/demo/demo-c -L$(DEBUG) -laliyun_cred -Wl,-rpath,$(BUILD)/demo
	@$(CXX) -std=c++17 -Iinclude demo/demo.cpp -o $(BUILD)/demo/demo-cpp -L$(DEBUG) -laliyun_cred -Wl,-rpath,$(BUILD)/demo
	@ln -sf $(DEBUG)/libaliyun_cred.so $(BUILD)/demo/libaliyun_cred.so.0

demo-sdks: $(VENV)/bin/python
	@echo "== installing the official SDKs from PyPI and npm"
	@$(PIP) -r demo/requirements.txt
	@cp demo/package.json $(BUILD)/demo/ && cd $(BUILD)/demo && $(NPM) install

# --- what is released

# One build for every system that is supported: see dist/build.sh, and dist/targets.json.
dist: dist-tools ## build the packages of a release that this machine can make, in .build/dist
	@PYTHON=$(PYTHON) dist/all.sh

dist-check: dist-tools rust ## test what `make dist` made, here and in a Debian 11; REPRODUCE=1 builds it twice
	@PYTHON=$(PYTHON) dist/check.sh

test-targets: dist-tools ## build and test for other processors and systems, in a Debian sid (root, an hour, 10 GB)
	@dist/test-targets.sh

dist-tools: $(BUILD)/dist-tools/installed

$(BUILD)/dist-tools/installed: dist/requirements.txt
	@echo "== installing maturin, zig, cargo-zigbuild and auditwheel in .build/dist-tools"
	@$(PYTHON) -m venv $(BUILD)/dist-tools
	@$$(ls -d $(BUILD)/dist-tools/{bin,Scripts} 2>/dev/null || true)/python -m pip --disable-pip-version-check install --quiet -r $< && touch $@

# --- what is tested

test-rust: rust
	@echo "== Rust: units, the emulator, the C header"
	@cargo test --quiet
	@echo "== Rust: every interleaving of the single flight, a fleet over a day"
	@cargo test --quiet $(CRATES) --lib --features aliyun-cred/model-check model
	@$(DEBUG)/examples/fleet >/dev/null

test-c: rust c
	@echo "== C and C++"
	@mkdir -p $(BUILD)/c
	@cargo build --quiet -p aliyun-cred-c --features inject-panic
	@cp $(DEBUG)/libaliyun_cred.so $(BUILD)/c/panicking.so
	@cargo build --quiet -p aliyun-cred-c
	@BUILD_DIR=$(BUILD)/c PANIC_LIB=$(BUILD)/c/panicking.so tests/c/run.sh
	@BUILD_DIR=$(BUILD)/c $(PYTHON) tests/c/examples.py
	@echo "== C: what stays in memory"
	@BUILD_DIR=$(BUILD)/c $(PYTHON) tests/c/memory.py

test-package: rust c
	@echo "== C and C++: the installed package"
	@PROFILE=dev BUILD_DIR=$(BUILD)/package/test PYTHON=$(PYTHON) tests/c/package.sh

# The one build of a release that the tests make: only that has the size and the symbols that users get.
test-release:
	@echo "== C and C++: what a release installs"
	@PROFILE=release BUILD_DIR=$(BUILD)/package/test-release tests/c/package.sh release

test-python: python
	@echo "== Python"
	@$(PIP) -r tests/python/requirements.txt
	@$(VENV)/bin/python -m pytest tests/python

test-python-peers: rust
	@echo "== Python: the official SDKs from PyPI, with our client"
	@test -x $(PEERS)/bin/python || $(PYTHON) -m venv $(PEERS)
	@$(PEERS)/bin/python -m pip --disable-pip-version-check install --quiet -r tests/peers/python/requirements.txt
	@$(DEV_WHEEL) $(PEERS)/bin/python -m pip --disable-pip-version-check install --quiet --force-reinstall --no-deps ./python
	@test -x $(PEERS_COMPAT)/bin/python || $(PYTHON) -m venv $(PEERS_COMPAT)
	@$(PEERS)/bin/python -c "import site; print(site.getsitepackages()[0])" \
		>"$$($(PEERS_COMPAT)/bin/python -c "import site; print(site.getsitepackages()[0])")/peers.pth"
	@$(PEERS_COMPAT)/bin/python -m pip --disable-pip-version-check install --quiet --force-reinstall --no-deps ./python/compat
	@PEERS_COMPAT_PYTHON=$(PEERS_COMPAT)/bin/python $(PEERS)/bin/python -m pytest tests/peers/python
	@echo "== Python: the same under the official name, as an alias and as a distribution"
	@PEERS_IN_ITS_PLACE=1 $(PEERS)/bin/python -m aliyun_cred -m pytest tests/peers/python/test_openapi.py
	@PEERS_IN_ITS_PLACE=1 $(PEERS_COMPAT)/bin/python -m pytest tests/peers/python/test_openapi.py
	@echo "== Python: every scenario with the official package and ours, side by side"
	@$(PEERS)/bin/python tests/peers/python/differential.py

wheel: $(VENV)/bin/python ## build the Python wheel of a release in .build/wheel/release; its size and import time
	@$(PIP) -r tests/python/requirements.txt
	@$(VENV)/bin/python tests/wheel.py --profile release --measure

test-wheel: rust $(VENV)/bin/python
	@echo "== Python: one wheel, with every CPython of this machine"
	@$(PIP) -r tests/python/requirements.txt
	@$(VENV)/bin/python tests/wheel.py

test-sdist: $(VENV)/bin/python
	@echo "== Python: the source distribution, by itself in an empty folder"
	@$(PIP) -r tests/python/requirements.txt
	@rm -rf $(BUILD)/sdist && mkdir -p $(BUILD)/sdist
	@cd python && $(VENV)/bin/python -m maturin sdist --out $(BUILD)/sdist >/dev/null 2>&1
	@$(PYTHON) -m venv $(BUILD)/sdist/venv
	@cd $(BUILD)/sdist && $(DEV_WHEEL) venv/bin/python -m pip --disable-pip-version-check install --quiet *.tar.gz
	@cd $(BUILD)/sdist && venv/bin/python -I -c "from aliyun_cred.client import Client; Client()"

test-node: node
	@echo "== Node"
	@mkdir -p $(BUILD)/node && cp tests/node/package.json tests/node/package-lock.json $(BUILD)/node/
	@cd $(BUILD)/node && $(NPM) ci
	@node --test tests/node/*.test.js

test-node-peers: rust node
	@echo "== Node: the official SDKs from npm, with our client, and with our package in the place of theirs"
	@mkdir -p $(BUILD)/peers-node/beside $(BUILD)/peers-node/in-its-place
	@cp tests/peers/node/package.json tests/peers/node/package-lock.json $(BUILD)/peers-node/beside/
	@cp tests/peers/node/in-its-place/package.json tests/peers/node/in-its-place/package-lock.json $(BUILD)/peers-node/in-its-place/
	@cd node && npm pack --silent --ignore-scripts --pack-destination $(BUILD)/peers-node/in-its-place >/dev/null
	@for folder in beside in-its-place; do (cd $(BUILD)/peers-node/$$folder && $(NPM) ci); done
	@node tests/peers/node/run.js $(BUILD)/peers-node/beside $(BUILD)/peers-node/in-its-place
	@echo "== Node: every scenario with the official package and ours, side by side"
	@$(PYTHON) tests/peers/node/differential.py $(BUILD)/peers-node/beside

test-docs: $(VENV)/bin/python
	@echo "== documentation"
	@$(VENV)/bin/python tests/docs.py

test-scenarios: rust c python node
	@echo "== scenarios on every surface"
	@BUILD_DIR=$(BUILD)/c tests/c/run.sh probe
	@$(VENV)/bin/python tests/scenarios/run.py

test-refresh: rust
	@echo "== many processes refresh one OAuth profile; a timer renews an instance's credential"
	@$(PYTHON) tests/oauth_storm.py
	@$(PYTHON) tests/renewal.py

test-processes: rust c python node
	@echo "== forks, exits, and many clients"
	@$(PIP) -r tests/python/requirements.txt
	@$(VENV)/bin/python tests/processes/run.py

soak: rust c python node ## the long form of what `make test` runs short
	@$(PYTHON) tests/oauth_storm.py --rounds 200
	@$(PIP) -r tests/python/requirements.txt
	@$(VENV)/bin/python tests/processes/run.py --forks 500 storm first commands

bench: ## measure this library beside the ones it replaces (ten minutes, and the release builds)
	@$(PYTHON) bench/run.py

fleet: rust ## draw docs/fleet.png: what a fleet's services see over a day
	@$(PYTHON) -m venv $(BUILD)/fleet && $(BUILD)/fleet/bin/pip install --quiet matplotlib
	@$(DEBUG)/examples/fleet | $(BUILD)/fleet/bin/python docs/fleet.py
