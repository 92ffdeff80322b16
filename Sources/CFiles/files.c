/* statx, because stat and fstat are symbols of glibc 2.33 and the library asks for 2.28. */
#define _GNU_SOURCE
#include "CFiles.h"

#include <sys/stat.h>

int bjf_kind(const char *path) {
    struct statx found;
    if (statx(AT_FDCWD, path, 0, STATX_TYPE, &found) != 0) {
        int is_lost_link = statx(AT_FDCWD, path, AT_SYMLINK_NOFOLLOW, STATX_TYPE, &found) == 0;
        return is_lost_link ? BJF_OTHER : BJF_NOTHING;
    }
    return S_ISREG(found.stx_mode) ? BJF_FILE : S_ISDIR(found.stx_mode) ? BJF_DIRECTORY : BJF_OTHER;
}

int64_t bjf_length(int fd) {
    struct statx found;
    return statx(fd, "", AT_EMPTY_PATH, STATX_SIZE, &found) == 0 ? (int64_t)found.stx_size : -1;
}

int bjf_is_file(int fd) {
    struct statx found;
    return statx(fd, "", AT_EMPTY_PATH, STATX_TYPE, &found) == 0 && S_ISREG(found.stx_mode);
}

static int is_same_file(int fd, const char *path) {
    struct statx one, other;
    return statx(fd, "", AT_EMPTY_PATH, STATX_INO, &one) == 0 &&
           statx(AT_FDCWD, path, AT_SYMLINK_NOFOLLOW, STATX_INO, &other) == 0 &&
           one.stx_ino == other.stx_ino && one.stx_dev_major == other.stx_dev_major &&
           one.stx_dev_minor == other.stx_dev_minor;
}

int bjf_open(const char *path) {
    for (;;) {
        int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0666);
        if (fd < 0) {
            return -1;
        }
        if (flock(fd, LOCK_EX | LOCK_NB) != 0) {
            int reason = errno;
            close(fd);
            errno = reason;
            return -1;
        }
        if (is_same_file(fd, path)) {
            return fd;
        }
        /* Whoever held the lock before has finished, and given the file another name. */
        close(fd);
    }
}
