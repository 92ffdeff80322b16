/* What both programs that load a library begin with. */
#ifndef BENCH_START_H
#define BENCH_START_H

#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static inline double microseconds(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec * 1e6 + (double)time.tv_nsec / 1e3;
}

static inline void *opened(const char *library) {
    void *handle = dlopen(library, RTLD_NOW | RTLD_LOCAL);
    if (handle != NULL) return handle;
    fprintf(stderr, "%s\n", dlerror());
    exit(1);
}

/* A pointer to the function of that name, with the type that its header gives it. */
#define FUNCTION(handle, name) ((__typeof__(&name))symbol(handle, #name))

static inline void *symbol(void *handle, const char *name) {
    void *found = dlsym(handle, name);
    if (found != NULL) return found;
    fprintf(stderr, "%s is missing\n", name);
    exit(1);
}

#endif
