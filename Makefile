# libbatchjobs: the one entry point. `make help` lists what there is.
#
# Needs a Swift 6.3 toolchain; everything else is installed by scripts/setup.sh
# where the package manager may be used, and named in one line where it may not.

SHELL := /bin/sh
.DEFAULT_GOAL := help

# The header is the only place that knows the version. The number in the soname
# rises with each change that breaks a compiled program, not with the version.
VERSION   := $(shell sed -n 's/^\#define BJ_VERSION_STRING "\(.*\)"$$/\1/p' include/batchjobs.h)
SOVERSION := 0

PREFIX ?= /usr/local
LIBDIR ?= $(PREFIX)/lib
DESTDIR ?=

# No rpath: the library lies next to nothing of its own. Without CC, which
# SwiftPM would take for its own clang.
# Without cached manifests: SwiftPM 6.3 loses its build description when a file is added.
# DWARF 4, because the valgrind of Debian 12 cannot read 5.
SWIFT_BUILD := env -u CC swift build -c release --disable-build-manifest-caching --disable-local-rpath \
    -Xswiftc -dwarf-version=4 -Xcc -gdwarf-4
BUILT := .build-release/release/libbatchjobs.so
EXPORTS := Sources/BatchJobsABI/exports.map

export VERSION SOVERSION

.PHONY: help setup setup-test build dist demo check test soak install clean

help:
	@echo 'make build     compile the library (Embedded Swift, release)'
	@echo 'make dist      stage it: dist/lib, dist/include, dist/lib/pkgconfig'
	@echo 'make demo      jobs and records of four simulated services, from a C program'
	@echo 'make check     the inner loop: gates, unit tests, C tests, examples'
	@echo 'make test      everything: also valgrind, sanitizers, install, other clients'
	@echo 'make bench     compare with what people use today: BENCH="--quick --only lists"'
	@echo 'make instructions  keep the counts of instructions that make test holds the library to'
	@echo 'make soak      what takes longer: fuzzers searching, SECONDS=600 each; unit tests under sanitizers, each guard taken away'
	@echo 'make install   PREFIX=/usr/local LIBDIR=$$PREFIX/lib DESTDIR='
	@echo 'make clean     remove all that was built'

setup:
	@sh scripts/setup.sh build

setup-test:
	@sh scripts/setup.sh build test

# SwiftPM does not know that the version script is an input of the link.
build: setup
	@if [ $(EXPORTS) -nt $(BUILT) ]; then rm -f $(BUILT); fi
	@$(SWIFT_BUILD) --scratch-path .build-release --product batchjobs

dist: build
	@sh scripts/stage.sh .build-release/release dist

demo: dist
	@python3 scripts/demo.py

check: setup-test dist
	@python3 scripts/test.py check

test: setup-test dist
	@python3 scripts/test.py all

SECONDS ?= 600
soak: setup-test
	@sh scripts/fuzz.sh $(SECONDS)
	@python3 scripts/test.py soak
	@python3 scripts/guards.py

include benchmarks/bench.mk

# Takes what `make dist` staged, so that it can run as another user than the
# one who built.
install:
	@test -e dist/lib/libbatchjobs.so.$(VERSION) || { echo 'run "make dist" first'; exit 1; }
	@sh scripts/install.sh "$(DESTDIR)" "$(PREFIX)" "$(LIBDIR)"

clean:
	rm -rf .build .build-release .build-asan .build-tsan .build-c .build-fuzz .build-bench .build-guard .build-python .build-setup .venv dist
