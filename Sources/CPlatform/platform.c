#include "CPlatform.h"

#include <stdatomic.h>
#include <sys/mman.h>
#include <sys/random.h>

/*
 * Embedded Swift seeds its hash tables from arc4random_buf, which glibc has only since 2.36.
 * This hidden one over getrandom lets the library load on 2.28. A short read leaves the rest
 * as it was: hash seeds need no more than that.
 */
__attribute__((visibility("hidden"))) void arc4random_buf(void *buffer, size_t length) {
    unsigned char *at = buffer;
    while (length > 0) {
        ssize_t got = getrandom(at, length, 0);
        if (got <= 0) {
            return;
        }
        at += got;
        length -= (size_t)got;
    }
}

static _Thread_local int logging;

int bjp_log_enter(void) {
    if (logging) {
        return 0;
    }
    logging = 1;
    return 1;
}

void bjp_log_leave(void) { logging = 0; }

/*
 * The kernel wipes a page so marked in every forked child, so what is kept there is this
 * process's own, by whatever call it was forked (pthread_atfork misses _Fork and clone). A kernel
 * before 4.14 has no such pages and is asked each time.
 */
static _Atomic(pid_t) *make_page(void) {
    void *page = mmap(NULL, sizeof(pid_t), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (page != MAP_FAILED && madvise(page, sizeof(pid_t), MADV_WIPEONFORK) != 0) {
        munmap(page, sizeof(pid_t));
        return MAP_FAILED;
    }
    return page;
}

pid_t bjp_process(void) {
    static _Atomic(_Atomic(pid_t) *) known;
    _Atomic(pid_t) *page = atomic_load(&known);
    if (page == NULL) {
        _Atomic(pid_t) *before = NULL;
        page = make_page();
        if (!atomic_compare_exchange_strong(&known, &before, page)) {
            if (page != MAP_FAILED) {
                munmap((void *)page, sizeof(pid_t));
            }
            page = before;
        }
    }
    if (page == MAP_FAILED) {
        return getpid();
    }
    pid_t process = atomic_load_explicit(page, memory_order_relaxed);
    if (process == 0) {
        process = getpid();
        atomic_store_explicit(page, process, memory_order_relaxed);
    }
    return process;
}
