#!/bin/sh
# Makes a fresh Debian or Ubuntu machine ready: setup.sh build|test ...
# Looks at what is there first, so that a second run installs nothing.
set -eu
cd "$(dirname "$0")/.."

fail() {
    echo "setup: $*" >&2
    exit 1
}

check_swift() {
    command -v swift >/dev/null 2>&1 ||
        fail 'no swift found: install a Swift 6.3 toolchain and put it on the PATH'
    found=$(swift --version 2>/dev/null | sed -n 's/.*Swift version \([0-9]*\.[0-9]*\).*/\1/p' | head -n 1)
    case $found in
        6.[3-9] | 6.[1-9][0-9] | [7-9].*) ;;
        *) fail "Swift ${found:-of unknown version} found, 6.3 or later needed" ;;
    esac
    # The library is linked with the linker that comes with the toolchain.
    resources=$(swift -print-target-info | sed -n 's/.*"runtimeResourcePath" *: *"\(.*\)".*/\1/p')
    [ -x "$resources/../../bin/ld.lld" ] || fail "the toolchain in ${resources%/lib/swift} has no ld.lld"
}

# Each line: a test that succeeds when the thing is there, and its package.
missing=
need() {
    package=$1
    shift
    "$@" >/dev/null 2>&1 || missing="$missing $package"
}
tool() { command -v "$1"; }
# Not on everybody's PATH.
daemon() { PATH="$PATH:/usr/sbin:/sbin" command -v "$1"; }
header() { echo "#include <$1>" | cc -E -x c - ; }

check_build() {
    need gcc tool cc
    need libc6-dev header stdio.h
    need binutils tool objcopy
    need pkg-config tool pkg-config
    need python3 tool python3
    need libcurl4-openssl-dev pkg-config --exists libcurl
    need libjansson-dev pkg-config --exists jansson
    need libisal-dev header isa-l/igzip_lib.h
}

check_test() {
    need g++ tool c++
    need valgrind tool valgrind
    need nghttp2-server tool nghttpd
    need nginx-light daemon nginx
    need tinyproxy-bin tool tinyproxy
    need openssl tool openssl
    need python3-venv python3 -c 'import ensurepip, venv'
}

install_packages() {
    command -v apt-get >/dev/null 2>&1 || fail "install the equivalents of:$missing"
    if [ "$(id -u)" = 0 ]; then
        as_root=
    elif sudo -n true 2>/dev/null; then
        as_root=sudo
    else
        fail "run: sudo apt-get install$missing"
    fi
    echo "setup: installing$missing"
    log=.build-setup/apt.log
    mkdir -p .build-setup
    export DEBIAN_FRONTEND=noninteractive
    # A machine that never ran update knows no packages; one that did need not again.
    $as_root apt-get install -y --no-install-recommends $missing </dev/null >"$log" 2>&1 ||
        { $as_root apt-get update </dev/null >"$log" 2>&1 &&
            $as_root apt-get install -y --no-install-recommends $missing </dev/null >>"$log" 2>&1; } ||
        { tail -n 5 "$log" >&2; fail "could not install$missing; see $log"; }
}

# The pinned Python tools, in an environment of our own; its stamp is the list it was made from.
check_venv() {
    cmp -s scripts/requirements.txt .venv/requirements.txt && return
    echo 'setup: making .venv'
    rm -rf .venv
    mkdir -p .build-setup
    { python3 -m venv .venv && .venv/bin/pip install --quiet --disable-pip-version-check \
        -r scripts/requirements.txt; } </dev/null >.build-setup/pip.log 2>&1 ||
        { tail -n 5 .build-setup/pip.log >&2; fail 'could not make .venv; see .build-setup/pip.log'; }
    cp scripts/requirements.txt .venv/requirements.txt
}

check_swift
for part in "$@"; do
    "check_$part"
done
[ -z "$missing" ] || install_packages
for part in "$@"; do
    if [ "$part" = test ]; then check_venv; fi
done
