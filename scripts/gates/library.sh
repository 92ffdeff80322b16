#!/bin/sh
# What the shared library is and needs: size, soname, dependencies, floor of glibc, flags.
set -eu
cd "$(dirname "$0")/../.."
library=dist/lib/libbatchjobs.so
limit=$((512 * 1024))
floor=2.28
fail() { echo "library: $*" >&2; exit 1; }

dynamic=$(readelf -dW $library)
size=$(stat -L -c %s $library)
[ "$size" -le "$limit" ] || fail "$size bytes, more than $limit"
[ -e "dist/lib/libbatchjobs.so.$VERSION.debug" ] || fail 'the debug file is missing'
readelf -SW $library | grep -q '\.symtab' && fail 'it is not stripped'
readelf -SW $library | grep -q gnu_debuglink || fail 'it does not name its debug file'

soname=$(echo "$dynamic" | sed -n 's/.*(SONAME).*\[\(.*\)\].*/\1/p')
[ "$soname" = "libbatchjobs.so.$SOVERSION" ] || fail "its soname is \"$soname\""
[ "$(readlink dist/lib/libbatchjobs.so)" = "$soname" ] || fail 'libbatchjobs.so does not lead to the soname'
[ "$(readlink "dist/lib/$soname")" = "libbatchjobs.so.$VERSION" ] || fail 'the soname does not lead to the library'

for needed in $(echo "$dynamic" | sed -n 's/.*(NEEDED).*\[\(.*\)\].*/\1/p'); do
    case $needed in
        libcurl.so.4 | libjansson.so.4 | libisal.so.2 | libc.so.6 | libm.so.6 | ld-linux*) ;;
        *) fail "it needs $needed" ;;
    esac
done

highest=$(readelf -VW $library | grep -o 'GLIBC_[0-9.]*' | sed 's/GLIBC_//' | sort -V | tail -n 1)
[ "$(printf '%s\n%s\n' "$highest" $floor | sort -V | tail -n 1)" = $floor ] ||
    fail "it needs glibc $highest, later than $floor"

echo "$dynamic" | grep -q 'NODELETE' || fail 'it may be unloaded, which Swift code does not survive'
! echo "$dynamic" | grep -qE '\((RUNPATH|RPATH|TEXTREL)\)' || fail 'it has a RUNPATH or text relocations'
! readelf -lW $library | grep -q 'GNU_STACK.*RWE' || fail 'its stack is executable'
echo "library: $size bytes, $soname, glibc $highest, nothing needed beyond libcurl, jansson, ISA-L, libc, libm"
