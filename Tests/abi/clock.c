/* The machine's clock is set, a day forth and a day back, all the time: waits, retries and limits keep
 * theirs. clock_gettime is this program's own; what asks for a monotonic clock gets the true one. */
#define _GNU_SOURCE
#include <stdatomic.h>
#include <stdio.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "support.h"

#define DAY 86400

static atomic_int jumps, asked;

int clock_gettime(clockid_t clock, struct timespec *now) {
    int status = (int)syscall(SYS_clock_gettime, clock, now);
    if (clock == CLOCK_REALTIME && jumps)
        now->tv_sec += atomic_fetch_add(&asked, 1) % 2 == 0 ? DAY : -DAY;
    return status;
}

static bj_client *waiting_client(const char *service) {
    return make_client(service, "poll_min_ms", "50", "poll_max_ms", "100", "wait_timeout_ms", "1000", NULL);
}

static void a_wait_keeps_its_deadline(const char *service) {
    bj_client *client = waiting_client(service);
    bj_job *job;
    bj_error *error;
    calm();
    jumps = 1;
    int64_t began = now_ms();
    bj_status status = bj_client_wait(&job, client, sample(service, "stuck_running"), NULL, NULL, NULL, NULL, &error);
    int64_t took = now_ms() - began;
    jumps = 0;
    EXPECT_ERROR(status, BJ_E_TIMEOUT, error);
    CHECK(took >= 1000 && took <= 1000 + patience(500));
    CHECK(request_count() >= 5);
    CHECK(asked > 0); /* the library does look at that clock, for dates */
    bj_client_destroy(client);
}

/* Seconds in Retry-After are seconds. */
static void a_retry_keeps_its_time(const char *service) {
    bj_client *client = waiting_client(service);
    bj_job *job;
    calm();
    plant(service, "get", 1, 0, "{\"fault\": \"status\", \"status\": 503, \"headers\": {\"Retry-After\": \"0.4\"}}");
    jumps = 1;
    int64_t began = now_ms();
    CHECK_INT(bj_client_wait(&job, client, sample(service, "succeeded"), NULL, NULL, NULL, NULL, NULL), BJ_OK);
    int64_t took = now_ms() - began;
    jumps = 0;
    CHECK(took >= 400 && took <= 400 + patience(500));
    CHECK_INT(request_count(), 2);
    bj_job_destroy(job);
    bj_client_destroy(client);
    calm();
}

static void the_clock_jumps(void) {
    for (size_t i = 0; SERVICES[i] != NULL; i++) {
        check_context("%s", SERVICES[i]);
        asked = 0;
        a_wait_keeps_its_deadline(SERVICES[i]);
        a_retry_keeps_its_time(SERVICES[i]);
    }
}

int main(void) {
    RUN(the_clock_jumps);
    return check_report("clock");
}
