#!/bin/sh
# stage.sh BUILD DIST: lays out what a release build made the way programs use it.
set -eu
cd "$(dirname "$0")/.."
build=$1
dist=$2
so=libbatchjobs.so.$VERSION
done=$dist/.staged

# Nothing to do when all inputs are older than the last staging.
if [ -e "$done" ] && [ "$(cat "$done")" = "$VERSION $SOVERSION" ] &&
    [ -z "$(find "$build/libbatchjobs.so" include/batchjobs.h scripts/stage.sh \
        scripts/batchjobs.pc.in -newer "$done")" ]; then
    exit 0
fi

new=$dist.new.$$
trap 'rm -rf "$new"' EXIT
mkdir -p "$new/lib/pkgconfig" "$new/include"
cp include/batchjobs.h "$new/include/"

# The shared library, and what a debugger needs in a file of its own.
objcopy --only-keep-debug "$build/libbatchjobs.so" "$new/lib/$so.debug"
objcopy --strip-all --remove-section=.comment "$build/libbatchjobs.so" "$new/lib/$so"
(cd "$new/lib" && objcopy --add-gnu-debuglink="$so.debug" "$so")
chmod 755 "$new/lib/$so"
chmod 644 "$new/lib/$so.debug"
ln -s "$so" "$new/lib/libbatchjobs.so.$SOVERSION"
ln -s "libbatchjobs.so.$SOVERSION" "$new/lib/libbatchjobs.so"

# The static library is one object in which everything but bj_* is local: a program may
# contain other Swift code, even another copy of the same standard library functions.
# Groups are dissolved, because a linker would drop ours in favour of somebody else's.
tables=$(swiftc -print-target-info | sed -n \
    -e 's/.*"unversionedTriple" *: *"\(.*\)".*/\1/p' \
    -e 's/.*"runtimeResourcePath" *: *"\(.*\)".*/\1/p' |
    { read -r triple && read -r resources && echo "$resources/embedded/$triple"; })
ld -r --force-group-allocation -o "$new/all.o" "@$build/batchjobs.product/Objects.LinkFileList" \
    "$tables/libswiftUnicodeDataTables.a"
objcopy --wildcard --keep-global-symbol='bj_*' --strip-debug \
    --remove-section=.comment --remove-section=.swift1_autolink_entries \
    --remove-section=.swift_modhash "$new/all.o" "$new/batchjobs.o"
ar rcsD "$new/lib/libbatchjobs.a" "$new/batchjobs.o"
rm "$new/all.o" "$new/batchjobs.o"

sed -e "s|@VERSION@|$VERSION|" -e 's|@PREFIX@|${pcfiledir}/../..|' \
    -e 's|@LIBDIR@|${prefix}/lib|' scripts/batchjobs.pc.in >"$new/lib/pkgconfig/batchjobs.pc"

echo "$VERSION $SOVERSION" >"$new/.staged"
rm -rf "$dist"
mv "$new" "$dist"
echo "dist: $so $(stat -c %s "$dist/lib/$so") bytes, libbatchjobs.a $(stat -c %s "$dist/lib/libbatchjobs.a") bytes"
