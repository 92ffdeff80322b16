#define _GNU_SOURCE
#include "amid.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../abi/support.h"

/* By then a call that waits for its answer is under way. */
#define MOMENT_MS 60

static struct {
    const char *what;
    bj_client *client;
    pthread_t thread;
    struct rlimit descriptors;
    struct sigaction action;
} now;

static volatile sig_atomic_t signals;
static atomic_int has_ended;

static void on_signal(int number) {
    (void)number;
    signals++;
}

/* Again, because a call that has not begun by then is not ended. */
static void *cancel(void *unused) {
    while (!has_ended) {
        sleep_ms(MOMENT_MS);
        bj_client_cancel(now.client);
    }
    return unused;
}

static void *have_child(void *unused) {
    int how = -1;
    sleep_ms(MOMENT_MS);
    pid_t child = fork();
    if (child == 0) _exit(7);
    CHECK(waitpid(child, &how, 0) == child);
    CHECK(WIFEXITED(how) && WEXITSTATUS(how) == 7);
    return unused;
}

static void begin_signals(void) {
    struct sigaction action;
    struct itimerval each_millisecond = {{0, 1000}, {0, 1000}};
    memset(&action, 0, sizeof action);
    action.sa_handler = on_signal;
    signals = 0;
    sigaction(SIGALRM, &action, &now.action);
    setitimer(ITIMER_REAL, &each_millisecond, NULL);
}

static void end_signals(void) {
    struct itimerval none = {{0, 0}, {0, 0}};
    setitimer(ITIMER_REAL, &none, NULL);
    sigaction(SIGALRM, &now.action, NULL);
    CHECK(signals >= 10);
}

static void take_descriptors(void) {
    int lowest = dup(0);
    struct rlimit low;
    getrlimit(RLIMIT_NOFILE, &now.descriptors);
    low = now.descriptors;
    low.rlim_cur = (rlim_t)lowest;
    close(lowest);
    setrlimit(RLIMIT_NOFILE, &low);
}

void amid_begin(const char *what, bj_client *client) {
    now.what = what != NULL ? what : "";
    now.client = client;
    has_ended = 0;
    if (strcmp(now.what, "cancel") == 0) pthread_create(&now.thread, NULL, cancel, NULL);
    if (strcmp(now.what, "fork") == 0) pthread_create(&now.thread, NULL, have_child, NULL);
    if (strcmp(now.what, "signals") == 0) begin_signals();
    if (strcmp(now.what, "no_descriptors") == 0) take_descriptors();
}

void amid_end(void) {
    has_ended = 1;
    if (strcmp(now.what, "cancel") == 0 || strcmp(now.what, "fork") == 0) pthread_join(now.thread, NULL);
    if (strcmp(now.what, "signals") == 0) end_signals();
    if (strcmp(now.what, "no_descriptors") == 0) setrlimit(RLIMIT_NOFILE, &now.descriptors);
}
