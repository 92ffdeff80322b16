#include "check.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct {
    int checks, passed, failed, skipped;
    int failures; /* of the running test */
    int skip;
    char context[512];
    const char *test;
} state;

static int failure(const char *file, int line) {
    const char *name = strrchr(file, '/');
    state.failures++;
    /* A table that fails in every row must not bury the other failures. */
    if (state.failures > 20) return 0;
    fprintf(stderr, "%s:%d: %s: ", name != NULL ? name + 1 : file, line, state.test != NULL ? state.test : "main");
    if (state.context[0] != '\0') fprintf(stderr, "[%s] ", state.context);
    return 1;
}

static int counted(int held) {
    state.checks++;
    return held;
}

int check_true(int held, const char *what, const char *file, int line) {
    if (!counted(held) && failure(file, line)) fprintf(stderr, "not so: %s\n", what);
    return held;
}

int check_int(int64_t actual, int64_t wanted, const char *what, const char *file, int line) {
    if (!counted(actual == wanted) && failure(file, line))
        fprintf(stderr, "%s is %" PRId64 ", not %" PRId64 "\n", what, actual, wanted);
    return actual == wanted;
}

int check_text(const char *actual, const char *wanted, const char *what, const char *file, int line) {
    int held = actual == wanted || (actual != NULL && wanted != NULL && strcmp(actual, wanted) == 0);
    if (!counted(held) && failure(file, line))
        fprintf(stderr, "%s is \"%s\", not \"%s\"\n", what, actual ? actual : "(NULL)", wanted ? wanted : "(NULL)");
    return held;
}

int check_bytes(const void *actual, size_t actual_length, const void *wanted, size_t wanted_length,
                const char *what, const char *file, int line) {
    int held = actual != NULL && actual_length == wanted_length && memcmp(actual, wanted, wanted_length) == 0;
    if (!counted(held) && failure(file, line))
        fprintf(stderr, "%s is %zu bytes \"%.*s\", not %zu bytes \"%.*s\"\n", what, actual_length,
                actual == NULL ? 0 : (int)(actual_length < 200 ? actual_length : 200),
                actual == NULL ? "" : (const char *)actual, wanted_length,
                (int)(wanted_length < 200 ? wanted_length : 200), (const char *)wanted);
    return held;
}

int check_has(const char *text, const char *part, const char *what, const char *file, int line) {
    int held = text != NULL && strstr(text, part) != NULL;
    if (!counted(held) && failure(file, line))
        fprintf(stderr, "%s is \"%s\", without \"%s\"\n", what, text != NULL ? text : "(NULL)", part);
    return held;
}

void check_context(const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(state.context, sizeof state.context, format, arguments);
    va_end(arguments);
}

void check_skip(const char *why) {
    state.skip = 1;
    fprintf(stderr, "%s: skipped: %s\n", state.test, why);
}

int check_run(const char *name, void (*test)(void)) {
    const char *only = getenv("TEST_ONLY");
    if (only != NULL && strstr(name, only) == NULL) return -1;
    state.test = name;
    state.failures = state.skip = 0;
    state.context[0] = '\0';
    test();
    if (state.failures > 20) fprintf(stderr, "%s: and %d failures more\n", name, state.failures - 20);
    if (state.failures > 0) state.failed++;
    else if (state.skip) state.skipped++;
    else state.passed++;
    state.test = NULL;
    return state.failures > 0 ? 0 : state.skip ? -1 : 1;
}

int check_report(const char *program) {
    printf("%s: %d passed, %d failed, %d skipped, %d checks\n", program, state.passed, state.failed, state.skipped,
           state.checks);
    fflush(stdout); /* a leak checker may end the program before exit does */
    return state.failed > 0;
}
