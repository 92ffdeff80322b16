#!/bin/sh
# The header stands alone and compiles without a warning as C99 and C++17, by gcc and clang.
set -eu
cd "$(dirname "$0")/../.."
strict='-Wall -Wextra -pedantic -Werror -Iinclude -fsyntax-only'
count=0
for compiler in gcc clang; do
    # Twice included: the guard holds.
    printf '#include <batchjobs.h>\n#include <batchjobs.h>\n' >.build-c/header.c
    $compiler -std=c99 -Wc++-compat -Wstrict-prototypes $strict .build-c/header.c
    count=$((count + 1))
done
cp .build-c/header.c .build-c/header.cpp
for compiler in g++ clang++; do
    $compiler -std=c++17 $strict .build-c/header.cpp
    count=$((count + 1))
done
cmp -s include/batchjobs.h dist/include/batchjobs.h || { echo 'header: dist/ holds another header' >&2; exit 1; }
echo "header: compiles without a warning as C99 and C++17 ($count compilers)"
