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
# The bindings of one test run are built once, without the release profile's minutes of optimisation. They panic where a
# test tells them to.
export DEV_WHEEL := --profile dev --features inject-panic
PIP := $(VENV)/bin/python -m pip --disable-pip-version-check install --quiet
NPM := npm --no-audit --no-fund --no-update-notifier --loglevel=error
# For the scripts that the recipes call.
export BUILD DEBUG VENV PYTHON CC CXX NPM

# The C library as a package: where it goes (see bindings/c/package/install.sh), and cargo's profile.
export PREFIX LIBDIR INCLUDEDIR DESTDIR
PROFILE ?= release
CARGO_FLAGS ?=
# What `make deny` looks at; `advisories` fetches a database from GitHub.
CHECKS ?= licenses bans sources
# How long `make soak` runs all sources at once.
MINUTES ?= 30
PACKAGE := $(BUILD)/package/$(PROFILE)
BUILT := $(CARGO_TARGET_DIR)/$(if $(CARGO_BUILD_TARGET),$(CARGO_BUILD_TARGET)/)$(if $(filter dev,$(PROFILE)),debug,$(PROFILE))
# How many bytes the shared library may have; nothing else than a release is built for size.
SO_LIMIT := $(if $(filter release,$(PROFILE)),4194304)
C_SOURCES = $(shell find crates/aliyun-cred/src bindings/c/src -type f) $(wildcard Cargo.* crates/aliyun-cred/Cargo.toml \
	bindings/c/Cargo.toml bindings/c/build.rs bindings/c/package/stage.sh)

.PHONY: help demo test fmt options check deny unsafe ci-tools clean
.PHONY: rust c python node demo-programs demo-sdks
.PHONY: wheel package-c install uninstall test-package
.PHONY: dist dist-tools dist-check test-targets
.PHONY: docs soak sanitize fuzz bench fleet picture test-rust test-c test-python test-wheel test-python-peers test-sdist test-node test-node-peers test-serve test-scenarios test-docs test-completions test-refresh test-processes test-soak

help: ## list what can be made
	@grep -hE '^[a-z-]+:.*## ' Makefile | sed -E 's/^([a-z-]+):.*## (.*)/\1|\2/' | awk -F'|' '{ printf "  make %-13s%s\n", $$1, $$2 }'

demo: demo-programs demo-sdks ## resolve one chained role in five languages, and let two official SDKs use it
	@$(VENV)/bin/python demo/run.py

test: check test-rust test-completions test-c test-package test-python test-wheel test-python-peers test-sdist test-node test-node-peers test-serve test-docs test-scenarios test-refresh test-processes test-soak ## run everything that can fail
	@echo "everything passed"

fmt: $(VENV)/bin/python ## format every source
	@tools/format.sh

options: ## write what follows from bindings/options.json: code, the C header, the list of the C library's symbols
	@$(PYTHON) bindings/options.py
	@UPDATE_HEADER=1 cargo test --quiet -p aliyun-cred-c --test header >/dev/null
	@cargo build --quiet -p aliyun-cred-c && tests/c/run.sh symbols

check: $(VENV)/bin/python ## formatting, lints, documentation
	@echo "== formatting, lints, documentation" && tools/format.sh --check
	@cargo clippy --quiet --workspace --all-targets -- -D warnings
	@RUSTDOCFLAGS="-D warnings" cargo doc --quiet --no-deps -p aliyun-cred -p aliyun-cred-emulator

deny: ## licences, duplicates and sources of the dependencies, by cargo-deny; CHECKS=advisories for known faults
	@cargo deny --workspace check $(CHECKS)

unsafe: ## count the unsafe code of every crate in the packages
	@$(PYTHON) tools/unsafe.py

ci-tools: ## install the system's packages that some tests need (apt, as root)
	@apt-get update -qq
	@DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends zsh fish wrk \
		build-essential clang valgrind libclang-rt-14-dev cmake pkgconf curl iproute2 libcurl4-openssl-dev libssl-dev debootstrap >/dev/null

install: package-c ## install the C library below PREFIX (/usr/local): headers, libraries, pkg-config and CMake files
	@bindings/c/package/install.sh install $(PACKAGE)

uninstall: ## remove what `make install` with the same variables installed
	@bindings/c/package/install.sh uninstall

clean: ## remove everything that was built
	@rm -rf $(BUILD) $(CARGO_TARGET_DIR)

# --- what is built

rust:
	@echo "== building the resolver, the command and the emulator"
	@cargo build --quiet $(CRATES) -p aliyun-cred-cli -p aliyun-cred-probes --lib --bins

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
	@$(PYTHON) -m venv $(VENV) || { rm -rf $(VENV); exit 1; }

python: $(VENV)/bin/python
	@echo "== building the Python package"
	@MATURIN_PEP517_ARGS="$(DEV_WHEEL)" $(PIP) --force-reinstall --no-deps ./python

node:
	@echo "== building the Node package"
	@cd node && CARGO_TERM_QUIET=true node scripts/build.js --profile dev --features inject-panic >/dev/null

demo-programs: rust c python node
	@demo/build.sh

demo-sdks: $(VENV)/bin/python
	@echo "== installing the official SDKs from PyPI and npm"
	@$(PIP) -r demo/requirements.txt
	@cp demo/package.json $(BUILD)/demo/ && cd $(BUILD)/demo && $(NPM) install

