/* What the Swift modules need of the operating system: checked memory, two clocks, one lock, a
 * descriptor that says "stop", and a way to write to sockets without dying by SIGPIPE. */
#ifndef BJ_CPLATFORM_H
#define BJ_CPLATFORM_H

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/types.h>
#include <time.h>
#include <unistd.h>

/* Milliseconds on a clock that nobody sets. */
static inline int64_t bjp_monotonic_ms(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* Milliseconds since 1970. */
static inline int64_t bjp_wall_ms(void) {
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* One mutex on the heap: a Swift value cannot hold a pthread_mutex_t in place. */
static inline pthread_mutex_t *bjp_lock_new(void) {
    pthread_mutex_t *lock = malloc(sizeof *lock);
    if (lock != NULL && pthread_mutex_init(lock, NULL) != 0) {
        free(lock);
        return NULL;
    }
    return lock;
}

static inline void bjp_lock_free(pthread_mutex_t *lock) {
    if (lock != NULL) {
        pthread_mutex_destroy(lock);
        free(lock);
    }
}

/* Whether this thread is inside the program's log function: 1 from enter when it was not. Nothing
 * else is kept for a thread. */
int bjp_log_enter(void);
void bjp_log_leave(void);

/* A descriptor that becomes readable once it is raised; -1 when none is free. */
static inline int bjp_event_new(void) { return eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK); }

/* Async-signal-safe: the interrupted code finds its errno as it was. */
static inline void bjp_event_raise(int descriptor) {
    int before = errno;
    uint64_t one = 1;
    ssize_t written = write(descriptor, &one, sizeof one);
    (void)written;
    errno = before;
}

/* The number of this process, without a system call once it is known. */
pid_t bjp_process(void);

/* Writing to a closed socket raises SIGPIPE on the writing thread. It is held back for that
 * thread alone, because a handler would be the whole program's, and one that was raised meanwhile
 * is taken away. Where the program itself held it back, one that was pending before is not ours
 * and stays; elsewhere none can have been pending. On Linux sigprocmask changes the calling
 * thread's mask, as pthread_sigmask does, whose symbol would raise the glibc floor from 2.28 to
 * 2.32. */
typedef struct bjp_sigpipe {
    sigset_t mask;
    int pending;
} bjp_sigpipe;

static inline int bjp_sigpipe_pending(void) {
    sigset_t pending;
    sigemptyset(&pending);
    sigpending(&pending);
    return sigismember(&pending, SIGPIPE) == 1;
}

static inline void bjp_sigpipe_hold(bjp_sigpipe *held) {
    sigset_t pipe;
    sigemptyset(&pipe);
    sigaddset(&pipe, SIGPIPE);
    sigprocmask(SIG_BLOCK, &pipe, &held->mask);
    held->pending = sigismember(&held->mask, SIGPIPE) == 1 && bjp_sigpipe_pending();
}

static inline void bjp_sigpipe_release(const bjp_sigpipe *held) {
    sigset_t pipe;
    struct timespec none = {0, 0};
    int before = errno;
    sigemptyset(&pipe);
    sigaddset(&pipe, SIGPIPE);
    while (!held->pending && sigtimedwait(&pipe, NULL, &none) == -1 && errno == EINTR) {
    }
    sigprocmask(SIG_SETMASK, &held->mask, NULL);
    errno = before;
}

#endif
