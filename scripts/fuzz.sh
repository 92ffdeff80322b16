#!/bin/sh
# Builds the fuzzers and replays their committed corpora; with a number, searches for that many
# seconds each beforehand. NAMEs choose some of them.
#
#     scripts/fuzz.sh [SECONDS [NAME...]]
set -eu
cd "$(dirname "$0")/.."
export BATCHJOBS_FUZZ=1
# A crash must end the run: the backtracer of the toolchain can hang on one for minutes.
export SWIFT_BACKTRACE=enable=no
seconds=${1:-0}
[ $# -eq 0 ] || shift
[ $# -gt 0 ] || set -- Scan Elements RetryAfter Time Address Lines Gzip Token Links
log=.build-fuzz/log
objects() { for module in "$@"; do ls .build-fuzz/debug/"$module".build/*.o; done; }
mkdir -p .build-fuzz
for name; do
    {
        env -u CC swift build --disable-build-manifest-caching --scratch-path .build-fuzz \
            -Xswiftc -sanitize=fuzzer,address -Xswiftc -O --target "Fuzz$name" &&
            swiftc -sanitize=fuzzer,address -o ".build-fuzz/$name" -ljansson -lcurl -lisal \
                $(objects "Fuzz$name" BatchJobs BatchJobsCurl BatchJobsJSON CCurl CInflate CJansson CPlatform)
    } >$log 2>&1 || { cat $log; exit 1; }
    corpus=Tests/fuzz/$name/corpus
    if [ "$seconds" -gt 0 ]; then
        found=.build-fuzz/found/$name
        mkdir -p "$found"
        .build-fuzz/"$name" -max_total_time="$seconds" -verbosity=0 "$found" "$corpus"
    fi
    .build-fuzz/"$name" -verbosity=0 "$corpus"/* >/dev/null 2>&1 ||
        { echo "fuzz $name: an input of its corpus fails"; exit 1; }
    echo "fuzz $name: $(ls "$corpus" | wc -l) inputs replayed"
done