# --- what is released

# One build for every system that is supported: see dist/build.sh, and dist/targets.json.
dist: dist-tools ## build the packages of a release that this machine can make, in .build/dist
	@dist/all.sh

dist-check: dist-tools rust ## test what `make dist` made, here and in a Debian 11; REPRODUCE=1 builds it twice
	@dist/check.sh

test-targets: dist-tools ## build and test for other processors and systems, in a Debian sid (root, an hour, 10 GB)
	@dist/test-targets.sh

dist-tools: $(BUILD)/dist-tools/installed

$(BUILD)/dist-tools/installed: dist/requirements.txt
	@echo "== installing maturin, zig, cargo-zigbuild and auditwheel in .build/dist-tools"
	@$(PYTHON) -m venv $(BUILD)/dist-tools
	@$$(ls -d $(BUILD)/dist-tools/{bin,Scripts} 2>/dev/null || true)/python -m pip --disable-pip-version-check install --quiet -r $< && touch $@

# --- what is tested

test-rust: rust
	@echo "== Rust: units, the emulator, the C header; interleavings of threads and of processes; a fleet over a day"
	@cargo test --quiet && $(DEBUG)/fleet >/dev/null
	@cargo test --quiet $(CRATES) --lib --features aliyun-cred/model-check model

test-completions: rust
	@echo "== completions of the command, in bash, zsh and fish"
	@tests/completions.sh

test-c: rust
	@echo "== C and C++"
	@tests/c/test.sh

test-package: rust c
	@echo "== C and C++: the installed package"
	@PROFILE=dev BUILD_DIR=$(BUILD)/package/test tests/c/package.sh

test-python: python
	@echo "== Python"
	@$(PIP) -r tests/python/requirements.txt
	@$(VENV)/bin/python -m pytest -n auto tests/python

test-python-peers: rust
	@echo "== Python: the official SDKs from PyPI, with our client"
	@tests/peers/python/test.sh

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
	@tests/sdist.sh

test-node: node
	@echo "== Node"
	@tests/node/test.sh

test-node-peers: rust node
	@echo "== Node: the official SDKs from npm, with our client, and with our package in the place of theirs"
	@tests/peers/node/test.sh

test-serve: test-python-peers test-node-peers
	@echo "== the command's server, with the official clients from PyPI and npm"
	@$(PYTHON) tests/peers/serve.py $(BUILD)/peers/bin/python $(BUILD)/peers-node/beside

test-docs: rust c python node
	@echo "== documentation"
	@$(PIP) -r tests/docs/requirements.txt
	@$(VENV)/bin/python tests/docs.py

test-scenarios: rust c python node
	@echo "== scenarios on every surface"
	@BUILD_DIR=$(BUILD)/c tests/c/run.sh probe && $(PIP) -r tests/scenarios/requirements.txt
	@$(VENV)/bin/python tests/scenarios/run.py --schema docs/report.schema.json && $(PYTHON) tests/scenarios/run.py --memory --sample

test-refresh: rust
	@echo "== many processes refresh one OAuth profile; a timer renews an instance's credential"
	@$(PYTHON) tests/oauth_storm.py
	@$(PYTHON) tests/renewal.py

test-processes: rust c python node
	@echo "== forks, exits, and many clients"
	@$(PIP) -r tests/python/requirements.txt
	@$(VENV)/bin/python tests/processes/run.py

test-soak: rust c python node
	@echo "== all sources for a minute, in C, Python and Node, while everything fails"
	@$(PYTHON) tests/soak/run.py --minutes 1

soak: rust c python node ## the long form of what `make test` runs short; MINUTES=30 for all sources at once
	@$(PYTHON) tests/oauth_storm.py --rounds 200 && $(PYTHON) tests/soak/run.py --jumps --minutes $(MINUTES)
	@$(PIP) -r tests/python/requirements.txt && $(VENV)/bin/python tests/wheel.py --every
	@$(VENV)/bin/python tests/processes/run.py --forks 500 storm first commands && BUILD_DIR=$(BUILD)/c tests/c/run.sh probe && $(PYTHON) tests/scenarios/run.py --memory

sanitize: ## the core and the C library under AddressSanitizer and ThreadSanitizer (20 minutes; needs rust-src)
	@tests/sanitize.sh

fuzz: ## make up input of every kind, for SECONDS (60) each
	@fuzz/run.sh $(or $(SECONDS),60)

bench: ## measure this library beside the ones it replaces (ten minutes, and the release builds)
	@$(PYTHON) bench/run.py

docs: python ## build the book and the manuals in .build/docs, and check their links
	@docs/book/tools.sh
	@echo "== building the documentation in .build/docs"
	@$(VENV)/bin/python docs/book/build.py

picture: rust ## draw the pictures of docs/: what the command explains, the default chain, a credential's life
	@$(PYTHON) docs/explain.py
	@$(PYTHON) docs/pictures.py

fleet: rust ## draw docs/fleet.png: what a fleet's services see over a day
	@$(PYTHON) -m venv $(BUILD)/fleet && $(BUILD)/fleet/bin/pip install --quiet matplotlib
	@$(DEBUG)/fleet | $(BUILD)/fleet/bin/python docs/fleet.py
