/* Checks and their count. A test is a function; a program reports how many of its tests held. */
#ifndef BJ_TEST_CHECK_H
#define BJ_TEST_CHECK_H

#include <stdint.h>
#include <stddef.h>

/* All of them go on after a failure, and answer whether the check held. */
#define CHECK(condition) check_true((condition) != 0, #condition, __FILE__, __LINE__)
#define CHECK_INT(actual, wanted) \
    check_int((int64_t)(actual), (int64_t)(wanted), #actual, __FILE__, __LINE__)
#define CHECK_TEXT(actual, wanted) check_text((actual), (wanted), #actual, __FILE__, __LINE__)
#define CHECK_BYTES(actual, actual_length, wanted, wanted_length) \
    check_bytes((actual), (actual_length), (wanted), (wanted_length), #actual, __FILE__, __LINE__)
#define CHECK_HAS(text, part) check_has((text), (part), #text, __FILE__, __LINE__)

int check_true(int held, const char *what, const char *file, int line);
int check_int(int64_t actual, int64_t wanted, const char *what, const char *file, int line);
int check_text(const char *actual, const char *wanted, const char *what, const char *file, int line);
int check_bytes(const void *actual, size_t actual_length, const void *wanted, size_t wanted_length,
                const char *what, const char *file, int line);
int check_has(const char *text, const char *part, const char *what, const char *file, int line);

/* Said beside each failure until it is changed: which row of a table is at work. */
void check_context(const char *format, ...);

/* Runs one test, or passes over it when TEST_ONLY names another. 1: it held, 0: not, -1: it was
 * skipped. */
#define RUN(test) check_run(#test, test)
int check_run(const char *name, void (*test)(void));

/* The rest of the running test is not possible here. */
void check_skip(const char *why);

/* Prints the program's count line; what main returns. */
int check_report(const char *program);

#endif
