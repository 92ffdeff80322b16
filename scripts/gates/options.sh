#!/bin/sh
# docs/options.md is what the library's own table says. With "write": make it so.
set -eu
cd "$(dirname "$0")/../.."
export PKG_CONFIG_PATH=dist/lib/pkgconfig LD_LIBRARY_PATH=dist/lib
cc -Wall -Werror scripts/options.c $(pkg-config --cflags --libs batchjobs) -o .build-c/options
.build-c/options >.build-c/options.md
if [ "${1:-}" = write ]; then
    cp .build-c/options.md docs/options.md
fi
diff -u docs/options.md .build-c/options.md >&2 || {
    echo 'options: docs/options.md is not current: run "sh scripts/gates/options.sh write"' >&2
    exit 1
}
echo "options: docs/options.md is current ($(grep -c '^| `' docs/options.md) options)"
