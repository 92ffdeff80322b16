#!/bin/sh
# A program links the static library through pkg-config and runs, also next to a second copy of
# what is inside it under the same names.
set -eu
cd "$(dirname "$0")/../.."
out=.build-c/static
mkdir -p $out
export PKG_CONFIG_PATH=dist/lib/pkgconfig
libraries=$(pkg-config --static --libs batchjobs)
cat >$out/program.c <<'C'
#include <batchjobs.h>
#include <stddef.h>

/* Names that the library uses for itself, and must not meet ours. */
void arc4random_buf(void *buffer, size_t length) { (void)buffer; (void)length; __builtin_trap(); }
void *swift_retain(void *object) { (void)object; __builtin_trap(); }

int main(void) {
    bj_options *options = NULL;
    bj_client *client = NULL;
    bj_options_new(&options, NULL);
    bj_options_set(options, "api_key", "k", NULL);
    if (bj_client_new(&client, "crustdata", options, NULL) != BJ_OK) return 1;
    bj_client_destroy(client);
    bj_options_destroy(options);
    return bj_abi_version() == BJ_ABI_VERSION ? 0 : 2;
}
C
# The archive by name, the rest of the line as pkg-config gives it.
cc -Wall -Werror $(pkg-config --cflags batchjobs) $out/program.c \
    $(echo "$libraries" | sed 's|-lbatchjobs|dist/lib/libbatchjobs.a|') -Wl,--gc-sections -o $out/program
$out/program
readelf -d $out/program | grep -q 'libbatchjobs' && { echo 'static: the program needs the shared library' >&2; exit 1; }
echo "static: a program with libbatchjobs.a inside links and runs ($(stat -c %s $out/program) bytes)"
