#ifndef BENCH_HELD_H
#define BENCH_HELD_H

#include <malloc.h>

/* The bytes that malloc has handed out, those in mappings of their own included. */
static inline size_t held(void) {
    struct mallinfo2 info = mallinfo2();
    return info.uordblks + info.hblkhd;
}

#endif
