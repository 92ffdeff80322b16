/*
 * Runs a program and writes what it cost to FILE: wall nanoseconds, user and system microseconds,
 * peak memory in KiB. A program of its own because Linux counts the memory of the parent, as it
 * stands between fork and exec, into the child's peak: started from Python, every small program
 * would seem as large as Python.
 */
#define _DEFAULT_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static long long now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return time.tv_sec * 1000000000LL + time.tv_nsec;
}

static long long microseconds(struct timeval time) { return time.tv_sec * 1000000LL + time.tv_usec; }

int main(int argc, char **argv) { /* measure FILE PROGRAM [ARGUMENT]... */
    struct rusage usage;
    int status;

    if (argc < 3) return fputs("usage: measure FILE PROGRAM [ARGUMENT]...\n", stderr), 2;
    long long start = now();
    pid_t child = fork();
    if (child == 0) {
        execv(argv[2], argv + 2);
        perror(argv[2]);
        _exit(127);
    }
    if (child < 0 || wait4(child, &status, 0, &usage) != child) return perror("measure"), 1;
    long long wall = now() - start;
    FILE *file = fopen(argv[1], "w");
    if (file == NULL) return perror(argv[1]), 1;
    fprintf(file, "%lld %lld %lld %ld\n", wall, microseconds(usage.ru_utime),
            microseconds(usage.ru_stime), usage.ru_maxrss);
    fclose(file);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}
