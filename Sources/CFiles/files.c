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
