#!/bin/sh
# install.sh DESTDIR PREFIX LIBDIR: copies dist/ to where it is to live.
set -eu
cd "$(dirname "$0")/.."
destdir=$1
prefix=$2
libdir=$3
so=libbatchjobs.so.$VERSION

install -d "$destdir$prefix/include" "$destdir$libdir/pkgconfig"
install -m 644 dist/include/batchjobs.h "$destdir$prefix/include/"
install -m 755 "dist/lib/$so" "$destdir$libdir/"
install -m 644 dist/lib/libbatchjobs.a "$destdir$libdir/"
ln -sf "$so" "$destdir$libdir/libbatchjobs.so.$SOVERSION"
ln -sf "libbatchjobs.so.$SOVERSION" "$destdir$libdir/libbatchjobs.so"
sed -e "s|@VERSION@|$VERSION|" -e "s|@PREFIX@|$prefix|" -e "s|@LIBDIR@|$libdir|" \
    scripts/batchjobs.pc.in >"$destdir$libdir/pkgconfig/batchjobs.pc"
chmod 644 "$destdir$libdir/pkgconfig/batchjobs.pc"
echo "installed libbatchjobs $VERSION under $destdir$prefix"
# A library in a place the loader knows is found only once its cache is told.
if [ -z "$destdir" ] && [ "$(id -u)" = 0 ]; then ldconfig; fi
