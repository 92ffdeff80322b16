/* What saving needs of the file system: calls that vary in their arguments, or that C names by
 * macros. Each answers -1 with errno, as the call it stands for, and is repeated after a signal. */
#ifndef BJ_CFILES_H
#define BJ_CFILES_H

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

enum { BJF_NOTHING = 0, BJF_FILE = 1, BJF_DIRECTORY = 2, BJF_OTHER = 3 };

static inline int bjf_errno(void) { return errno; }

/* What stands under a name; links are followed, and one that leads nowhere is something. What cannot be
 * looked at counts as nothing: whoever opens it learns why. */
int bjf_kind(const char *path);

int64_t bjf_length(int fd);
int bjf_is_file(int fd);

/* Opens a file for reading and writing, made where there is none; a symbolic link is refused, so
 * that nobody leads the bytes elsewhere. The file is locked against other processes, and still has
 * that name then. */
int bjf_open(const char *path);

/* Makes the file that long, and stands at its end. */
static inline int bjf_cut(int fd, int64_t length) {
    int result;
    do {
        result = ftruncate(fd, (off_t)length);
    } while (result != 0 && errno == EINTR);
    return result == 0 && lseek(fd, (off_t)length, SEEK_SET) < 0 ? -1 : result;
}

static inline ssize_t bjf_write(int fd, const void *bytes, size_t length) {
    ssize_t written;
    do {
        written = write(fd, bytes, length);
    } while (written < 0 && errno == EINTR);
    return written;
}

/* At most length bytes of a small file. */
static inline ssize_t bjf_read(const char *path, void *bytes, size_t length) {
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0) {
        return -1;
    }
    ssize_t count;
    do {
        count = read(fd, bytes, length);
    } while (count < 0 && errno == EINTR);
    close(fd);
    return count;
}

/* Waits until fd takes bytes; 1 when it does, 0 after that many milliseconds. */
static inline int bjf_wait(int fd, int milliseconds) {
    struct pollfd want = {.fd = fd, .events = POLLOUT};
    int ready = poll(&want, 1, milliseconds);
    return ready < 0 && errno == EINTR ? 0 : ready;
}

static inline int bjf_sync(int fd) {
    int result;
    do {
        result = fsync(fd);
    } while (result != 0 && errno == EINTR);
    return result;
}

/* Makes a name in a directory outlast a crash. Not every file system can; then it stays as safe as
 * that file system is. */
static inline void bjf_sync_directory(const char *path) {
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd >= 0) {
        (void)bjf_sync(fd);
        close(fd);
    }
}

/* Gives a file its name; with replace 0 only where there is none. */
static inline int bjf_rename(const char *from, const char *to, int replace) {
    if (replace) {
        return rename(from, to);
    }
    if (link(from, to) == 0) {
        return unlink(from);
    }
    /* A file system without hard links: what comes between the look and the rename is lost. */
    if (errno == EEXIST || (errno != EPERM && errno != ENOTSUP && errno != ENOSYS)) {
        return -1;
    }
    if (bjf_kind(to) != BJF_NOTHING) {
        errno = EEXIST;
        return -1;
    }
    return rename(from, to);
}

/* The name of an error number, NULL where it is none of those that files have. */
static inline const char *bjf_error_name(int number) {
    static const struct {
        int number;
        const char *name;
    } names[] = {{ENOSPC, "ENOSPC"}, {EDQUOT, "EDQUOT"}, {EACCES, "EACCES"}, {EPERM, "EPERM"},
                 {EROFS, "EROFS"},   {ENOENT, "ENOENT"}, {ENOTDIR, "ENOTDIR"}, {EEXIST, "EEXIST"},
                 {EISDIR, "EISDIR"}, {EIO, "EIO"},       {EFBIG, "EFBIG"},   {EPIPE, "EPIPE"},
                 {EBADF, "EBADF"},   {EMFILE, "EMFILE"}, {ENFILE, "ENFILE"}, {ELOOP, "ELOOP"},
                 {ENAMETOOLONG, "ENAMETOOLONG"}, {EWOULDBLOCK, "EWOULDBLOCK"},
                 {ECONNRESET, "ECONNRESET"}, {EINVAL, "EINVAL"}};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (names[i].number == number) {
            return names[i].name;
        }
    }
    return NULL;
}

#endif
