#!/bin/sh
# run.sh PYTHON DIST PROGRAM ...: with the package of this tree and the library of DIST.
here=$(dirname "$0")
python=$1
PYTHONPATH=$here/../../bindings/python/src
BATCHJOBS_LIBRARY=$(echo "$2"/lib/libbatchjobs.so.?)
export PYTHONPATH BATCHJOBS_LIBRARY
program=$3
shift 3
exec "$python" "$here/$program" "$@"
