/* The simulator as a C test sees it, and short ways to clients, options and errors. */
#ifndef BJ_TEST_SUPPORT_H
#define BJ_TEST_SUPPORT_H

#include <batchjobs.h>
#include <jansson.h>

#include "check.h"

/* The services that have a list, and all of them; each ends with NULL. */
extern const char *const LISTING[];
extern const char *const SERVICES[];

/* Facts of the running simulator (its ready line is in the file that SIMULATOR names). */
const char *fact(const char *name);                         /* "project", "control", ...     */
const char *service_key(const char *service);
const char *sample(const char *service, const char *which); /* NULL where it has no such job */

/* The control origin. What it answers belongs to the caller. */
json_t *control(const char *method, const char *path, json_t *body);
/* Adds a fault: fault("{ss ss ss si}", "service", "reach", "operation", ...). */
void fault(const char *format, ...);
/* The same with the fault's own members as JSON: {"fault": "status", "status": 503}. */
void plant(const char *service, const char *operation, int times, int after, const char *json);
/* No faults and no requests any more. */
void calm(void);
/* Every request since the last calm(); free with json_decref. */
json_t *requests(void);
size_t request_count(void);
/* Of these only the ones to a service ("any") and an operation ("any"). */
size_t request_count_of(const char *service, const char *operation);
/* The newest jobs of a service run, the first for `first` seconds of job time from now and each
 * further one for `step` more, and then succeed; 0 jobs gives them back. */
void set_busy(const char *service, size_t jobs, double first, double step);
/* Job time stands still in the tests, but for this. */
void advance_clock(double seconds);
/* A header of a request of requests(); NULL when it was not sent. */
const char *request_header(const json_t *request, const char *name);
/* {"records": [base64], "outcomes": [..] or null, "keys": [..] or null} */
json_t *truth_of(const char *service, const char *id);
/* The same with the first records only; "count" tells how many there are. */
json_t *truth_part(const char *service, const char *id, int records);
json_t *truth_jobs(const char *service);
/* Undoes base64; *length is the number of bytes; free the answer. */
char *base64_bytes(const char *text, size_t *length);

/* An answer fetched without the library, for comparison. Free the body. */
char *fetch(const char *service, const char *path, size_t *length);
/* The same for a link, without a key. */
char *fetch_link(const char *link, size_t *length);

/* Options from name and value pairs that end with NULL. */
bj_options *make_options(const char *name, ...);
/* A client of a simulated service, with more options in pairs that end with NULL. */
bj_client *make_client(const char *service, const char *name, ...);

/* Holds that a call failed as it should, with an error that is fit to be shown; frees the error.
 * The call may stand in place of the status: it is made before the error is looked at. */
#define EXPECT_ERROR(status, wanted, error)                                 \
    do {                                                                    \
        bj_status status_of_call = (status);                                \
        expect_error(status_of_call, (wanted), (error), __FILE__, __LINE__); \
    } while (0)
void expect_error(bj_status status, bj_status wanted, bj_error *error, const char *file, int line);

/* Milliseconds on a clock that nobody sets; and a time limit, longer by the factor TEST_SLOW under
 * valgrind and sanitizers. */
int64_t now_ms(void);
int64_t patience(int64_t ms);
void sleep_ms(int64_t ms);

#endif
